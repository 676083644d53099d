"""An HTTP server for a judge of forms, in this process, on a free local port."""

from __future__ import annotations

import json
import re
import sys
import uuid
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email import message_from_bytes
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import unquote_to_bytes

from conformance.mock.verifier import SECRETS, Form, Judge, Refused, verify
from conformance.requests.remembering import once_if_small
from verikit.contract import load_contract
from verikit.contract.encryption import Secrets

_CONTRACT = load_contract()
_URLENCODED, _MULTIPART = _CONTRACT.media_types
_WHOLE_URL = re.compile(r"\Ahttp://[^/?]+")


@dataclass(frozen=True)
class Answer:
    """An HTTP status and a JSON object, or a ``text`` instead of the object."""

    status: int
    fields: dict[str, Any]
    text: str | None = None

    def written(self) -> tuple[int, bytes]:
        """The status and the body."""
        return self.status, (json.dumps(self.fields) if self.text is None else self.text).encode()


Reply = Callable[[Answer], Answer]
Pairs = list[tuple[str, str]]


def unchanged(answer: Answer) -> Answer:
    """The answer as it is."""
    return answer


@contextmanager
def serving(
    judge: Judge = verify, *, reply: Reply = unchanged, secrets: Secrets | None = None
) -> Iterator[str]:
    """Run a server during the context; its URL."""
    server = make_server("127.0.0.1", 0, judge, reply, secrets)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def make_server(
    host: str, port: int, judge: Judge, reply: Reply, secrets: Secrets | None = None
) -> ThreadingHTTPServer:
    """A server that compares with ``judge`` and changes each answer with ``reply``.

    Without ``secrets`` those of the environment decrypt.
    """
    functions = {
        "judge": staticmethod(judge),
        "reply": staticmethod(reply),
        "secrets": secrets,
    }
    # What Pillow minds about a photo is no news.
    warnings.filterwarnings("ignore", category=UserWarning, module="PIL")
    return _Server((host, port), type("Handler", (_Handler,), functions))


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Print a bug; a client that does not wait for its response is none."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    judge: Judge
    reply: Reply
    secrets: Secrets | None
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        """Compare, or refuse."""
        declared = self.headers.get("Content-Length")
        if _WHOLE_URL.sub("", self.path).partition("?")[0] != _CONTRACT.path:
            self._refuse(404)
        elif declared is None:
            self._refuse(411)
        elif int(declared) > _CONTRACT.photo_standards.max_body_bytes:
            self._refuse(413)
        else:
            self._compare(self.rfile.read(int(declared)))

    def not_found(self) -> None:
        """Any other method."""
        self._refuse(404)

    do_GET = do_PUT = do_DELETE = do_PATCH = do_HEAD = do_OPTIONS = not_found  # noqa: N815

    def _compare(self, body: bytes) -> None:
        pairs = _form(self.headers.get("Content-Type", ""), body)
        SECRETS.set(self.secrets)  # of this thread, which serves one connection
        try:
            score = type(self).judge(_once(pairs))
        except Refused as refused:
            entry = _CONTRACT.codes[str(refused)]
            self._answer(entry.status, {"code": entry.code, "message": entry.message})
        else:
            answer = {"code": _CONTRACT.success_code, "verification_score": score}
            self._answer(200, answer)

    def _refuse(self, status: int) -> None:
        self.close_connection = True
        self._answer(status, {"code": status, "message": _CONTRACT.statuses[status].reason})

    def _answer(self, status: int, fields: dict[str, Any]) -> None:
        answer = Answer(status, {**fields, "request_id": uuid.uuid4().hex})
        status, body = type(self).reply(answer).written()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: the suite keeps its own log."""


def _once(pairs: Pairs) -> Form:
    names = [name for name, _ in pairs if name in _CONTRACT.parameters]
    if len(names) > len(set(names)):
        raise Refused("INVALID_ARGUMENT")
    return dict(pairs)


def _form(content_type: str, body: bytes) -> Pairs:
    media_type = content_type.partition(";")[0].strip().lower()
    if media_type == _URLENCODED:
        pairs = (pair.partition(b"=") for pair in body.split(b"&") if pair)
        return [(_unquoted(name), _unquoted(value)) for name, _, value in pairs]
    return _multipart(content_type, body) if media_type == _MULTIPART else []


@once_if_small(64)
def _unquoted(text: bytes) -> str:
    """Without percent-encoding; what Base64 is full of comes first, which urllib takes long for."""
    text = text.replace(b"+", b" ")
    if b"%" in text:
        for encoded, plain in ((b"%2B", b"+"), (b"%2F", b"/"), (b"%3D", b"=")):
            text = text.replace(encoded, plain)
        text = unquote_to_bytes(text)
    return text.decode("latin-1")


def _multipart(content_type: str, body: bytes) -> Pairs:
    """The parts of a form (RFC 2046, 5.1.1); only their heads are parsed as mail."""
    form = Message()
    form["Content-Type"] = content_type
    boundary = form.get_boundary()
    if boundary is None:
        return []
    pairs = []
    for part in (b"\r\n" + body).split(b"\r\n--" + boundary.encode("latin-1"))[1:]:
        if part.startswith(b"--"):
            break
        head, _, content = part.partition(b"\r\n\r\n")
        name = message_from_bytes(head.lstrip()).get_param("name", header="content-disposition")
        pairs.append((str(name), content.decode("latin-1")))
    return pairs
