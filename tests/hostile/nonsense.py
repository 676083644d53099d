"""Bytes on a socket that are not quite HTTP, or not at all."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from tests.hostile.odds import flipped, garbage, rearranged
from tests.hostile.words import (
    CHUNKS,
    CODINGS,
    EXTENSIONS,
    HEADERS,
    LENGTHS,
    LINE,
    METHODS,
    OTHER_PROTOCOLS,
    PATH,
    TARGETS,
    VERSIONS,
)
from verikit.contract import load_contract

CONTRACT = load_contract()
HOST = b"Host: 127.0.0.1"
FORM = b"Content-Type: " + CONTRACT.media_types[0].encode()
CONTENT = b"a=b"


def request(*headers: bytes, line: bytes = LINE, content: bytes = b"") -> bytes:
    """Lines as HTTP has them, and whatever comes behind."""
    return b"\r\n".join((line, *headers, b"", content))


def ordinary(content: bytes = CONTENT) -> bytes:
    """A small right request, which is answered with a refusal."""
    return request(HOST, FORM, b"Content-Length: %d" % len(content), content=content)


def _lines(dice: Random) -> bytes:
    method, target, version = b"POST", PATH, b"HTTP/1.1"
    match dice.randrange(3):
        case 0:
            method = dice.choice(METHODS)
        case 1:
            target = dice.choice(TARGETS)
        case _:
            version = dice.choice(VERSIONS)
    line = dice.choice((b" ", b" ", b" ", b"  ", b"\t")).join((method, target, version))
    return request(HOST, FORM, b"Content-Length: 3", line=line, content=CONTENT)


def _headers(dice: Random) -> bytes:
    strange = dice.choices(HEADERS, k=dice.choice((1, 1, 2)))
    headers = [HOST, FORM, b"Content-Length: 3", *strange]
    dice.shuffle(headers)
    return request(*headers, content=CONTENT)


def _lengths(dice: Random) -> bytes:
    lengths = dice.choices(LENGTHS, k=dice.choice((1, 1, 2)))
    return request(HOST, FORM, *(b"Content-Length: " + one for one in lengths), content=CONTENT)


def _codings(dice: Random) -> bytes:
    codings = [
        b"Transfer-Encoding: " + one for one in dice.choices(CODINGS, k=dice.choice((1, 1, 2)))
    ]
    length = [b"Content-Length: 3"] * dice.choice((0, 0, 1))
    return request(HOST, FORM, *length, *codings, content=dice.choice((CONTENT, *CHUNKS)))


def _chunks(dice: Random) -> bytes:
    coding = b"Transfer-Encoding: chunked"
    return request(HOST, FORM, coding, content=flipped(dice, dice.choice(CHUNKS) or b"0"))


def _extensions(dice: Random) -> bytes:
    return request(HOST, FORM, b"Content-Length: 3", dice.choice(EXTENSIONS), content=CONTENT)


def _other_protocols(dice: Random) -> bytes:
    return dice.choice(OTHER_PROTOCOLS)


def _pipelined(dice: Random) -> bytes:
    """One behind the other; some hide a second request in the first."""
    hidden = ordinary(ordinary())
    chunked = request(
        HOST, b"Content-Length: 4", b"Transfer-Encoding: chunked", content=b"0\r\n\r\n" + ordinary()
    )
    return dice.choice(
        (ordinary() * 3, hidden, chunked, ordinary() + garbage(dice, 100), ordinary() * 50)
    )


def _cuts(dice: Random) -> bytes:
    whole = ordinary()
    return whole[: dice.randrange(1, len(whole))]


def _flips(dice: Random) -> bytes:
    return flipped(dice, ordinary(), dice.choice((1, 2, 10)))


def _order(dice: Random) -> bytes:
    return b"\r\n".join(rearranged(dice, ordinary().split(b"\r\n")))


def _random(dice: Random) -> bytes:
    return garbage(dice, dice.choice((20, 2000, 100_000))) + dice.choice((b"", b"\r\n\r\n"))


KINDS: dict[str, Callable[[Random], bytes]] = {
    "http: request lines": _lines,
    "http: headers": _headers,
    "http: lengths": _lengths,
    "http: codings": _codings,
    "http: chunks": _chunks,
    "http: extensions": _extensions,
    "http: other protocols": _other_protocols,
    "http: pipelined": _pipelined,
    "http: cuts": _cuts,
    "http: flips": _flips,
    "http: order": _order,
    "http: random bytes": _random,
}
