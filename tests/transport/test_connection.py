"""What goes over connections, both ways, and what becomes of servers that misbehave."""

import pickle
import socket
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from typing import Any

import anyio
import psutil
import pytest

from tests.support.fronts import Certificates, over_tls
from tests.support.peer import answering, listening, resets, wait_for_its_end
from tests.support.ports import free_port
from tests.support.waiting import eventually
from tests.transport.conftest import Ask, endpoint, post
from verikit.errors import BadAnswer, Broken, NotConnected, NotTrusted, TimedOut, Unreachable
from verikit.transport import Access, Connection, Endpoint, Pool, Request
from verikit.transport.async_connection import AsyncPool
from verikit.transport.headers import secrets_in
from verikit.transport.tls import Tls

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
TOO_LARGE = b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n"
HUGE = 8 << 20


def test_a_request_says_what_it_is_and_asks_for_no_compression(ask: Ask) -> None:
    with answering(OK) as peer:
        (answer,) = ask(endpoint(peer.url + "/v2"), post(headers=(("X-Own", "1"),)))
    ((head, body),) = peer.requests
    assert head.decode().split("\r\n") == [
        "POST /v2/x HTTP/1.1",
        f"Host: {peer.authority}",
        f"User-Agent: verikit/{version('verikit')}",
        "Accept: application/json",
        "Accept-Encoding: identity",
        "X-Own: 1",
        "Content-Type: text/plain",
        "Content-Length: 3",
    ]
    assert body == b"bbb"
    assert (answer.status, answer.json) == (200, {})
    assert 0 < answer.seconds < 60


@pytest.mark.parametrize(
    ("length", "expected"),
    [("chunked", b"3\r\nbbb\r\n0\r\n\r\n"), ("none", b"bbb")],
)
def test_a_body_is_framed_as_asked(ask: Ask, length: Any, expected: bytes) -> None:
    came = []

    def take(connection: socket.socket) -> None:
        content = b""
        while not content.endswith(expected):
            content += connection.recv(65536)
        came.append(content)
        connection.sendall(OK)

    with listening(take) as peer:
        ask(endpoint(peer.url), post(length=length))
    head, _, body = came[0].partition(b"\r\n\r\n")
    assert body == expected
    assert (b"Transfer-Encoding: chunked" in head) is (length == "chunked")
    assert b"Content-Length" not in head


def test_a_connection_is_kept_while_the_server_keeps_it(ask: Ask) -> None:
    with answering(OK) as peer:
        assert len(ask(endpoint(peer.url), *[post()] * 5)) == 5
        assert peer.connections == 1
    with answering(OK.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")) as peer:
        ask(endpoint(peer.url), post(), post())
        assert peer.connections == 2


def test_a_connection_of_its_own_is_not_kept() -> None:
    with answering(OK) as peer, Pool(endpoint(peer.url)) as pool:
        for _ in range(3):
            pool.ask(post(), new_connection=True)
        assert peer.connections == 3


def test_what_a_server_says_unasked_is_never_taken_for_an_answer(ask: Ask) -> None:
    forged = b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged"
    with answering(OK + forged) as peer:
        answers = ask(endpoint(peer.url), post(), post())
    assert [answer.body for answer in answers] == [b"{}", b"{}"]
    assert all("Bytes follow the response" in answer.findings[0] for answer in answers)


def test_interim_answers_are_passed_over(ask: Ask) -> None:
    early = b"HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"
    with answering(early + OK) as peer:
        (answer,) = ask(endpoint(peer.url), post())
    assert (answer.status, answer.findings) == (200, ())


def refuse_early(connection: socket.socket) -> None:
    """Answers after the head, and reads nothing more."""
    connection.recv(1024)
    connection.sendall(TOO_LARGE)
    wait_for_its_end(connection)


@pytest.mark.parametrize("length", ["declared", "chunked"])
def test_an_answer_before_the_end_of_the_body_is_read(ask: Ask, length: Any) -> None:
    with listening(refuse_early) as peer:
        (answer,) = ask(endpoint(peer.url), post(HUGE, length=length))
    assert answer.status == 413


def test_an_early_answer_is_read_over_tls(ask: Ask, files: Certificates) -> None:
    access = Access(tls=Tls(ca_file=files.ca))
    with listening(over_tls(refuse_early, files)) as peer:
        url = f"https://localhost:{peer.port}"
        (answer,) = ask(endpoint(url, access=access), post(HUGE))
    assert answer.status == 413


def test_an_interim_answer_does_not_stop_a_body(ask: Ask) -> None:
    sizes = []

    def continue_first(connection: socket.socket) -> None:
        head = connection.recv(100)
        connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        size = len(head)
        while size < HUGE:
            size += len(connection.recv(1 << 20))
        sizes.append(size)
        connection.sendall(OK)

    with listening(continue_first) as peer:
        (answer,) = ask(endpoint(peer.url), post(HUGE))
    assert answer.status == 200
    assert sizes[0] >= HUGE


def test_an_answer_is_read_though_the_server_stopped_reading(ask: Ask) -> None:
    def answer_and_close(connection: socket.socket) -> None:
        connection.recv(1024)
        connection.sendall(TOO_LARGE)
        connection.shutdown(socket.SHUT_WR)
        while connection.recv(1 << 20):  # else the kernel would take the answer back
            pass

    with listening(answer_and_close) as peer:
        (answer,) = ask(endpoint(peer.url), post(HUGE))
    assert answer.status == 413


def test_pieces_are_sent_as_they_come() -> None:
    with answering(OK) as peer, Connection(endpoint(peer.url)) as connection:
        pieces = (b"b" for _ in range(3))
        connection.ask(post(3, pieces=pieces))
    assert peer.requests[0][1] == b"bbb"


IN_TIME = 25
"""Seconds, on a busy machine; less than there are unless they are given."""
SHORT = 3
"""Seconds to wait for what never comes; a busy machine connects in them."""


def drip(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
    while True:
        connection.sendall(b" ")
        time.sleep(0.05)


def swallow_slowly(connection: socket.socket) -> None:
    while connection.recv(1):
        time.sleep(0.05)


def flood(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
    while True:
        connection.sendall(b" " * 65536)


def endless_interim(connection: socket.socket) -> None:
    while True:
        connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n" * 100)


@pytest.mark.parametrize(
    ("behaviour", "kind", "why"),
    [
        (drip, TimedOut, "did not answer in time: the response was not complete after 6 s"),
        (wait_for_its_end, TimedOut, "did not answer in time: nothing came for 3 s"),
        (resets, Broken, "No server answers at"),
        (lambda _: None, Broken, "the connection was closed without a response"),
        (lambda c: c.sendall(OK[:-1]), Broken, "closed before the end of the response"),
        (flood, BadAnswer, "more than the 1,048,576 bytes allowed"),
        (endless_interim, BadAnswer, "more than 32 interim responses"),
        (lambda c: c.sendall(b"\x1b[2J\r\n\r\n"), BadAnswer, r"a malformed response: .*\\x1b\[2J"),
    ],
    ids=["drip", "stall", "reset", "close", "short", "flood", "interim", "escape"],
)
def test_a_server_that_misbehaves_is_given_up_in_time(
    ask: Ask, behaviour: Callable[[socket.socket], None], kind: type[Unreachable], why: str
) -> None:
    started = time.monotonic()
    patience = SHORT if kind is TimedOut else IN_TIME
    with answering(behaviour) as peer:
        with pytest.raises(kind, match=why) as caught:
            ask(endpoint(peer.url, timeout=patience), post())
        assert time.monotonic() - started < IN_TIME
    assert peer.url in str(caught.value)
    assert str(caught.value).isprintable()


def test_a_server_that_reads_too_slowly_is_given_up_in_time(ask: Ask) -> None:
    started = time.monotonic()
    with listening(swallow_slowly) as peer, pytest.raises(TimedOut):
        ask(endpoint(peer.url, timeout=SHORT), post(HUGE))
    assert time.monotonic() - started < IN_TIME


ALERT = b"\x15\x03\x03\x00\x02\x02"
"""Of TLS; its number follows (RFC 8446, section 6)."""


@pytest.mark.parametrize(
    ("behaviour", "kind", "why"),
    [
        (wait_for_its_end, TimedOut, "did not answer in time: nothing came for 3 s"),
        (lambda c: (c.recv(1024), resets(c)), Unreachable, "No server answers at|TLS with"),
        (lambda c: c.recv(1024), Unreachable, "during the TLS handshake|TLS with .* failed"),
        (
            lambda c: (c.recv(1024), c.sendall(ALERT + b"\x46"), c.recv(1024)),
            NotTrusted,
            "TLS with https://localhost:.* failed: tlsv1 alert protocol version",
        ),
    ],
    ids=["stall", "reset", "close", "alert"],
)
def test_a_tls_handshake_that_fails_is_given_up_in_time(
    ask: Ask, behaviour: Callable[[socket.socket], None], kind: type[Unreachable], why: str
) -> None:
    started = time.monotonic()
    patience = SHORT if kind is TimedOut else IN_TIME
    with listening(behaviour) as peer:
        with pytest.raises(kind, match=why) as caught:
            ask(endpoint(f"https://localhost:{peer.port}", timeout=patience), post())
        assert time.monotonic() - started < IN_TIME
    assert f"https://localhost:{peer.port}" in str(caught.value)


def test_where_nobody_listens_is_said(ask: Ask) -> None:
    port = free_port()
    with pytest.raises(NotConnected, match=f"No server answers at http://127.0.0.1:{port} "):
        ask(endpoint(f"http://user:secret@127.0.0.1:{port}"), post())


def test_a_name_that_nobody_has_is_said(ask: Ask) -> None:
    with pytest.raises(NotConnected, match="no such name"):
        ask(endpoint("http://no-such-name.invalid"), post())


def test_a_broken_connection_tells_whether_an_answer_had_begun(ask: Ask) -> None:
    for content, begun in ((b"", False), (OK[:-1], True)):
        with (
            answering(lambda c, said=content: c.sendall(said)) as peer,  # type: ignore[misc]
            pytest.raises(Broken) as caught,
        ):
            ask(endpoint(peer.url), post())
        assert caught.value.begun is begun


def test_secrets_that_are_sent_back_are_struck_out(ask: Ask) -> None:
    access = Access(headers=(("Authorization", "Bearer s3cret-token"),))
    body = b'{"message":"s3cret-token is no good"}'
    said = b"HTTP/1.1 400 s3cret-token\r\nX: Bearer s3cret-token\r\nContent-Length: %d\r\n\r\n%b"
    with answering(said % (len(body), body)) as peer:
        (answer,) = ask(endpoint(peer.url, access=access), post())
    assert b"Authorization: Bearer s3cret-token" in peer.requests[0][0]
    assert "s3cret-token" not in repr(answer)
    assert answer.json == {"message": "[not shown] is no good"}


@pytest.mark.parametrize(("line", "said"), [(b"", b"s3cret-token"), (b"X: s3cret-token\r\n", b"")])
def test_a_secret_is_struck_out_wherever_it_comes_back(ask: Ask, line: bytes, said: bytes) -> None:
    access = Access(headers=(("Authorization", "Bearer s3cret-token"),))
    head = b"HTTP/1.1 400 X\r\n%bContent-Length: %d\r\n\r\n%b" % (line, len(said), said)
    with answering(head) as peer:
        (answer,) = ask(endpoint(peer.url, access=access), post())
    assert "s3cret-token" not in repr(answer)
    assert b"s3cret-token" not in answer.head + answer.body


def test_what_is_shorter_than_any_secret_is_shown() -> None:
    headers = (("Authorization", "Bearer 12345678"), ("X-Tenant", "1234567"))
    assert secrets_in(headers) == (b"Bearer 12345678", b"12345678")


def test_requests_keep_to_the_rate(ask: Ask) -> None:
    started = time.monotonic()
    with answering(OK) as peer:
        ask(endpoint(peer.url, rate=20), *[post()] * 5)
    assert time.monotonic() - started >= 4 / 20


def test_an_idle_connection_that_the_server_closed_is_made_anew() -> None:
    def is_closed(there: Endpoint) -> bool:
        """Whether the server's end has come."""
        return any(
            one.status == psutil.CONN_CLOSE_WAIT and one.raddr.port == there.address.port
            for one in psutil.Process().net_connections("tcp")
        )

    async def ask_twice(there: Endpoint) -> list[int]:
        async with AsyncPool(there) as pool:
            first = await pool.ask(post())
            assert eventually(lambda: is_closed(there))
            return [first.status, (await pool.ask(post())).status]

    with answering(lambda connection: connection.sendall(OK)) as peer:
        there = endpoint(peer.url)
        assert anyio.run(ask_twice, there) == [200, 200]
        with Pool(there) as pool:
            first = pool.ask(post())
            assert eventually(lambda: is_closed(there))
            assert (first.status, pool.ask(post()).status) == (200, 200)
        assert peer.connections == 4


def test_threads_share_a_pool_and_its_rate() -> None:
    started = time.monotonic()
    with answering(OK) as peer, Pool(endpoint(peer.url, rate=40)) as pool:
        with ThreadPoolExecutor(4) as threads:
            answers = list(threads.map(lambda _: pool.ask(post()), range(13)))
        assert peer.connections <= 4
    assert len(answers) == 13
    assert time.monotonic() - started >= 12 / 40


def test_tasks_ask_at_the_same_time() -> None:
    both = threading.Barrier(2)

    def wait_for_the_other(connection: socket.socket) -> None:
        both.wait(60)
        connection.sendall(OK)

    async def run(url: str) -> None:
        async with AsyncPool(endpoint(url)) as pool, anyio.create_task_group() as group:
            for _ in range(2):
                group.start_soon(pool.ask, post())

    with answering(wait_for_the_other) as peer:
        anyio.run(run, peer.url)


def test_the_asynchronous_pool_runs_on_trio_too(files: Certificates) -> None:
    async def run(there: Endpoint, *requests: Request) -> list[int]:
        async with AsyncPool(there) as pool:
            return [(await pool.ask(request)).status for request in requests]

    with answering(OK) as peer:
        there = endpoint(peer.url)
        assert anyio.run(run, there, post(), post(), backend="trio") == [200, 200]
        assert peer.connections == 1
    access = Access(tls=Tls(ca_file=files.ca))
    with listening(over_tls(refuse_early, files)) as peer:
        there = endpoint(f"https://localhost:{peer.port}", access=access)
        assert anyio.run(run, there, post(HUGE), backend="trio") == [413]
    with listening(wait_for_its_end) as peer, pytest.raises(TimedOut):
        anyio.run(run, endpoint(peer.url, timeout=SHORT), post(), backend="trio")


def test_a_cancelled_request_leaves_no_connection_to_be_used_again() -> None:
    async def run(url: str) -> bytes:
        async with AsyncPool(endpoint(url)) as pool:
            async with anyio.create_task_group() as group:
                group.start_soon(pool.ask, post())
                while not seen:
                    await anyio.sleep(0.01)
                group.cancel_scope.cancel()
            return (await pool.ask(post())).body

    seen: list[int] = []

    def slow_then_fast(connection: socket.socket) -> None:
        seen.append(1)
        if len(seen) == 1:
            wait_for_its_end(connection)
        connection.sendall(OK)

    with answering(slow_then_fast) as peer:
        assert anyio.run(run, peer.url) == b"{}"
        assert peer.connections == 2


def test_an_endpoint_goes_to_other_processes_as_it_is() -> None:
    access = Access(headers=(("Authorization", "Bearer s3cret-token"),))
    here = endpoint("https://faces.example/v2", access=access, rate=5)
    there = pickle.loads(pickle.dumps(here))  # noqa: S301 - our own
    assert there == here
    assert there.headers == here.headers
    assert "s3cret" not in repr(here)


def test_another_path_may_be_asked(ask: Ask) -> None:
    with answering(OK) as peer:
        ask(endpoint(peer.url), Request(method="GET", path="/healthz"))
    assert peer.requests[0][0].startswith(b"GET /healthz HTTP/1.1\r\n")
