"""A candidate asked in this process, without sockets: for faults that lie behind HTTP."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from functools import cached_property
from http import HTTPStatus
from io import BytesIO
from types import TracebackType
from typing import Any, Self, cast
from urllib.parse import unquote

from conformance.requests.exchange import Target
from tests.mutation.wire import Ask, Serve
from verikit import transport
from verikit.errors import Broken
from verikit.transport import Connection, Pool

HEAD, PAUSED, CONNECTION = "verikit.head", "verikit.paused", "verikit.connection"
"""Entries of the environment for what no WSGI server tells: how the head was written, for how
many seconds the body paused, and the number of the connection."""
_numbers = itertools.count(1)


@dataclass(frozen=True, kw_only=True)
class DirectTarget(Target):
    """A server that is a function; ``slips`` collects what it raises and should not."""

    serve: Serve
    slips: list[str]

    @cached_property
    def pool(self) -> Pool:
        return cast(Pool, _Direct(self.serve, self.slips))

    def connection(self) -> Connection:
        return cast(Connection, _Direct(self.serve, self.slips, next(_numbers)))


@dataclass(frozen=True)
class _Direct:
    """What the suite does with a pool or a connection."""

    serve: Serve
    slips: list[str]
    number: int = 0
    """Of a connection that is kept open; each request of a pool has one of its own."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """There is nothing to close."""

    def ask(self, request: transport.Request, *, new_connection: bool = False) -> transport.Answer:
        try:
            environ = {**_environ(request), CONNECTION: self.number or next(_numbers)}
            reply = self.serve(Ask(environ, request.body))
        except ConnectionError as error:
            raise Broken("the connection was lost", begun=True) from error
        except Exception as error:
            self.slips.append(repr(error))
            raise Broken("the candidate broke", begun=True) from error
        return transport.Answer(
            status=reply.status,
            reason=HTTPStatus(reply.status).phrase,
            headers={name.lower(): value for name, value in reply.headers.items()},
            body=b"" if request.method == "HEAD" else reply.body,
            head=b"",
        )


def _environ(request: transport.Request) -> dict[str, Any]:
    path, _, query = request.path.partition("?")
    environ: dict[str, Any] = {
        "REQUEST_METHOD": request.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote(path, "latin-1"),
        "QUERY_STRING": query,
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        HEAD: request.head,
        PAUSED: getattr(request.pieces, "seconds", 0.0),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": BytesIO(),
        "wsgi.errors": BytesIO(),
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    if request.content_type:
        environ["CONTENT_TYPE"] = request.content_type
    if request.length == "declared":
        environ["CONTENT_LENGTH"] = str(len(request.body))
    elif request.length == "chunked":
        environ |= {"HTTP_TRANSFER_ENCODING": "chunked", "wsgi.input_terminated": True}
    for name, value in request.headers:
        environ["HTTP_" + name.upper().replace("-", "_")] = value
    if declared := environ.pop("HTTP_CONTENT_LENGTH", ""):
        environ["CONTENT_LENGTH"] = declared
    return environ
