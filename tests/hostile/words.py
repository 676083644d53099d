"""Pieces of requests that no ordinary client sends."""

from __future__ import annotations

from verikit.contract import load_contract

PATH = load_contract().path.encode()
LINE = b"POST " + PATH + b" HTTP/1.1"
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
