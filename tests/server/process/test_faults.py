"""What the server does when it is killed, stopped, or has no room left."""

import os
import resource
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import psutil
import pytest
import requests
from click.testing import CliRunner

from reference_server.commands import serve as command
from reference_server.process import serve as process
from reference_server.refusals import PHOTOS
from tests.support.fake_server import BROKEN, FakeEngine, Gate
from tests.support.forks import Forks
from tests.support.live import fake
from tests.support.waiting import eventually
from verikit.contract import load_contract
from verikit.portraits import head, jpeg

pytestmark = pytest.mark.live

CONTRACT = load_contract()


def test_a_killed_worker_loses_at_most_what_it_held(
    start_live: Callable[..., Any], body: Callable[..., bytes]
) -> None:
    """With one worker, so that nobody else can answer meanwhile."""
    server, content, stop = start_live(), body(), []

    def client() -> list[bool]:
        served = []
        while not stop:
            try:
                served.append(server.post(content).status_code == 200)
            except requests.RequestException:
                served.append(False)
        return served

    with ThreadPoolExecutor(8) as pool:
        clients = [pool.submit(client) for _ in range(8)]
        assert eventually(lambda: server.figure("verikit_requests_total") > 8)
        victim = psutil.Process(server.workers()[0])
        victim.suspend()
        assert eventually(lambda: victim.status() == psutil.STATUS_STOPPED)
        held = [c for c in victim.net_connections("tcp") if c.status != psutil.CONN_LISTEN]
        victim.kill()
        assert eventually(lambda: len(set(server.workers()) - {victim.pid}) == 1)
        assert server.post(content).status_code == 200
        stop.append(True)
        served = [answered for each in clients for answered in each.result()]
    assert served.count(False) <= len(held)
    assert served.count(True) > 8


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_server_that_stops_finishes_what_is_received_or_half_received(
    gate: Gate, start_live: Callable[..., Any], body: Callable[..., bytes], number: int
) -> None:
    server, content = start_live(threads=16, deadline=300), body("yellow")
    head = (
        f"POST {CONTRACT.path} HTTP/1.1\r\nHost: localhost\r\n"
        f"Content-Type: {CONTRACT.media_types[0]}\r\n"
        f"Content-Length: {len(content)}\r\n\r\n"
    ).encode()
    with (
        ThreadPoolExecutor(8) as pool,
        socket.create_connection(("127.0.0.1", server.port), timeout=60) as half,
    ):
        answers = [pool.submit(server.post, content) for _ in range(8)]
        assert eventually(lambda: server.arrived() == 8)
        half.sendall(head + content[:100])  # so late because it may take 30 seconds to arrive
        assert server.get("/healthz").ok, "who has come after it is answered, so it is taken"
        for pid in (*server.workers(), server.process.pid):  # as a terminal does on Ctrl-C
            if number == signal.SIGINT or pid == server.process.pid:
                os.kill(pid, number)
        assert eventually(lambda: refuses(server.port)), "it takes nobody whom it will not answer"
        half.sendall(content[100:])
        gate.open()
        assert b" 200 " in b"".join(iter(lambda: half.recv(65536), b""))
        assert [answer.result().status_code for answer in answers] == [200] * 8
    assert server.process.wait(timeout=60) == 0


def test_who_has_connected_before_a_server_stops_is_answered(
    start_live: Callable[..., Any],
) -> None:
    """Though its worker has taken none of them: it is halted until it has been told to stop."""
    server = start_live()
    worker = psutil.Process(server.workers()[0])
    worker.suspend()
    assert eventually(lambda: worker.status() == psutil.STATUS_STOPPED)
    with ExitStack() as stack:
        clients = [
            stack.enter_context(socket.create_connection(("127.0.0.1", server.port), timeout=60))
            for _ in range(4)
        ]
        for client in clients:
            client.sendall(b"GET /metrics HTTP/1.0\r\n\r\n")
        server.process.send_signal(signal.SIGTERM)
        assert eventually(lambda: pending(worker.pid) >> (signal.SIGTERM - 1) & 1)
        worker.resume()
        for client in clients:
            assert b" 200 " in client.makefile("rb").read()
    assert server.process.wait(timeout=60) == 0


def pending(pid: int) -> int:
    """The signals that wait for a process, as bits."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("\nShdPnd:")[2].split()[0], 16)


def refuses(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=60).close()
    except ConnectionRefusedError:
        return True
    return False


@pytest.mark.unmeasured
def test_a_full_disk_stops_nothing(
    start_real: Callable[..., Any], encrypt: Callable[[bytes], str]
) -> None:
    """Its log cannot be written either."""
    options = ("--workers", "1", "--rate-limit", "100")
    with Path("/dev/full").open("w") as full:
        server = start_real(*options, stderr=full)
    for pid in (server.process.pid, *server.workers()):
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (0, 0))  # no file grows
    photo = encrypt(jpeg(head("collins", 160)))
    url = server.url + CONTRACT.path
    for _ in range(3):
        answer = requests.post(url, dict.fromkeys(PHOTOS, photo), timeout=120)
        assert answer.json()["verification_score"] == 1
        assert requests.post(url, {PHOTOS[0]: "x"}, timeout=120).status_code == 400
    assert "verikit_requests_total" in server.get("/metrics").text
    assert server.stop() == 0


@pytest.fixture(autouse=True)
def buffered(monkeypatch: pytest.MonkeyPatch) -> None:
    """What stays in a buffer is tried again as Python ends; it must not change the exit code."""
    monkeypatch.delenv("PYTHONUNBUFFERED", raising=False)


def test_an_output_that_cannot_be_written_is_one_sentence() -> None:
    with Path("/dev/full").open("w") as full:
        result = subprocess.run(
            [sys.executable, "-m", "verikit", "serve", "--port", "0"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert result.returncode == 1
    assert result.stderr == (f"Error: Cannot write to the standard output: {os.strerror(28)}.\n")


def test_without_room_for_temporary_files_it_does_not_start(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def no_room(**_: object) -> None:
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(process, "TemporaryFile", no_room)
    monkeypatch.setattr(command, "load_engine", lambda *_, **__: FakeEngine())
    result = CliRunner().invoke(command.serve, ["--port", "0"])
    assert result.exit_code == 1
    assert "Error: Cannot create a temporary file: free some space" in result.output


@pytest.mark.parametrize("workers", [1, 3])
def test_a_server_that_cannot_compare_does_not_start(
    server_forks: Forks, tmp_path: Path, workers: int
) -> None:
    address, log = tmp_path / "address", tmp_path / "log"
    words = [*fake(workers), str(address)]
    environment = os.environ | {BROKEN: "1"}
    ended = server_forks.start("tests.support.fake_server", words, log, environment).end(120)
    assert ended.status == 1
    assert address.read_text() == "", "it has never been ready"
    assert '"event": "unhealthy"' in ended.output
    assert "Traceback" not in ended.output
    assert "secret of the engine" not in ended.output


def test_no_signal_starts_a_second_server_or_stops_this_one(
    start_live: Callable[..., Any], body: Callable[..., bytes]
) -> None:
    server = start_live()
    for number in (signal.SIGUSR2, signal.SIGUSR1, signal.SIGWINCH, signal.SIGTTIN):
        server.process.send_signal(number)
    assert eventually(lambda: len(server.workers()) == 2)
    assert eventually(lambda: '"signal": "USR2"' in server.log.read_text())
    assert server.post(body()).status_code == 200


def test_a_crash_leaves_no_image_of_the_memory(live: Any) -> None:
    limits = Path(f"/proc/{live.workers()[0]}/limits").read_text()
    (line,) = [line for line in limits.splitlines() if line.startswith("Max core file size")]
    assert line.split()[4:6] in (["0", "0"], ["1", "1"])
