"""Time is bounded: for who waits, for who has left, for what hangs, and for who reads no log."""

import fcntl
import gc
import http.client
import json
import os
import socket
import threading
import weakref
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import pytest

from reference_server.compute import ComputeThread
from reference_server.limits import Busy, Limits
from reference_server.monitoring.logs import MOST_LINES
from reference_server.refusals import InvalidArgument
from reference_server.settings import Settings
from reference_server.stages import Stages
from reference_server.verifier import Verifier
from tests.support.fake_server import FakeEngine, Gate
from tests.support.live import FAKE_SERVER, Live, fake
from tests.support.waiting import eventually
from verikit.contract import load_contract

CONTRACT = load_contract()
SOON = 50
"""Seconds, on a busy machine; what would wait here would wait a minute."""
KIND = {"Content-Type": CONTRACT.media_types[0]}


class Occupied:
    """A thread that computes something until the test is over."""

    def __init__(self) -> None:
        self.thread = ComputeThread()
        self.end = threading.Event()
        begun = threading.Event()
        self.pool = ThreadPoolExecutor(8)
        self.running = self.pool.submit(self.thread.run, lambda: (begun.set(), self.end.wait(60)))
        assert begun.wait(60)

    def ask(self, *arguments: Any) -> Any:
        """A further call, once it waits."""
        asked = self.pool.submit(self.thread.run, *arguments)
        sleep(0.05)
        return asked


@pytest.fixture
def occupied() -> Iterator[Occupied]:
    made = Occupied()
    yield made
    made.end.set()
    made.pool.shutdown()


def test_calls_come_one_after_the_other_and_bring_their_errors() -> None:
    thread, now = ComputeThread(), []

    def call(number: int) -> int:
        now.append(number)
        assert len(now) == 1
        sleep(0.001)
        now.clear()
        return 1 // number

    with ThreadPoolExecutor(16) as pool:
        assert list(pool.map(lambda n: thread.run(lambda: call(n)), [1] * 50)) == [1] * 50
    with pytest.raises(ZeroDivisionError):
        thread.run(lambda: call(0))


def test_a_timeout_error_of_the_call_is_the_calls() -> None:
    def call() -> None:
        raise TimeoutError("own")

    with pytest.raises(TimeoutError, match="own"):
        ComputeThread().run(call, monotonic() + 10)


def test_what_is_late_is_refused_when_it_is_due_and_never_computed(occupied: Occupied) -> None:
    computed: list[int] = []
    begun = monotonic()
    with pytest.raises(Busy) as busy:
        occupied.thread.run(lambda: computed.append(1), monotonic() + 0.2)
    assert 0.15 < monotonic() - begun < SOON
    assert busy.value.limit == "deadline"
    occupied.end.set()
    occupied.running.result()
    assert occupied.thread.run(lambda: 7) == 7
    assert computed == []


def test_what_can_only_be_late_is_refused_at_once(occupied: Occupied) -> None:
    """What has run for two seconds is expected to run for two more."""
    assert eventually(lambda: occupied.thread.age > 2)
    with pytest.raises(Busy) as busy:
        occupied.thread.run(lambda: None, monotonic() + 1.9)
    assert busy.value.seconds == 2, "who is refused later, when it is due, is told 1"


def test_nothing_is_computed_for_who_has_left(occupied: Occupied) -> None:
    computed: list[int] = []
    asked = occupied.ask(lambda: computed.append(1), monotonic() + 30, lambda: False)
    occupied.end.set()
    with pytest.raises(Busy) as busy:
        asked.result()
    assert busy.value.limit == "client_gone"
    assert computed == []


def test_given_up_everybody_is_told(occupied: Occupied) -> None:
    waiting = occupied.ask(lambda: 1)
    occupied.thread.give_up()
    for asked in (occupied.running, waiting):
        with pytest.raises(Busy):
            asked.result(timeout=SOON)
    with pytest.raises(Busy):
        occupied.thread.run(lambda: 1)


def test_an_error_keeps_nothing_alive() -> None:
    """It would hold the photos until the garbage collector comes by."""

    class Photo:
        def fail(self) -> None:
            raise ValueError

    thread, photo = ComputeThread(), Photo()
    held = weakref.ref(photo)
    gc.disable()
    try:
        with pytest.raises(ValueError):  # noqa: PT011 - nothing else raises it
            thread.run(photo.fail)
        del photo
        thread.run(lambda: None)
        assert held() is None
    finally:
        gc.enable()


@contextmanager
def crowd(server: Live, content: bytes, size: int) -> Iterator[None]:
    """So many clients that have asked, and leave at the end."""
    head = (
        f"POST {CONTRACT.path} HTTP/1.1\r\nHost: localhost\r\n"
        f"Content-Type: {CONTRACT.media_types[0]}\r\n"
        f"Content-Length: {len(content)}\r\n\r\n"
    ).encode()
    before = server.arrived()
    with ExitStack() as clients:
        for _ in range(size):
            client = socket.create_connection(("127.0.0.1", server.port))
            clients.enter_context(client).sendall(head + content)
        assert eventually(lambda: server.arrived() == before + size)
        yield


@pytest.mark.live
def test_a_comparison_that_hangs_is_answered_and_its_worker_replaced(
    start_live: Callable[..., Live], body: Callable[..., bytes]
) -> None:
    server = start_live(deadline=2, patience=0)
    before = server.workers()
    with ThreadPoolExecutor(3) as pool:
        for answer in pool.map(server.post, [body("magenta")] * 3):
            assert answer.status_code == answer.json()["code"] == 500
    assert eventually(lambda: server.workers() not in ([], before))
    assert server.post(body()).status_code == 200
    assert '"event": "stalled"' in server.log.read_text()


def test_a_short_deadline_ends_no_worker_for_a_slow_pair_of_photos() -> None:
    assert Limits(deadline=1).longest_comparison >= 10
    assert Limits(deadline=300).longest_comparison == 150


@pytest.mark.live
def test_who_has_left_is_not_computed(
    gate: Gate, start_live: Callable[..., Live], body: Callable[..., bytes]
) -> None:
    server = start_live(threads=64, deadline=300)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(server.post, body("yellow"))
        assert eventually(lambda: server.arrived() == 1)
        with crowd(server, body(), 30):
            pass
        assert eventually(lambda: server.figure("verikit_requests_held") == 1), "places are free"
        gate.open()
        assert waiting.result().status_code == server.post(body()).status_code == 200
    assert server.figure('verikit_limited_requests_total{limit="client_gone"}') == 30
    assert server.figure('verikit_requests_total{code="1000"') == 2


@pytest.mark.live
def test_who_has_only_closed_its_side_gets_an_answer(
    start_live: Callable[..., Live], body: Callable[..., bytes]
) -> None:
    server, content = start_live(), body()
    head = (
        f"POST {CONTRACT.path} HTTP/1.0\r\nContent-Type: {CONTRACT.media_types[0]}\r\n"
        f"Content-Length: {len(content)}\r\n\r\n"
    ).encode()
    with socket.create_connection(("127.0.0.1", server.port), timeout=60) as client:
        client.sendall(head + content)
        client.shutdown(socket.SHUT_WR)
        assert b" 200 " in b"".join(iter(lambda: client.recv(65536), b""))


@pytest.mark.live
def test_probes_wait_for_no_comparison(
    gate: Gate, start_live: Callable[..., Live], body: Callable[..., bytes]
) -> None:
    server = start_live(threads=96, deadline=300)
    assert server.post(body()).status_code == 200
    with crowd(server, body("yellow"), 60):
        assert server.get("/healthz").json()["status"] == "alive"
        assert server.get("/readyz").status_code == 200, "it has compared lately"
        assert server.figure("verikit_requests_held") == 60
    gate.open()


@pytest.mark.live
def test_a_form_that_is_refused_waits_for_no_comparison(
    gate: Gate, start_live: Callable[..., Live], body: Callable[..., bytes]
) -> None:
    server = start_live(threads=64, deadline=300)
    with crowd(server, body("yellow"), 30):
        assert server.post(b"a=b").status_code == 400
        assert server.figure("verikit_requests_held") == 30, "the others still wait"
    gate.open()


@pytest.mark.live
def test_a_log_that_nobody_reads_stops_nobody(tmp_path: Path) -> None:
    reader, writer = os.pipe()
    fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, 4096)
    server = Live.started(tmp_path, [str(FAKE_SERVER), *fake()], stderr=writer)
    os.close(writer)
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=120)

    def ask(method: str, path: str) -> bytes:
        connection.request(method, path, b"a=b" if method == "POST" else None, KIND)
        return connection.getresponse().read()

    try:
        for _ in range(MOST_LINES + 150):
            ask("POST", CONTRACT.path)
        page = ask("GET", "/metrics").decode()
        (line,) = [line for line in page.splitlines() if line.startswith("verikit_dropped_log")]
        dropped = float(line.split()[1])
        assert dropped > 100
        lines = read_lines(reader, until="log_lines_dropped")
        assert lines[-1]["lines"] >= dropped
        assert lines[-1]["level"] == "warning"
    finally:
        connection.close()
        server.stop()
        os.close(reader)


def read_lines(pipe: int, until: str) -> list[Any]:
    read = b""
    while until.encode() not in read or not read.endswith(b"\n"):
        read += os.read(pipe, 2**20)
    lines = [json.loads(line) for line in read.splitlines()]
    return lines[: 1 + [line["event"] for line in lines].index(until)]


def test_a_thread_is_idle_since_its_last_call_ended(occupied: Occupied) -> None:
    assert occupied.thread.idle == 0
    occupied.end.set()
    occupied.running.result(10)
    begun = monotonic()
    sleep(0.05)
    assert 0.05 <= occupied.thread.idle < monotonic() - begun + 5


class Opening:
    """A verifier that notes how many forms it parses, and how many at once."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.parsed, self.at_once, self._now = 0, 0, 0
        self.parsing, self.end = threading.Event(), threading.Event()
        self.end.set()
        monkeypatch.setattr("reference_server.verifier.read_form", self._parse)
        settings = Settings.from_environment({})
        self.verifier = Verifier(settings, FakeEngine())

    def _parse(self, _kind: str, _body: bytes) -> list[tuple[str, bytes]]:
        self.parsing.set()
        self._now += 1
        self.at_once = max(self.at_once, self._now)
        self.parsed += 1
        sleep(0.005)
        assert self.end.wait(60)
        self._now -= 1
        return []

    def open(self, due: float) -> None:
        """Ask to open a form."""
        self.verifier.open(KIND["Content-Type"], b"", Stages(), due)


def test_one_form_is_opened_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    opening = Opening(monkeypatch)

    def ask(_: int) -> None:
        with pytest.raises(InvalidArgument):
            opening.open(monotonic() + 60)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(ask, range(24)))
    assert (opening.parsed, opening.at_once) == (24, 1)


def test_a_form_that_can_only_be_late_is_not_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    opening = Opening(monkeypatch)
    with pytest.raises(Busy):
        opening.open(monotonic() - 1)
    assert opening.parsed == 0


def test_who_waits_for_another_form_is_refused_when_it_is_due(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    opening = Opening(monkeypatch)
    opening.end.clear()
    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(opening.open, monotonic() + 60)
        assert opening.parsing.wait(60)
        with pytest.raises(Busy) as busy:
            opening.open(monotonic() + 0.05)
        assert busy.value.limit == "deadline"
        opening.end.set()
        with pytest.raises(InvalidArgument):
            slow.result()
    assert opening.parsed == 1
