"""One request and its answer as values, between a real socket and the reference application."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from io import BytesIO
from typing import Any
from uuid import uuid4

from flask import Flask
from werkzeug.test import run_wsgi_app

from reference_server.answers import Answer
from reference_server.refusals import InvalidArgument
from tests.mutation.remembering import remembered_form
from verikit.contract import load_contract

CONTRACT = load_contract()
FORM = CONTRACT.media_types[0]
JSON = "application/json"

Fields = list[tuple[str, bytes]]


@dataclass(frozen=True)
class Ask:
    """A request whose body has been read; ``environ`` is WSGI's."""

    environ: dict[str, Any]
    body: bytes

    @property
    def method(self) -> str:
        return str(self.environ["REQUEST_METHOD"])

    @property
    def path(self) -> str:
        return str(self.environ["PATH_INFO"])

    @property
    def query(self) -> str:
        return str(self.environ.get("QUERY_STRING", ""))

    @property
    def content_type(self) -> str:
        return str(self.environ.get("CONTENT_TYPE", ""))

    @property
    def chunked(self) -> bool:
        return "HTTP_TRANSFER_ENCODING" in self.environ

    @property
    def declares_length(self) -> bool:
        return "CONTENT_LENGTH" in self.environ

    @property
    def is_operation(self) -> bool:
        """Whether it is the documented operation that is asked, with a body of known length."""
        asked = (self.method, self.path) == (CONTRACT.method, CONTRACT.path)
        return asked and self.declares_length and not self.chunked

    @property
    def fields(self) -> Fields | None:
        """The form's fields, or None where there is no form that can be read."""
        if not self.is_operation:
            return None
        try:
            fields = remembered_form(self.content_type, self.body)
        except InvalidArgument:
            return None
        # Werkzeug gives None for a part without a name.
        return [(name or "", value) for name, value in fields]

    def having(self, **environ: str | None) -> Ask:
        """The same with other entries of the environment; None takes one out."""
        changed = {**self.environ, **environ}
        return replace(self, environ={k: v for k, v in changed.items() if v is not None})

    def with_body(self, body: bytes, content_type: str) -> Ask:
        """The same with another body, its length declared."""
        told = self.having(
            CONTENT_TYPE=content_type,
            CONTENT_LENGTH=str(len(body)),
            HTTP_TRANSFER_ENCODING=None,
        )
        return replace(told, body=body)

    def with_fields(self, fields: Fields) -> Ask:
        """The same with another form; a '+' stays, as the reference reads it as itself."""
        pairs = (_escaped(name.encode()) + b"=" + _escaped(v) for name, v in fields)
        return self.with_body(b"&".join(pairs), FORM)


def _escaped(text: bytes) -> bytes:
    for character in b"%&=":
        text = text.replace(b"%c" % character, b"%%%02X" % character)
    return text


@dataclass(frozen=True)
class Reply:
    """An answer; a Content-Length that is not given is the body's."""

    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=lambda: {"Content-Type": JSON})

    @property
    def fields(self) -> dict[str, Any]:
        """The JSON object; empty where there is no body, as in the answer to HEAD."""
        found = json.loads(self.body or b"{}")
        assert isinstance(found, dict)
        return found

    @property
    def code(self) -> int:
        return int(self.fields.get("code", 0))

    @property
    def score(self) -> float:
        return float(self.fields["verification_score"])

    @property
    def compared(self) -> bool:
        return self.status == 200

    @property
    def refused(self) -> bool:
        """Whether a system code says why."""
        return any(entry.code == self.code for entry in CONTRACT.codes.values())

    def saying(self, content: Any) -> Reply:
        """The same with another JSON text."""
        return replace(self, body=json.dumps(content).encode())

    def but(self, **fields: Any) -> Reply:
        """The same with some fields added or changed, if it has any."""
        return self.saying({**self.fields, **fields}) if self.body else self

    def without(self, *names: str) -> Reply:
        """The same without some fields, if it has any."""
        kept = {name: value for name, value in self.fields.items() if name not in names}
        return self.saying(kept) if self.body else self

    def under(self, status: int) -> Reply:
        """The same with another HTTP status."""
        return replace(self, status=status)

    def headed(self, **headers: str) -> Reply:
        """The same with headers added or changed; an underscore stands for a dash."""
        told = {name.replace("_", "-"): value for name, value in headers.items()}
        return replace(self, headers={**self.headers, **told})


Serve = Callable[[Ask], Reply]


def reply(answer: Answer) -> Reply:
    """An answer that the reference server would write."""
    return Reply(answer.status, answer.body)


def serving(app: Flask) -> Serve:
    """The reference application as a function."""

    def serve(ask: Ask) -> Reply:
        environ = {**ask.environ, "wsgi.input": BytesIO(ask.body)}
        parts, status, headers = run_wsgi_app(app, environ, buffered=True)
        kept = {name: text for name, text in headers if name.lower() != "content-length"}
        return Reply(int(status.split()[0]), b"".join(parts), kept)

    return serve


def remembered(serve: Serve) -> Serve:
    """The same; asked once more what it was asked before, only the request_id is new."""
    found: dict[tuple[object, ...], Reply] = {}

    def serve_once(ask: Ask) -> Reply:
        named = tuple(ask.environ.get(name) for name in _ASKED)
        key = (*named, len(ask.body), hash(ask.body))
        if key not in found:
            found[key] = serve(ask)
        given = found[key]
        name = given.fields.get("request_id", "")
        body = given.body.replace(name.encode(), uuid4().hex.encode()) if name else given.body
        return replace(given, body=body)

    return serve_once


_ASKED = (
    *("REQUEST_METHOD", "PATH_INFO", "QUERY_STRING", "CONTENT_TYPE", "CONTENT_LENGTH"),
    *("HTTP_TRANSFER_ENCODING", "HTTP_EXPECT"),
)
"""What an answer depends on beside the body."""


def wsgi(
    serve: Serve, slips: list[str], *, declares_length: bool = True
) -> Callable[..., Iterable[bytes]]:
    """A function as a WSGI application. ConnectionError in it loses the connection.

    ``slips`` collects what else it raises: that is a mistake in the candidate.
    """

    def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        try:
            answer = serve(Ask(environ, _read(environ)))
        except Exception as error:
            if not isinstance(error, ConnectionError):
                slips.append(repr(error))
            raise
        length = {"Content-Length": str(len(answer.body))} if declares_length else {}
        headers = {**length, **answer.headers}
        status = f"{answer.status} {HTTPStatus(answer.status).phrase}"
        start_response(status, list(headers.items()))
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [answer.body]

    return application


_NEVER_COMES = 2**31
"""A declared length of which the rest never comes."""


def _read(environ: dict[str, Any]) -> bytes:
    if environ.get("wsgi.input_terminated"):
        return bytes(environ["wsgi.input"].read())
    length = int(environ.get("CONTENT_LENGTH") or 0)
    return b"" if length > _NEVER_COMES else bytes(environ["wsgi.input"].read(length))
