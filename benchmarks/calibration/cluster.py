"""How much faster two Dask workers ask two server workers than one asks one.

The server is either the reference server, whose workers share the cores of this machine with the
clients: on few cores one of each has room that two have not, so they may be pinned to as many cores
as there are of each. Or it is a stand-in that waits instead of computing, as if each of its workers
had a machine of its own: that tells whether planning, asking and keeping answers keep up. Rounds
take turns.

    python -m benchmarks.calibration.cluster people/            # a folder of photos for each person
    python -m benchmarks.calibration.cluster people/ --pin      # each pair of workers on a core
    python -m benchmarks.calibration.cluster people/ --wait 40  # the stand-in: ms for a comparison
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from benchmarks.servers import CONTRACT, free_port, running
from calibration.asking.cluster import asker_of
from calibration.asking.run import Run, evaluate
from calibration.asking.server import RequestPolicy
from calibration.claims import of_contract
from calibration.executors import Workers, open_workers
from calibration.sources.labelled import Choice, open_labelled
from calibration.statistics.verdicts import Rule
from verikit.contract.encryption import Secrets
from verikit.transport import Address, Endpoint

SIZES = (1, 2)


@contextmanager
def reference_server(workers: int) -> Iterator[str]:
    """The reference server with so many workers."""
    url = f"http://127.0.0.1:{free_port()}"
    command = [sys.executable, "-m", "verikit", "serve", "--port", url.rpartition(":")[2]]
    command += ["--workers", str(workers), "--log-level", "warning"]
    with running(command, f"{url}/healthz"):
        yield url


@contextmanager
def cores(count: int | None) -> Iterator[None]:
    """What is started meanwhile runs on the first cores alone; None: wherever it likes."""
    every = os.sched_getaffinity(0)
    os.sched_setaffinity(0, sorted(every)[:count])
    try:
        yield
    finally:
        os.sched_setaffinity(0, every)


@contextmanager
def stand_in(workers: int, seconds: float) -> Iterator[str]:
    """A server of so many workers that take their time over each comparison."""
    turn = threading.Semaphore(workers)
    body = json.dumps({"code": CONTRACT.success_code, "verification_score": 0.25}).encode()

    class Waiting(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            with turn:
                time.sleep(seconds)
            self.send_response(200)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Waiting)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()


def rate(people: Path, url: str, workers: Workers, budget: int, seed: int) -> float:
    """Comparisons a second of a run from its first request to its last answer."""
    choice = Choice(data=str(people.resolve()))
    with tempfile.TemporaryDirectory() as folder:
        run = Run(
            endpoints=(Endpoint(address=Address.of(url)),),
            secrets=Secrets.of(),
            choice=choice,
            labelled=open_labelled(choice),
            folder=Path(folder),
            comparisons=budget,
            policy=RequestPolicy(concurrency=3),
            rule=Rule(),
            claims=of_contract(CONTRACT),
            options={},
            seed=seed,
        )
        start = time.perf_counter()
        evaluate(run, CONTRACT, lambda heard: None, asker_of(workers))
        return budget / (time.perf_counter() - start)


def main() -> None:
    """Start everything once, let the sizes take turns, and print the ratio."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("people", type=Path)
    parser.add_argument("--wait", type=float, help="ms of the stand-in; without it, the real one")
    parser.add_argument(
        "--pin", action="store_true", help="give N server and N Dask workers N cores"
    )
    parser.add_argument("--budget", type=int, default=1000, help="comparisons of a run")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    ratios = []
    with ExitStack() as stack:
        urls, executors = {}, {}
        for size in SIZES:
            wait = options.wait and options.wait / 1000
            server = stand_in(size, wait) if wait else reference_server(size)
            with cores(size if options.pin else None):
                urls[size] = stack.enter_context(server)
                executors[size] = stack.enter_context(open_workers(f"local:{size}", size))
            rate(options.people, urls[size], executors[size], 10 * size, seed=0)
        for seed in range(1, options.rounds + 1):
            one, two = (
                rate(options.people, urls[n], executors[n], options.budget, seed) for n in SIZES
            )
            ratios.append(two / one)
            print(f"{one:.1f}/s with one, {two:.1f}/s with two: {two / one:.2f}", flush=True)
    print(f"median {statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})")


if __name__ == "__main__":
    main()
