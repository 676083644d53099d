"""A function served over HTTP on a free port of this machine, in threads of this process."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from werkzeug.serving import WSGIRequestHandler, make_server

from tests.mutation.parts import Crash
from tests.mutation.wire import Serve, wsgi
from tests.support.serving import serving


class _Quiet(WSGIRequestHandler):
    spoil: Callable[[bytes], bytes] | None = None

    def setup(self) -> None:
        super().setup()
        if spoil := type(self).spoil:
            self.wfile = _Spoilt(self.wfile, spoil)  # type: ignore[assignment]

    def log(self, *_: Any, **__: Any) -> None:
        """Nothing: what is asked is in the suite's own report."""

    def connection_dropped(self, *_: Any) -> None:
        """The fault lost the connection: werkzeug would keep it open, and the client waiting."""
        self.close_connection = True


class _Spoilt:
    """Spoils the head of each answer on its way out; the body goes through."""

    def __init__(self, file: Any, spoil: Callable[[bytes], bytes]) -> None:
        self._file = file
        self._spoil = spoil

    def write(self, data: bytes) -> int:
        if data.startswith(b"HTTP/") and b"\r\n\r\n" in data:
            data = self._spoil(data)
        return int(self._file.write(data))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)


class _Failures(logging.Handler):
    """Collects what the application logs as failed, unless a fault told it to crash."""

    def __init__(self, slips: list[str]) -> None:
        super().__init__(logging.ERROR)
        self.slips = slips

    def emit(self, record: logging.LogRecord) -> None:
        fields = getattr(record, "fields", {})
        if fields.get("error") != Crash.__name__:
            self.slips.append(f"{fields.get('error')} at {fields.get('where')}")


class Slip(Exception):  # noqa: N818 - a finding about the candidate
    """A candidate broke by itself, so that it says nothing of the suite."""


@contextmanager
def noted(slips: list[str]) -> Iterator[None]:
    """What the application logs as failed is collected meanwhile.

    Raises:
        Slip: at the end, when there are slips.
    """
    failures = _Failures(slips)
    logging.getLogger("verikit").addHandler(failures)
    try:
        yield
    finally:
        logging.getLogger("verikit").removeHandler(failures)
    if slips:
        raise Slip(slips[0])


@contextmanager
def served(
    serve: Serve,
    *,
    protocol: str = "HTTP/1.1",
    declares_length: bool = True,
    spoil: Callable[[bytes], bytes] | None = None,
) -> Iterator[str]:
    """The URL of a server that answers as the function does.

    Raises:
        Slip: at the end, when the function raised what no server in it should.
    """
    slips: list[str] = []
    handler = type("Handler", (_Quiet,), {"protocol_version": protocol, "spoil": spoil})
    app = wsgi(serve, slips, declares_length=declares_length)
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=handler)
    with noted(slips), serving(server):
        yield f"http://127.0.0.1:{server.server_port}"
