"""Servers that attack whoever asks them, one function per attack; they run in this process.

Every one is asked with ``POST`` and answers the first request of a connection.
"""

import itertools
import json
import socket
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache, partial

from tests.support.peer import Behaviour, Peer, listening, read_request, resets
from verikit.contract import load_contract

CONTRACT = load_contract()
NUMBERS = itertools.count()
MIB = 1 << 20
ESCAPES = "\x1b]0;OWNED\x07\x1b[2J\x1b[H\x1b[32mAll 404 cases PASSED\x1b[0m\u202e\u2028"
MARKUP = "<script>alert(1)</script>[bold red]x[/bold red][link=file:///etc/passwd]y[/link] | `z`"
ATTACKS: dict[str, Behaviour] = {}


def attack(behaviour: Behaviour) -> Behaviour:
    ATTACKS[behaviour.__name__] = behaviour  # type: ignore[attr-defined]
    return behaviour


def whole(body: bytes, *, status: str = "200 OK", extra: str = "", length: object = None) -> bytes:
    """An answer in one piece, after which the connection is closed."""
    size = len(body) if length is None else length
    head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nConnection: close\r\n{extra}"
    return f"{head}Content-Length: {size}\r\n\r\n".encode() + body


def scored(**more: object) -> bytes:
    """The body of a normal response."""
    fields = {
        "code": CONTRACT.success_code,
        "verification_score": 0.9,
        "request_id": f"r-{next(NUMBERS)}",
    }
    return json.dumps(fields | more).encode()


def raw(text: str) -> bytes:
    """A body written by hand; ``%d`` is a number of its own."""
    return text.replace("%d", str(next(NUMBERS))).encode()


def refused(message: str, **more: object) -> bytes:
    return scored(code=1200, message=message, **more)


# What is said at once: the bytes of an answer, made anew for each request

TEXT = ESCAPES + MARKUP
SAID: dict[str, Callable[[], bytes]] = {
    # Bodies
    "announces_terabytes": lambda: whole(b"{}", length=10**13),
    "sends_a_bomb": lambda: whole(bomb(), extra="Content-Encoding: gzip\r\n"),
    "sends_a_long_message": lambda: whole(refused("A" * (MIB - 1000)), status="400 Bad Request"),
    "sends_a_long_request_id": lambda: whole(
        scored(request_id="A" * (MIB - 1000) + str(next(NUMBERS)))
    ),
    "nests_deeply": lambda: whole(b'{"code":' + b"[" * 400_000 + b"]" * 400_000 + b"}"),
    "nests_an_id": lambda: whole(raw('{"code":1000,"request_id":' + "[" * 90 + "]" * 90 + "}")),
    "writes_huge_numbers": lambda: whole(
        raw('{"code":1000,"verification_score":' + "9" * 4299 + ',"request_id":"%d"}')
    ),
    "writes_infinity": lambda: whole(
        raw('{"code":1e999,"verification_score":1e999,"request_id":"%d"}')
    ),
    "writes_nan": lambda: whole(raw('{"code":1000,"verification_score":NaN,"request_id":"%d"}')),
    "names_a_member_twice": lambda: whole(
        raw('{"code":1200,"code":1000,"verification_score":0.3,"request_id":"%d"}')
    ),
    "halves_a_surrogate": lambda: whole(
        raw(r'{"code":1000,"verification_score":0.3,"request_id":"a\udfff%d","\ud800":1}')
    ),
    "halves_a_surrogate_in_a_refusal": lambda: whole(
        raw(r'{"code":1200,"message":"\ud800 invalid argument","request_id":"%d","\ud800":1}'),
        status="400 Bad Request",
    ),
    "writes_utf16": lambda: whole(scored().decode().encode("utf-16")),
    "answers_nothing_to_a_comparison": lambda: b"HTTP/1.1 204 No Content\r\n\r\n",
    # Text
    "writes_escapes_into_its_status_line": f"{ESCAPES}\r\n\r\n".encode,
    "writes_escapes_into_a_reason": lambda: whole(refused("no"), status=f"400 {ESCAPES}"),
    "writes_escapes_and_markup_everywhere": lambda: whole(
        refused(TEXT, request_id=f"{TEXT}{next(NUMBERS)}", **{TEXT: TEXT}),
        status=f"400 {TEXT}",
        extra=f"Server: {TEXT}\r\n",
    ),
    "writes_escapes_into_good_answers": lambda: whole(
        scored(request_id=f"{TEXT}{next(NUMBERS)}", **{TEXT: TEXT}),
        extra=f"Server: {TEXT}\r\nContent-Type: {TEXT}\r\n",
    ),
    "changes_a_long_server_header": lambda: whole(
        scored(), extra=f"Server: {next(NUMBERS)}{'A' * 60_000}\r\n"
    ),
    # Framing
    "sends_a_negative_length": lambda: whole(scored(), length=-5),
    "sends_a_length_of_five_thousand_digits": lambda: whole(scored(), length="9" * 5000),
    "sends_two_lengths": lambda: whole(scored(), extra="Content-Length: 7\r\n"),
    "repeats_its_length": lambda: whole(body := scored(), extra=f"Content-Length: {len(body)}\r\n"),
    "sends_more_than_its_length": lambda: whole(scored(), length=10),
    "sends_less_than_its_length": lambda: whole(scored(), length=1000),
    "sends_two_answers": lambda: whole(scored()) + whole(b"{}"),
    "sends_a_chunk_of_no_size": lambda: CHUNKED + b"zz\r\n{}\r\n0\r\n\r\n",
    "invents_a_coding": lambda: (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, magic\r\n\r\n0\r\n\r\n"
    ),
    "puts_nul_into_a_header": lambda: whole(scored(), extra="\x00\x01: y\r\n"),
    "writes_headers_that_are_none": lambda: whole(scored(), extra="Foo\r\n bar\r\n: x\r\n"),
    "speaks_no_http": scored,
    "speaks_http_2": lambda: b"HTTP/2.0 200 OK\r\nContent-Length: 2\r\n\r\n{}",
    "has_a_status_of_five_digits": lambda: whole(scored(), status="20000 OK"),
    "hangs_up": lambda: b"",
    # What stands before the operation
    "leads_elsewhere": lambda: whole(
        b"", status="307 T", extra="Location: http://127.0.0.1:9/stolen\r\n"
    ),
    "leads_to_a_file": lambda: whole(
        b"", status="302 F", extra="Location: file:///etc/passwd\x1b[2J\r\n"
    ),
    "asks_for_a_password": lambda: whole(
        b"{}", status="401 U", extra=f"WWW-Authenticate: {ESCAPES}\r\n"
    ),
    "wants_to_be_asked_much_later": lambda: whole(
        b"{}", status="503 Busy", extra=f"Retry-After: {'9' * 30}\r\n"
    ),
}
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"

# What never ends: how it begins, what follows for ever, and seconds between

ENDLESS: dict[str, tuple[bytes, bytes, float]] = {
    "sends_without_end": (b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n", b" " * MIB, 0),
    "sends_chunks_without_end": (CHUNKED, b"1\r\n \r\n" * 10_000, 0),
    "extends_chunks_without_end": (CHUNKED + b"1;", b"x" * 65536, 0),
    "sends_trailers_without_end": (CHUNKED + b"0\r\n", b"X: y\r\n" * 1000, 0),
    "says_continue_without_end": (b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 1000, 0),
    "sends_headers_without_end": (b"HTTP/1.1 200 OK\r\n", b"X: y\r\n" * 1000, 0),
    "drips": (b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n", b" ", 0.1),
    "drips_its_head": (b"HTTP/1.1 200 OK\r\n", b"X: y\r\n", 0.1),
}


@cache
def bomb() -> bytes:
    """300 MiB of nothing, in 300 kB."""
    packed = zlib.compressobj(9, zlib.DEFLATED, 31)
    return b"".join(packed.compress(bytes(MIB)) for _ in range(300)) + packed.flush()


def say(make: Callable[[], bytes], connection: socket.socket) -> None:
    connection.sendall(make())


def go_on(start: bytes, block: bytes, pause: float, connection: socket.socket) -> None:
    connection.sendall(start)
    while True:
        connection.sendall(block)
        time.sleep(pause)


ATTACKS |= {name: partial(say, make) for name, make in SAID.items()}
ATTACKS |= {name: partial(go_on, *how) for name, how in ENDLESS.items()}


@attack
def says_nothing(connection: socket.socket) -> None:
    connection.recv(1)


attack(resets)

REFUSED_ALIKE = {
    *("announces_terabytes", "sends_a_negative_length", "sends_a_length_of_five_thousand_digits"),
    *(
        "sends_two_lengths",
        "sends_a_chunk_of_no_size",
        "invents_a_coding",
        "puts_nul_into_a_header",
    ),
    *("writes_headers_that_are_none", "speaks_no_http", "speaks_http_2", "drips_its_head"),
    *("has_a_status_of_five_digits", "extends_chunks_without_end", "sends_trailers_without_end"),
    *("says_continue_without_end", "sends_headers_without_end", "sends_chunks_without_end"),
    *("says_nothing", "hangs_up"),
}
"""No response comes of these, and the error is of the same class as that of another attack, so that
who asks over our transport cannot tell them apart."""
INTERCEPTED = {"leads_elsewhere", "leads_to_a_file", "asks_for_a_password"}


@contextmanager
def hostile(name: str, after: Callable[[], bool] = lambda: True) -> Iterator[Peer]:
    """A server that carries out this attack; while ``after`` is false it answers as it should."""

    def handle(connection: socket.socket) -> None:
        request = read_request(connection)
        if request and after():
            ATTACKS[name](connection)
        elif request:
            connection.sendall(whole(scored()))

    with listening(handle) as peer:
        yield peer
