"""Reads the body of a request completely, within its limit."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import IO, Any

from werkzeug.exceptions import LengthRequired, RequestEntityTooLarge

from reference_server.refusals import InvalidArgument
from reference_server.request.peer import peer_of

WSGIEnvironment = dict[str, Any]

TRANSFER_ENCODING = "HTTP_TRANSFER_ENCODING"
PIECE_BYTES = 2**20


def read_body(environ: WSGIEnvironment, limit: int, take: Callable[[int], None]) -> bytes:
    """All bytes of the body, at most ``limit``; ``take`` is told the size of each piece.

    Raises:
        LengthRequired: no Content-Length, or a Transfer-Encoding.
        RequestEntityTooLarge: a Content-Length above the limit.
        InvalidArgument: the body ends before its Content-Length.
    """
    declared = environ.get("CONTENT_LENGTH", "")
    if TRANSFER_ENCODING in environ or not _is_number(declared):
        raise LengthRequired
    # A length of thousands of digits is too large before it is a number.
    if len(declared.lstrip("0")) > len(str(limit)) or int(declared) > limit:
        raise RequestEntityTooLarge
    peer_of(environ).proceed()
    body = b"".join(_pieces(environ["wsgi.input"], int(declared), take))
    if len(body) < int(declared):
        raise InvalidArgument("the body is shorter than its Content-Length")
    return body


def _pieces(stream: IO[bytes], length: int, take: Callable[[int], None]) -> Iterator[bytes]:
    while length and (piece := _piece(stream, min(length, PIECE_BYTES))):
        take(len(piece))
        length -= len(piece)
        yield piece


def _piece(stream: IO[bytes], size: int) -> bytes:
    try:
        return stream.read(size)
    except OSError:  # the client has torn the connection down: no more will come
        return b""


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit()


def declares_body(environ: WSGIEnvironment) -> bool:
    """Whether the request says that a body follows its headers."""
    return environ.get("CONTENT_LENGTH", "") not in ("", "0") or TRANSFER_ENCODING in environ
