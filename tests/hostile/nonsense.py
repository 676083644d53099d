"""Bytes on a socket that are not quite HTTP, or not at all."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from contract import load_contract
from tests.hostile.odds import flipped, garbage, rearranged

CONTRACT = load_contract()
PATH = CONTRACT.path.encode()
LINE = b"POST " + PATH + b" HTTP/1.1"
HOST = b"Host: 127.0.0.1"
FORM = b"Content-Type: " + CONTRACT.media_types[0].encode()
CONTENT = b"a=b"
METHODS = (
    *(b"post", b"BREW", b"GET", b"PUT", b"DELETE", b"OPTIONS", b"TRACE", b"CONNECT", b"PATCH"),
    *(
        b"",
        b"P",
        b"PO ST",
        b"POST\0",
        b"\xff\xfe",
        b"M" * 30,
        b"M" * 9000,
        b"{POST}",
        b'"',
        b"\r\n",
    ),
)
TARGETS = (
    *(
        b"*",
        b"",
        b"/",
        b"//",
        b"///" + PATH,
        PATH + b"/",
        PATH + b"?a=b",
        PATH + b"#x",
        PATH.upper(),
    ),
    *(b"http://127.0.0.1" + PATH, b"https://other" + PATH, b"127.0.0.1:80", b"/../.." + PATH),
    *(b"/%2e%2e/%2e%2e/etc/passwd", b"/%00", b"/%ff", b"/%", b"/\xe9", b"/\x00", b"/a b", b"/;x"),
    *(
        b"/" + b"x" * 9000,
        PATH + b"?" + b"a=b&" * 3000,
        b"/healthz/..",
        b"/<script>",
        b"http://[",
        b"\\",
    ),
)
VERSIONS = (
    *(
        b"HTTP/0.9",
        b"HTTP/1.0",
        b"HTTP/2.0",
        b"HTTP/3",
        b"HTTP/9.9",
        b"HTTP/1.1 ",
        b"HTTP/1.01",
        b"",
    ),
    *(
        b"HTTP/-1.1",
        b"HTTP/1.\xb2",
        b"http/1.1",
        b"ICY 1.1",
        b"HTTP/11",
        b"HTTP/1.1\0",
        b"HTTP/1.1 x",
    ),
)
LENGTHS = (
    *(
        b"",
        b"-1",
        b"+3",
        b"0x3",
        b"3,3",
        b"3, 4",
        b"3 3",
        b"3.0",
        b"3e0",
        b"9" * 30,
        b"9" * 5000,
        b"\xb2",
    ),
    *(
        b"0",
        b"00003",
        b"2",
        b"4",
        b"100",
        b" 3 ",
        b"\t3",
        b"3;",
        b"five",
        b"1_0",
        b"20971521",
        b"3\0",
    ),
)
CODINGS = (
    *(
        b"chunked",
        b"Chunked",
        b"gzip",
        b"identity",
        b"gzip, chunked",
        b"chunked, gzip",
        b" chunked",
    ),
    *(
        b"chunked, chunked",
        b"xchunked",
        b"",
        b"chunked\0",
        b"\x0bchunked",
        b'"chunked"',
        b"chunked;q=1",
    ),
)
CHUNKS = (
    *(
        b"3\r\na=b\r\n0\r\n\r\n",
        b"zz\r\n",
        b"-1\r\n",
        b"F" * 40 + b"\r\n",
        b"3;x=y\r\na=b\r\n0\r\n\r\n",
    ),
    *(
        b"3\na=b\n0\n\n",
        b"3\r\na=bXX0\r\n\r\n",
        b"0\r\n" + b"T: x\r\n" * 300 + b"\r\n",
        b"0x3\r\na=b\r\n",
    ),
    *(b"3 \r\na=b\r\n0\r\n\r\n", b"3;" + b"x" * 70_000, b"\r\n" * 1000, b"1\r\na\r\n" * 3000, b""),
)
HEADERS = (
    *(
        b"X",
        b": x",
        b"X : x",
        b" X: x",
        b"X: a\r\n b",
        b"X: a\rb",
        b"X: a\nb",
        b"X: \0",
        b"X: \xff",
    ),
    *(b"X\xff: x", b"X" * 9000 + b": x", b"X: " + b"x" * 9000, b"X: x\r\n" * 99, b"X: x\r\n" * 300),
    *(b"Host: other", b"Host: [::", b"Host: \x80", b"Host:", b"Transfer_Encoding: chunked"),
    *(
        b"Content_Length: 5",
        b"SCRIPT_NAME: /x",
        b"X-Forwarded-Proto: https",
        b"X-Forwarded-For: \0",
    ),
    *(
        b"Connection: close, keep-alive, x",
        b"Connection: \xff",
        b"Keep-Alive: timeout=-1",
        b"TE: trailers",
    ),
    *(
        b"Content-Encoding: gzip",
        b"Range: bytes=0-",
        b"Cookie: " + b"a=b; " * 1500,
        b"Proxy: http://x",
    ),
)
EXTENSIONS = (
    *(b"Expect: 100-continue", b"Expect: miracles", b"Expect: 100-continue, x", b"Expect:"),
    b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__",
    b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13",
    *(b"Upgrade: TLS/1.0", b"Connection: Upgrade", b"Upgrade: " + b"x" * 5000),
)
OTHER_PROTOCOLS = (
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(300),
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes(9),
    b"PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\n" + LINE + b"\r\n\r\n",
    b"\r\n\r\n\0\r\nQUIT\n!\x11\0\x0c" + bytes(12),
    *(
        b"SSH-2.0-x\r\n",
        b"EHLO x\r\n",
        b"*1\r\n$4\r\nPING\r\n",
        b"{}\n",
        b"<xml/>",
        b"HTTP/1.1 200 OK\r\n\r\n",
    ),
    *(
        b"\r\n" * 5000,
        b"\0" * 5000,
        b" " * 5000,
        b"GET /\r\n",
        b"GET\r\n\r\n",
        b"\n",
        b"\x05\x01\x00",
    ),
)


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
