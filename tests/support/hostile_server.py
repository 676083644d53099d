"""Servers that attack whoever asks them, one function for each sin; they run in this process.

Every one is asked with ``POST`` and answers the first request of a connection.
"""

import itertools
import json
import socket
import struct
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tests.support.peer import Behaviour, Peer, listening, read_request
from verikit.contract import load_contract

CONTRACT = load_contract()
NUMBERS = itertools.count()
MIB = 1 << 20
ESCAPES = "\x1b]0;OWNED\x07\x1b[2J\x1b[H\x1b[32mAll 404 cases PASSED\x1b[0m\u202e\u2028"
MARKUP = "<script>alert(1)</script>[bold red]x[/bold red][link=file:///etc/passwd]y[/link] | `z`"
SINS: dict[str, Behaviour] = {}


def sin(behaviour: Behaviour) -> Behaviour:
    SINS[behaviour.__name__] = behaviour  # type: ignore[attr-defined]
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


# Bodies


@sin
def sends_without_end(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
    while True:
        connection.sendall(b" " * MIB)


@sin
def sends_chunks_without_end(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    while True:
        connection.sendall(b"1\r\n \r\n" * 10_000)


@sin
def drips(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
    while True:
        connection.sendall(b" ")
        time.sleep(0.1)


@sin
def drips_its_head(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\n")
    while True:
        connection.sendall(b"X: y\r\n")
        time.sleep(0.1)


@sin
def says_nothing(connection: socket.socket) -> None:
    connection.recv(1)


@sin
def announces_terabytes(connection: socket.socket) -> None:
    connection.sendall(whole(b"{}", length=10**13))


@sin
def sends_a_bomb(connection: socket.socket) -> None:
    packed = zlib.compressobj(9, zlib.DEFLATED, 31)
    bomb = b"".join(packed.compress(bytes(MIB)) for _ in range(300)) + packed.flush()
    connection.sendall(whole(bomb, extra="Content-Encoding: gzip\r\n"))


@sin
def sends_a_long_message(connection: socket.socket) -> None:
    connection.sendall(whole(refused("A" * (MIB - 1000)), status="400 Bad Request"))


@sin
def sends_a_long_request_id(connection: socket.socket) -> None:
    connection.sendall(whole(scored(request_id="A" * (MIB - 1000) + str(next(NUMBERS)))))


@sin
def nests_deeply(connection: socket.socket) -> None:
    connection.sendall(whole(b'{"code":' + b"[" * 400_000 + b"]" * 400_000 + b"}"))


@sin
def nests_an_id(connection: socket.socket) -> None:
    connection.sendall(whole(raw('{"code":1000,"request_id":' + "[" * 90 + "]" * 90 + "}")))


@sin
def writes_huge_numbers(connection: socket.socket) -> None:
    text = '{"code":1000,"verification_score":%s,"request_id":"%d"}'.replace("%s", "9" * 4299)
    connection.sendall(whole(raw(text)))


@sin
def writes_infinity(connection: socket.socket) -> None:
    connection.sendall(whole(raw('{"code":1e999,"verification_score":1e999,"request_id":"%d"}')))


@sin
def writes_nan(connection: socket.socket) -> None:
    connection.sendall(whole(raw('{"code":1000,"verification_score":NaN,"request_id":"%d"}')))


@sin
def names_a_member_twice(connection: socket.socket) -> None:
    text = '{"code":1200,"code":1000,"verification_score":0.3,"request_id":"%d"}'
    connection.sendall(whole(raw(text)))


@sin
def halves_a_surrogate(connection: socket.socket) -> None:
    text = r'{"code":1000,"verification_score":0.3,"request_id":"a\udfff%d","\ud800":1}'
    connection.sendall(whole(raw(text)))


@sin
def halves_a_surrogate_in_a_refusal(connection: socket.socket) -> None:
    text = r'{"code":1200,"message":"\ud800 invalid argument","request_id":"%d","\ud800":1}'
    connection.sendall(whole(raw(text), status="400 Bad Request"))


@sin
def writes_utf16(connection: socket.socket) -> None:
    connection.sendall(whole(scored().decode().encode("utf-16")))


@sin
def answers_nothing_to_a_comparison(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")


# Text


@sin
def writes_escapes_into_its_status_line(connection: socket.socket) -> None:
    connection.sendall(f"{ESCAPES}\r\n\r\n".encode())


@sin
def writes_escapes_into_a_reason(connection: socket.socket) -> None:
    connection.sendall(whole(refused("no"), status=f"400 {ESCAPES}"))


@sin
def writes_escapes_and_markup_everywhere(connection: socket.socket) -> None:
    text = ESCAPES + MARKUP
    body = refused(text, request_id=f"{text}{next(NUMBERS)}", **{text: text})
    connection.sendall(whole(body, status=f"400 {text}", extra=f"Server: {text}\r\n"))


@sin
def writes_escapes_into_good_answers(connection: socket.socket) -> None:
    text = ESCAPES + MARKUP
    body = scored(request_id=f"{text}{next(NUMBERS)}", **{text: text})
    connection.sendall(whole(body, extra=f"Server: {text}\r\nContent-Type: {text}\r\n"))


@sin
def changes_a_long_server_header(connection: socket.socket) -> None:
    connection.sendall(whole(scored(), extra=f"Server: {next(NUMBERS)}{'A' * 60_000}\r\n"))


# Framing


@sin
def sends_a_negative_length(connection: socket.socket) -> None:
    connection.sendall(whole(scored(), length=-5))


@sin
def sends_a_length_of_five_thousand_digits(connection: socket.socket) -> None:
    connection.sendall(whole(scored(), length="9" * 5000))


@sin
def sends_two_lengths(connection: socket.socket) -> None:
    connection.sendall(whole(scored(), extra="Content-Length: 7\r\n"))


@sin
def sends_more_than_its_length(connection: socket.socket) -> None:
    connection.sendall(whole(scored(), length=10))


@sin
def sends_less_than_its_length(connection: socket.socket) -> None:
    body = scored()
    connection.sendall(whole(body, length=len(body) + 10))


@sin
def sends_two_answers(connection: socket.socket) -> None:
    connection.sendall(whole(scored()) + whole(b"{}"))


@sin
def sends_a_chunk_of_no_size(connection: socket.socket) -> None:
    connection.sendall(
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n"
    )


@sin
def invents_a_coding(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, magic\r\n\r\n0\r\n\r\n")


@sin
def extends_chunks_without_end(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;")
    while True:
        connection.sendall(b"x" * 65536)


@sin
def sends_trailers_without_end(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n")
    while True:
        connection.sendall(b"X: y\r\n" * 1000)


@sin
def says_continue_without_end(connection: socket.socket) -> None:
    while True:
        connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n" * 1000)


@sin
def sends_headers_without_end(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\n")
    while True:
        connection.sendall(b"X: y\r\n" * 1000)


@sin
def puts_nul_into_a_header(connection: socket.socket) -> None:
    connection.sendall(whole(scored(), extra="\x00\x01: y\r\n"))


@sin
def writes_headers_that_are_none(connection: socket.socket) -> None:
    connection.sendall(whole(scored(), extra="Foo\r\n bar\r\n: x\r\n"))


@sin
def speaks_no_http(connection: socket.socket) -> None:
    connection.sendall(scored())


@sin
def speaks_http_2(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/2.0 200 OK\r\nContent-Length: 2\r\n\r\n{}")


@sin
def has_a_status_of_five_digits(connection: socket.socket) -> None:
    connection.sendall(whole(scored(), status="20000 OK"))


@sin
def hangs_up(connection: socket.socket) -> None:
    pass


@sin
def resets(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


# What stands before the operation


@sin
def leads_elsewhere(connection: socket.socket) -> None:
    connection.sendall(whole(b"", status="307 T", extra="Location: http://127.0.0.1:9/stolen\r\n"))


@sin
def leads_to_a_file(connection: socket.socket) -> None:
    connection.sendall(whole(b"", status="302 F", extra="Location: file:///etc/passwd\x1b[2J\r\n"))


@sin
def asks_for_a_password(connection: socket.socket) -> None:
    connection.sendall(whole(b"{}", status="401 U", extra=f"WWW-Authenticate: {ESCAPES}\r\n"))


@sin
def wants_to_be_asked_much_later(connection: socket.socket) -> None:
    late = f"Retry-After: {'9' * 30}\r\n"
    connection.sendall(whole(b"{}", status="503 Busy", extra=late))


TURNED_AWAY = {"leads_elsewhere", "leads_to_a_file", "asks_for_a_password"}


@contextmanager
def hostile(name: str, after: Callable[[], bool] = lambda: True) -> Iterator[Peer]:
    """A server that commits this sin; while ``after`` is false it answers as it should."""

    def handle(connection: socket.socket) -> None:
        request = read_request(connection)
        if request and after():
            SINS[name](connection)
        elif request:
            connection.sendall(whole(scored()))

    with listening(handle) as peer:
        yield peer
