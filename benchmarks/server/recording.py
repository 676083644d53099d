"""What the metrics cost: the server with them beside the server without them.

Both run one worker and get the same requests in turn: comparisons of two photos, and refusals,
which cost so little themselves that anything else shows. Requests a second are what a client
notices; CPU time of the server a request bears a machine that has other things to do.

    python -m benchmarks.server.recording --rounds 9
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass
from time import perf_counter
from typing import Any

import numpy as np
import psutil
import requests

from benchmarks.servers import CONTRACT, encrypted_form, free_port, portraits, running
from reference_server.monitoring.metrics import Metrics
from verikit.cli import main as verikit

THIS = "benchmarks.server.recording"
OPTIONS = ("--workers", "1", "--log-level", "error")


def serve_without(port: str) -> None:
    """The server with metrics that count nothing."""
    for name in ("change", "answered", "took", "refused_by"):
        setattr(Metrics, name, lambda *_: None)
    setattr(Metrics, "counting", lambda *_: nullcontext())  # noqa: B010 - as above
    verikit(["serve", "--port", port, *OPTIONS])


@dataclass(frozen=True)
class Server:
    """Where it answers, and its worker."""

    url: str
    worker: psutil.Process

    def round(self, body: bytes, seconds: float) -> tuple[float, float]:
        """Requests a second of one client, and CPU milliseconds a request."""
        kind = {"Content-Type": CONTRACT.media_types[0]}
        before, count, start = self._cpu_ms(), 0, perf_counter()
        with requests.Session() as session:
            while perf_counter() - start < seconds:
                session.post(self.url, body, headers=kind, timeout=60)
                count += 1
        return count / (perf_counter() - start), (self._cpu_ms() - before) / count

    def _cpu_ms(self) -> float:
        times = self.worker.cpu_times()
        return 1000 * (times.user + times.system)


@contextmanager
def server(*command: str) -> Iterator[Server]:
    """A server on a free port."""
    port = str(free_port())
    url = f"http://127.0.0.1:{port}"
    line = [sys.executable, *(part.format(port=port) for part in command)]
    with running(line, f"{url}/healthz") as process:
        (worker,) = psutil.Process(process.pid).children()
        yield Server(url + CONTRACT.path, worker)


def compare(name: str, body: bytes, rounds: int, seconds: float) -> dict[str, Any]:
    """Both servers in turn."""
    with ExitStack() as stack:
        servers = [
            stack.enter_context(server("-m", "verikit", "serve", "--port", "{port}", *OPTIONS)),
            stack.enter_context(server("-m", THIS, "--serve-without", "{port}")),
        ]
        for each in servers:
            each.round(body, 1)  # warm up
        found = np.array([[s.round(body, seconds) for s in servers] for _ in range(rounds)])
    ratios = found[:, 0] / found[:, 1]
    return {
        "request": name,
        "per_second_ratio": np.median(ratios[:, 0]),
        "cpu_ms_with": np.median(found[:, 0, 1]),
        "cpu_ms_without": np.median(found[:, 1, 1]),
        "cpu_ratio": np.median(ratios[:, 1]),
        "cpu_ratio_range": (ratios[:, 1].min(), ratios[:, 1].max()),
    }


def main() -> None:
    """Print the table, or the figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--seconds", type=float, default=4, help="length of a round")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--serve-without", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve_without:
        serve_without(options.serve_without)
    bodies = {"comparison": encrypted_form(portraits(250)), "refusal": b"nothing=here"}
    rows = [compare(*each, options.rounds, options.seconds) for each in bodies.items()]
    if options.json:
        print(json.dumps(rows, indent=2))
        return
    for row in rows:
        print(
            "{request:10}  {cpu_ms_with:.3f} ms of CPU with metrics, {cpu_ms_without:.3f} without: "
            "ratio {cpu_ratio:.3f} ({cpu_ratio_range[0]:.3f} - {cpu_ratio_range[1]:.3f}); "
            "requests a second: ratio {per_second_ratio:.3f}".format(**row)
        )


if __name__ == "__main__":
    main()
