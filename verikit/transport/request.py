"""A request as bytes: the head, and the body in blocks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from verikit.transport.endpoint import Endpoint
from verikit.transport.headers import Headers

BLOCK = 64 * 1024

Length = Literal["declared", "chunked", "none"]
Head = Literal["plain", "lower-case-names", "whole-url", "http-1.0"]


@dataclass(frozen=True, kw_only=True)
class Request:
    """What is sent.

    Attributes:
        method: such as POST.
        path: path and query behind the server's URL, percent-encoded.
        content_type: the body's; empty: none is sent.
        body: the bytes.
        length: how the body is framed: ``declared`` (Content-Length), ``chunked``, or ``none``,
            which the server must refuse.
        headers: additional headers, as pairs of name and value; one with the name of an
            endpoint's header, or Content-Length, replaces it.
        head: how request line and headers are written; all ways mean the same.
        pieces: the body in pieces, each sent when the iterable yields it, which may take time.
    """

    method: str
    path: str
    content_type: str = ""
    body: bytes = b""
    length: Length = "declared"
    headers: Headers = ()
    head: Head = "plain"
    pieces: Iterable[bytes] | None = None


def blocks_of(request: Request, endpoint: Endpoint) -> Iterator[bytes]:
    """The request as it is sent: the head with the first of the body, then block by block."""
    pieces = _pieces(request)
    first = next(pieces, b"") if request.pieces is None else b""
    yield head_of(request, endpoint) + first
    yield from pieces


def head_of(request: Request, endpoint: Endpoint) -> bytes:
    """Request line and header section."""
    target = endpoint.address.url if request.head == "whole-url" else endpoint.target
    version = "1.0" if request.head == "http-1.0" else "1.1"
    lines = [f"{request.method} {target}{request.path} HTTP/{version}"]
    others = {name.lower() for name, _ in request.headers}
    headers = [pair for pair in endpoint.headers if pair[0].lower() not in others]
    headers += request.headers
    if request.content_type:
        headers.append(("Content-Type", request.content_type))
    if request.length == "declared" and "content-length" not in others:
        headers.append(("Content-Length", str(len(request.body))))
    elif request.length == "chunked":
        headers.append(("Transfer-Encoding", "chunked"))
    lower = request.head == "lower-case-names"
    lines += [f"{name.lower() if lower else name}: {value}" for name, value in headers]
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


def _pieces(request: Request) -> Iterator[bytes]:
    chunked = request.length == "chunked"
    for piece in request.pieces if request.pieces is not None else _blocks(request.body):
        yield b"%x\r\n%b\r\n" % (len(piece), piece) if chunked else piece
    if chunked:
        yield b"0\r\n\r\n"


def _blocks(body: bytes) -> Iterator[bytes]:
    for start in range(0, len(body), BLOCK):
        yield body[start : start + BLOCK]
