"""Predicts how long clients wait by a simulation, and holds it against a run on two workers.

Requests arrive at random (Poisson), whoever holds fewest takes the next, as the reference server's
workers do among themselves and a proxy with `least_conn` does among replicas, and each worker
serves them one after the other. How long one takes is measured: the server's log has the
milliseconds of each request without its wait; what client and HTTP add is measured without a queue.

Two predictions are held against a run: from the service times of the run before it, at the same
rate, and from its own. The second tells whether the model of the queue is right even while other
work on the machine slows servers down now and then; the first needs an idle machine as well.
Service times are drawn in stretches as they came, because slow ones come together, and queues grow
then. Those of clients that ask without a pause would be no guide: who sends requests shares the
cores with the workers, so the load under which a service is timed is part of the measurement.

    python -m benchmarks.server.capacity_queue
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import simpy

from benchmarks.servers import CONTRACT, answers, encrypted_form, free_port, portraits

WORKERS = 2
REPLICAS = (1, 10, 100)
LOADS = (0.5, 0.7, 0.8, 0.9)
STRETCH, DRAWS = 100, 20
BEFORE_SERVICE = ("receive", "wait")


def simulate(arrivals: Sequence[float], services: Sequence[float], replicas: int) -> list[float]:
    """Seconds from arrival to answer, in the order of arrival."""
    world = simpy.Environment()
    servers = [simpy.Resource(world) for _ in range(replicas)]
    latencies = [0.0] * len(arrivals)

    def request(number: int) -> Generator[Any, Any, None]:
        server = min(servers, key=lambda one: one.count + len(one.queue))
        with server.request() as turn:
            yield turn
            yield world.timeout(services[number])
        latencies[number] = world.now - arrivals[number]

    def clients() -> Generator[Any, Any, None]:
        for number, due in enumerate(arrivals):
            yield world.timeout(due - world.now)
            world.process(request(number))

    world.process(clients())
    world.run()
    return latencies


def arrivals_of(rate: float, count: int, rng: np.random.Generator) -> list[float]:
    """When requests are due, in seconds."""
    return list(np.cumsum(rng.exponential(1 / rate, count)))


def stretches(services: Sequence[float], count: int, rng: np.random.Generator) -> list[float]:
    """As many service times, drawn in stretches (circular block bootstrap)."""
    starts = rng.integers(len(services), size=-(-count // STRETCH))
    places = (starts[:, None] + np.arange(STRETCH)).ravel()[:count] % len(services)
    return [services[place] for place in places]


@dataclass(frozen=True)
class Asked:
    """When requests were due, and the seconds to each answer and of its service alone."""

    arrivals: Sequence[float]
    latencies: list[float]
    services: list[float]

    @property
    def besides(self) -> np.ndarray:
        """What each request took besides, without a queue."""
        return np.subtract(self.latencies, self.services)


class Probe:
    """Asks a server, a new connection for each request, so that no worker is preferred."""

    def __init__(self, url: str, log: Path, pixels: int) -> None:
        self._url = url
        self._log = log
        self._body = encrypted_form(portraits(pixels))
        self._kind = {"content-type": CONTRACT.media_types[0]}

    def busy(self, clients: int, each: int) -> Asked:
        """So many clients ask without a pause."""

        async def ask(http: httpx.AsyncClient) -> list[tuple[str, float]]:
            return [await self._ask(http, time.perf_counter()) for _ in range(each)]

        async def every() -> list[tuple[str, float]]:
            async with self._client() as http:
                found = await asyncio.gather(*(ask(http) for _ in range(clients)))
            return [one for some in found for one in some]

        return self._with_services((), asyncio.run(every()))

    def arriving(self, arrivals: Sequence[float]) -> Asked:
        """Requests come when they are due."""

        async def ask(http: httpx.AsyncClient, due: float) -> tuple[str, float]:
            await asyncio.sleep(due - time.perf_counter())
            return await self._ask(http, due)

        async def every() -> list[tuple[str, float]]:
            async with self._client() as http:
                start = time.perf_counter() + 0.1
                return list(await asyncio.gather(*(ask(http, start + due) for due in arrivals)))

        return self._with_services(arrivals, asyncio.run(every()))

    def _client(self) -> httpx.AsyncClient:
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=0)
        return httpx.AsyncClient(timeout=300, limits=limits, trust_env=False)

    async def _ask(self, http: httpx.AsyncClient, due: float) -> tuple[str, float]:
        answer = await http.post(self._url, content=self._body, headers=self._kind)
        seconds = time.perf_counter() - due
        return answer.raise_for_status().json()["request_id"], seconds

    def _with_services(self, arrivals: Sequence[float], asked: list[tuple[str, float]]) -> Asked:
        spent: dict[str, float] = {}
        for line in self._log.read_text().splitlines():
            fields = json.loads(line) if line.startswith("{") else {}
            if "stages" in fields:
                before = sum(fields["stages"].get(stage, 0.0) for stage in BEFORE_SERVICE)
                spent[fields["request_id"]] = fields["ms"] - before
        latencies = [seconds for _, seconds in asked]
        return Asked(arrivals, latencies, [spent[name] / 1000 for name, _ in asked])


def p95(seconds: Sequence[float] | np.ndarray) -> float:
    """The 95th percentile in milliseconds."""
    return float(np.percentile(seconds, 95)) * 1000


def check(probe: Probe, besides: np.ndarray, load: float, count: int, rounds: int) -> None:
    """Predictions and measurement side by side, after a run that only measures."""
    rng = np.random.default_rng(1)
    rate = load * WORKERS / statistics.mean(probe.busy(WORKERS, count // 6).services)
    runs = [probe.arriving(arrivals_of(rate, count, rng)) for _ in range(rounds + 1)]
    off: list[tuple[float, float]] = []
    for before, run in pairwise(runs):
        drawn = [stretches(before.services, count, rng) for _ in range(DRAWS)]
        extra = rng.choice(besides, count)
        predicted, replayed = (
            p95(np.concatenate([simulate(run.arrivals, one, WORKERS) + extra for one in services]))
            for services in (drawn, [run.services])
        )
        measured = p95(run.latencies)
        off.append((predicted / measured - 1, replayed / measured - 1))
        used = sum(run.services) / WORKERS / run.arrivals[-1]
        print(
            f"service {statistics.mean(before.services) * 1000:.1f} ms in the run before and "
            f"{statistics.mean(run.services) * 1000:.1f} ms in it; workers busy {used:.0%} of "
            f"{run.arrivals[-1]:.0f} s; p95 measured {measured:.0f} ms, predicted "
            f"{predicted:.0f} ms ({off[-1][0]:+.0%}), from the run's own service times "
            f"{replayed:.0f} ms ({off[-1][1]:+.0%})",
            flush=True,
        )
    first, second = (statistics.median(part) for part in zip(*off, strict=True))
    print(f"medians: {first:+.1%} and {second:+.1%}; 20 % are allowed")


def predict(alone: Asked, count: int) -> None:
    """The p95 of replicas that have a core each."""
    rng = np.random.default_rng(2)
    mean = statistics.mean(alone.services)
    print(f"p95 in ms; a service takes {mean * 1000:.1f} ms, p95 {p95(alone.services):.1f} ms")
    print("load    " + "".join(f"{replicas:>8} replicas" for replicas in REPLICAS))
    for load in LOADS:
        found = []
        for replicas in REPLICAS:
            arrivals = arrivals_of(load * replicas / mean, count, rng)
            latencies = simulate(arrivals, stretches(alone.services, count, rng), replicas)
            found.append(p95((latencies + rng.choice(alone.besides, count))[count // 10 :]))
        print(f"{load:5.0%}   " + "".join(f"{ms:>17.0f}" for ms in found), flush=True)


@contextmanager
def server(log: Path) -> Iterator[str]:
    """The reference server with two workers that writes its log there; its URL."""
    port = free_port()
    command = [sys.executable, "-m", "verikit", "serve", "--port", str(port)]
    with log.open("wb") as file:
        process = subprocess.Popen(
            [*command, "--workers", str(WORKERS), "--log-level", "info"], stdout=file, stderr=file
        )
        try:
            if not answers(process, f"http://127.0.0.1:{port}/healthz"):
                raise SystemExit(f"the server did not start: {log.read_text()}")
            yield f"http://127.0.0.1:{port}{CONTRACT.path}"
        finally:
            process.terminate()
            process.wait()


def main() -> None:
    """Measure, check, predict."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--pixels", type=int, default=250)
    parser.add_argument("--load", type=float, default=0.7, help="of what two workers can do")
    parser.add_argument("--requests", type=int, default=1200, help="of a run that is predicted")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--simulated", type=int, default=40_000, help="requests")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "log"
        with server(log) as url:
            probe = Probe(url, log, options.pixels)
            probe.busy(WORKERS, 10)
            alone = probe.busy(1, options.requests // 2)
            check(probe, alone.besides, options.load, options.requests, options.rounds)
    predict(alone, options.simulated)


if __name__ == "__main__":
    main()
