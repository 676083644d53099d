"""A worker is killed under load: how many answers are lost, and when does the next one come?

Clients ask without a pause, each on a new connection. The worker is stopped for a moment, so that
its connections can be counted, then killed.

    python -m benchmarks.server.worker_kill --workers 1 --kills 10
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass
from threading import Event

import psutil
import requests

from benchmarks.servers import CONTRACT, encrypted_form, free_port, portraits, running

CLIENTS = 16
SETTLE_SECONDS = 2.0


@dataclass(frozen=True)
class Kill:
    """Answers lost and connections that the worker held; seconds until the next good answer."""

    lost: int
    held: int
    seconds_to_next: float


def ask(url: str, body: bytes, enough: Event) -> list[tuple[float, bool]]:
    """When each answer came, and whether it was a good one."""
    answers = []
    kind = {"Content-Type": CONTRACT.media_types[0]}
    while not enough.is_set():
        try:
            good = requests.post(url, body, headers=kind, timeout=60).ok
        except requests.ConnectionError:
            good = False
        answers.append((time.perf_counter(), good))
    return answers


def kill_one(server: subprocess.Popen[bytes]) -> tuple[int, float]:
    """How many connections the worker held, and when it was killed."""
    worker = psutil.Process(server.pid).children()[0]
    worker.suspend()
    time.sleep(0.05)
    connections = worker.net_connections("tcp")
    held = sum(each.status != psutil.CONN_LISTEN for each in connections)
    killed = time.perf_counter()
    worker.kill()
    return held, killed


def one_kill(server: subprocess.Popen[bytes], url: str, body: bytes) -> Kill:
    """Load, a kill in the middle of it, load."""
    enough = Event()
    with ThreadPoolExecutor(CLIENTS) as pool:
        clients: list[Future[list[tuple[float, bool]]]] = [
            pool.submit(ask, url, body, enough) for _ in range(CLIENTS)
        ]
        time.sleep(SETTLE_SECONDS)
        held, killed = kill_one(server)
        time.sleep(2 * SETTLE_SECONDS)
        enough.set()
    answers = [answer for client in clients for answer in client.result()]
    lost = sum(not good for _, good in answers)
    return Kill(lost, held, min(when for when, good in answers if good and when > killed) - killed)


def main() -> None:
    """Print each kill, or all of them as JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    address = f"http://127.0.0.1:{(port := free_port())}"
    command = [sys.executable, "-m", "verikit", "serve", "--port", str(port)]
    command += ["--workers", str(options.workers), "--log-level", "error"]
    with running(command, f"{address}/healthz") as server:
        body = encrypted_form(portraits(250))
        url = address + CONTRACT.path
        kills = [one_kill(server, url, body) for _ in range(options.kills)]
    if options.json:
        print(json.dumps([asdict(each) for each in kills], indent=2))
        return
    for each in kills:
        print(
            f"lost {each.lost} of {each.held} held; next answer after {each.seconds_to_next:.2f} s"
        )
    print(f"slowest: {max(each.seconds_to_next for each in kills):.2f} s")


if __name__ == "__main__":
    main()
