"""What only a real server over a real socket shows."""

import http.client
import json
import signal
import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from time import monotonic, sleep
from typing import Any

import psutil
import pytest
from jsonschema import validate

from reference_server.process.serve import CONNECTIONS
from reference_server.process.worker import FIRST_BYTE_SECONDS, RECEIVE_SECONDS
from tests.support.peer import resets
from tests.support.waiting import eventually
from verikit.contract import load_contract

pytestmark = pytest.mark.live

CONTRACT = load_contract()
PATH = CONTRACT.path
LIMIT = CONTRACT.photo_standards.max_body_bytes


def connect(server: Any) -> socket.socket:
    return socket.create_connection(("127.0.0.1", server.port), timeout=60)


def until_closed(connection: socket.socket) -> bytes:
    return b"".join(iter(lambda: connection.recv(65536), b""))


def exchange(server: Any, *pieces: bytes, half_close: bool = False) -> tuple[int, dict[str, Any]]:
    """Send raw bytes; the status and the JSON of the answer, after which the server closes."""
    with connect(server) as connection:
        for piece in pieces:
            connection.sendall(piece)
        if half_close:
            connection.shutdown(socket.SHUT_WR)
        head, _, content = until_closed(connection).partition(b"\r\n\r\n")
    answer = json.loads(content)
    validate(answer, CONTRACT.schema("AbnormalResponse"))
    return int(head.split()[1]), answer


def request_head(*headers: str, method: str = "POST") -> bytes:
    kind = f"Content-Type: {CONTRACT.media_types[0]}"
    return "\r\n".join(
        [f"{method} {PATH} HTTP/1.1", "Host: localhost", kind, *headers, "", ""]
    ).encode()


def test_two_photos_get_a_score(live: Any, body: Callable[..., bytes]) -> None:
    assert live.post(body()).json()["verification_score"] == 0.9


def test_connection_is_kept_for_the_next_request(live: Any, body: Callable[..., bytes]) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", live.port, timeout=60)
    sockets = set()
    for content in (b"a=b", body(), b""):
        connection.request("POST", PATH, content, {"Content-Type": CONTRACT.media_types[0]})
        sockets.add(connection.sock)
        connection.getresponse().read()
    assert len(sockets) == 1
    connection.close()


def test_no_header_tells_a_version(live: Any) -> None:
    with connect(live) as connection:
        connection.sendall(request_head("Connection: close", method="GET"))
        head = until_closed(connection).partition(b"\r\n\r\n")[0].decode()
    assert "Server: verikit\r\n" in head
    assert "gunicorn" not in head.lower()


@pytest.mark.parametrize(
    "headers",
    [
        (),
        ("Transfer-Encoding: chunked",),
        ("Transfer-Encoding: gzip",),
        ("Transfer-Encoding: identity",),
        ("Transfer-Encoding: other",),
    ],
    ids=" ".join,
)
def test_a_body_without_a_length_is_refused(live: Any, headers: tuple[str, ...]) -> None:
    chunks = b"3\r\na=b\r\n0\r\n\r\n" if headers else b""
    status, answer = exchange(live, request_head("Connection: close", *headers), chunks)
    assert (status, answer["code"]) == (411, 411)


def test_malformed_chunks_are_refused_like_others(live: Any) -> None:
    head = request_head("Transfer-Encoding: chunked")
    assert exchange(live, head, b"zz\r\nnonsense", half_close=True)[0] == 411


POST_TO_ROOT = b"POST / HTTP/1.1\r\n"
MALFORMED = {
    "no HTTP": b"nonsense\r\n\r\n",
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
    "half a request line": b"POST\r\n\r\n",
    "HTTP of the future": b"POST / HTTP/9.9\r\n\r\n",
    "bare line feeds": b"POST / HTTP/1.1\nHost: localhost\n\n",
    "blank in a header name": POST_TO_ROOT + b"Bad Header: x\r\n\r\n",
    "folded header": POST_TO_ROOT + b"A: x\r\n folded\r\n\r\n",
    "length in words": POST_TO_ROOT + b"Content-Length: five\r\n\r\n",
    "two lengths": POST_TO_ROOT + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\n",
    "length and chunks": POST_TO_ROOT + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
    "odd expectation": POST_TO_ROOT + b"Expect: miracles\r\n\r\n",
    "long path": b"POST /" + b"x" * 10_000 + b" HTTP/1.1\r\n\r\n",
    "long header": POST_TO_ROOT + b"X: " + b"x" * 10_000 + b"\r\n\r\n",
    "many headers": POST_TO_ROOT + b"X: x\r\n" * 200 + b"\r\n",
}


@pytest.mark.parametrize("raw", MALFORMED.values(), ids=MALFORMED)
def test_malformed_http_is_an_invalid_argument(live: Any, raw: bytes) -> None:
    status, answer = exchange(live, raw)
    code = CONTRACT.codes["INVALID_ARGUMENT"]
    assert (status, answer["code"]) == (code.status, code.code)
    assert answer["message"] == f"{code.message}: the request is malformed"


@pytest.mark.parametrize("header", ["SCRIPT_NAME: /x", "X-Forwarded-Proto: https", "Host: [::"])
def test_headers_of_proxies_and_odd_hosts_change_nothing(live: Any, header: str) -> None:
    raw = f"GET /nowhere HTTP/1.1\r\nConnection: close\r\n{header}\r\n\r\n".encode()
    assert exchange(live, raw)[0] in {400, 404}


def test_a_body_cut_short_is_an_invalid_argument(live: Any, body: Callable[..., bytes]) -> None:
    content = body()
    head = request_head(f"Content-Length: {len(content) + 1}")
    status, answer = exchange(live, head, content, half_close=True)
    assert (status, answer["code"]) == (400, CONTRACT.codes["INVALID_ARGUMENT"].code)
    assert "shorter" in answer["message"]


def test_client_that_sends_far_too_much_still_reads_its_answer(live: Any) -> None:
    for excess in (1, 2 * LIMIT):
        assert live.post(bytes(LIMIT + excess)).status_code == 413


def test_a_client_that_tears_its_connection_down_is_no_failure(
    start_live: Callable[..., Any], body: Callable[..., bytes]
) -> None:
    server = start_live()
    with connect(server) as connection:
        connection.sendall(request_head("Content-Length: 100000") + b"a")
        (worker,) = map(psutil.Process, server.workers())
        assert eventually(
            lambda: connection.getsockname() in [each.raddr for each in worker.net_connections()]
        )
        resets(connection)
    assert server.post(body()).status_code == 200
    server.stop()
    lines = [json.loads(line) for line in server.log.read_text().splitlines()]
    assert [line["status"] for line in lines if line["event"] == "request"] == [400, 200]


def test_a_large_body_to_a_wrong_path_still_gets_its_answer(live: Any) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", live.port, timeout=60)
    connection.request("POST", "/elsewhere", bytes(8_000_000))
    assert connection.getresponse().status == 404
    connection.close()


def test_where_no_connection_is_left_the_longest_silent_ends(
    start_live: Callable[..., Any],
) -> None:
    server = start_live()
    silent = [connect(server) for _ in range(CONNECTIONS + 5)]
    silent[0].settimeout(FIRST_BYTE_SECONDS / 2)  # sooner than for its silence alone
    assert silent[0].recv(1) == b""
    assert server.get("/healthz").ok
    silent[-1].setblocking(False)
    with pytest.raises(BlockingIOError):
        silent[-1].recv(1)
    for connection in silent:
        connection.close()


def test_a_body_that_has_not_come_by_the_deadline_is_not_waited_for(
    start_live: Callable[..., Any],
) -> None:
    server = start_live(deadline=0.5)
    begun = monotonic()
    with connect(server) as connection:
        connection.sendall(request_head("Content-Length: 100") + b"half")
        until_closed(connection)
    assert monotonic() - begun < RECEIVE_SECONDS


@pytest.mark.parametrize(("asked", "answered"), [("1.0", "1.0"), ("1.1", "1.1"), ("1.2", "1.1")])
def test_a_response_is_of_no_version_that_the_server_does_not_know(
    start_live: Callable[..., Any], asked: str, answered: str
) -> None:
    with connect(start_live()) as connection:
        connection.sendall(f"GET /healthz HTTP/{asked}\r\nHost: localhost\r\n\r\n".encode())
        assert connection.recv(4096).startswith(f"HTTP/{answered} 200 ".encode())


@pytest.mark.parametrize("sent", [b"POST / HTTP/1.1\r\nHo", b"1 of 100"])
def test_slow_clients_in_all_threads_make_way_for_others(
    start_live: Callable[..., Any], body: Callable[..., bytes], sent: bytes
) -> None:
    server = start_live(threads=4)
    slow = [connect(server) for _ in range(12)]
    for connection in slow:
        connection.sendall(
            sent if sent[:4] == b"POST" else request_head("Content-Length: 100") + sent
        )
    begun = monotonic()
    assert server.post(body()).status_code == 200
    assert monotonic() - begun < RECEIVE_SECONDS, "they are cut off before their time"
    for connection in slow:
        connection.close()


def test_who_sends_steadily_is_read_to_the_end_though_others_wait(
    start_live: Callable[..., Any], body: Callable[..., bytes]
) -> None:
    server, content = start_live(threads=1), body() + b"&unknown=" + b"x" * 2**20
    with ThreadPoolExecutor(1) as pool, connect(server) as steady:
        steady.sendall(request_head("Connection: close", f"Content-Length: {len(content)}"))
        sleep(0.1)
        other = pool.submit(server.post, body())
        for start in range(0, len(content), 2**16):
            steady.sendall(content[start : start + 2**16])
            sleep(0.15)
        assert b" 200 " in until_closed(steady)
        assert other.result().status_code == 200


@pytest.mark.parametrize("version", ["1.0", "1.1"])
def test_answered_clients_that_stay_hold_nobody_up(
    start_live: Callable[..., Any], version: str
) -> None:
    server = start_live()
    before = server.workers()
    request = f"GET /healthz HTTP/{version}\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    staying = [connect(server) for _ in range(30)]
    for connection in staying:
        connection.sendall(request.encode())
        assert until_closed(connection)

    def are_gone() -> bool:
        assert server.get("/healthz").ok
        ends = {connection.getsockname() for connection in staying}
        (worker,) = [psutil.Process(pid) for pid in server.workers()]
        return ends.isdisjoint(each.raddr for each in worker.net_connections("tcp"))

    assert eventually(are_gone), "they would occupy its connections"
    assert server.workers() == before, "it is replaced where its main loop waits for them"
    for connection in staying:
        connection.close()


def test_answered_clients_that_reset_their_connections_harm_nobody(live: Any) -> None:
    before = live.workers()
    for _ in range(5):
        with connect(live) as connection:
            connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            assert until_closed(connection)
            resets(connection)
    assert live.get("/healthz").ok
    assert live.workers() == before


def test_a_client_that_still_sends_reads_why_it_is_refused(start_live: Callable[..., Any]) -> None:
    head = request_head(f"Content-Length: {LIMIT + 1}")
    pieces = [b"a" * 2**20] * 20
    status, _ = exchange(start_live(), head, *pieces)
    assert status == 413


def test_silent_and_slow_clients_do_not_hold_others_up(
    start_live: Callable[..., Any], body: Callable[..., bytes]
) -> None:
    server = start_live(threads=8)
    idle = [connect(server) for _ in range(100)]
    slow = [connect(server) for _ in range(6)]
    for connection in slow:
        connection.sendall(request_head("Content-Length: 100") + b"a")
    assert server.post(body()).status_code == 200
    for connection in idle + slow:
        connection.close()


def test_concurrent_answers_are_the_right_ones(live: Any, body: Callable[..., bytes]) -> None:
    questions = [body("grey", second) for second in ("grey", "blue", "black")] * 20
    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(lambda content: live.post(content).json(), questions))
    assert [answer.get("verification_score") for answer in answers] == [0.9, 0.1, None] * 20
    assert len({answer["request_id"] for answer in answers}) == len(answers)


def test_who_is_stopping_is_not_ready(live: Any, start_live: Callable[..., Any]) -> None:
    assert live.get("/readyz").json()["status"] == "ready"
    server = start_live()
    kept = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    kept.request("GET", "/readyz")
    assert kept.getresponse().read()
    server.process.send_signal(signal.SIGTERM)

    def readiness() -> tuple[int, str]:
        kept.request("GET", "/readyz")
        answer = kept.getresponse()
        return answer.status, json.loads(answer.read())["status"]

    assert eventually(lambda: readiness() == (503, "stopping"))
    kept.close()
    assert server.process.wait(timeout=60) == 0


def test_log_holds_a_line_a_request_and_nothing_of_what_was_sent(
    start_live: Callable[..., Any], body: Callable[..., bytes]
) -> None:
    server = start_live()
    content = body()
    answer = server.post(content)
    request_id = answer.json()["request_id"]
    exchange(
        server, b"GET /canary?canary HTTP/1.1\r\nConnection: close\r\nX-Canary: canary\r\n\r\n"
    )
    exchange(server, b"canary\r\n\r\n")
    server.post(b"canary=canary")
    server.stop()
    text = server.log.read_text()
    lines = [json.loads(line) for line in text.splitlines()]
    (line,) = [line for line in lines if line.get("request_id") == request_id]
    assert (line["status"], line["code"], line["route"]) == (200, 1000, PATH)
    assert (line["body_bytes"], line["answer_bytes"]) == (len(content), len(answer.content))
    assert set(line["stages"]) == {"receive", "wait", "parse", "decrypt", "decode"}
    assert 0 < sum(line["stages"].values()) <= line["ms"]
    assert len([line for line in lines if line["event"] in {"request", "malformed"}]) == 4
    assert "canary" not in text
    assert content[30:60].decode() not in text
    assert CONTRACT.encryption.default_key not in text


@pytest.mark.parametrize(("length", "first"), [(10, b" 100 "), (10**8, b" 413 "), (None, b" 411 ")])
def test_who_asks_first_is_told_before_sending_a_body(
    live: Any, length: int | None, first: bytes
) -> None:
    head = f"POST {CONTRACT.path} HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\n"
    head += f"Content-Length: {length}\r\n" if length else ""
    with socket.create_connection(("127.0.0.1", live.port), timeout=60) as connection:
        connection.sendall(f"{head}Connection: close\r\n\r\n".encode())
        told = connection.recv(65536)
        assert first in told.partition(b"\r\n")[0]
        if first == b" 100 ":
            connection.sendall(b"a" * 10)
            assert b" 400 " in b"".join(iter(lambda: connection.recv(65536), b""))
