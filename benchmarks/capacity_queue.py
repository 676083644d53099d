"""Predicts how long clients wait by a simulation, and holds it against a run on two workers.

Measured first: how long one comparison takes while one of two workers is busy, and while both are
(they share caches, and the client's cores). A discrete-event simulation draws from those times.
Requests arrive at random (Poisson), and whoever holds fewest takes the next, as the reference
server's workers do among themselves and a proxy with `least_conn` does among replicas.

    python benchmarks/capacity_queue.py                 # predict, and check on two workers
    python benchmarks/capacity_queue.py --predict-only  # predict 1, 10 and 100 replicas
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import sys
import time
from collections.abc import Callable, Generator, Sequence
from typing import Any

import httpx
import numpy as np
import simpy
from against_deepface import CONTRACT, free_port, portraits, running, sealed_form

WORKERS = 2
REPLICAS = (1, 10, 100)
LOADS = (0.5, 0.7, 0.8, 0.9)


def simulate(arrivals: Sequence[float], replicas: int, draw: Callable[[int], float]) -> list[float]:
    """Seconds from arrival to answer; ``draw`` gives a service time where so many are busy."""
    world = simpy.Environment()
    servers = [simpy.Resource(world) for _ in range(replicas)]
    latencies: list[float] = []

    def request() -> Generator[Any, Any, None]:
        due = world.now
        server = min(servers, key=lambda one: one.count + len(one.queue))
        with server.request() as turn:
            yield turn
            yield world.timeout(draw(sum(one.count for one in servers[:WORKERS])))
        latencies.append(world.now - due)

    def clients() -> Generator[Any, Any, None]:
        for due in arrivals:
            yield world.timeout(due - world.now)
            world.process(request())

    world.process(clients())
    world.run()
    return latencies


def arrivals_of(rate: float, count: int, rng: np.random.Generator) -> list[float]:
    """When requests are due, in seconds."""
    return list(np.cumsum(rng.exponential(1 / rate, count)))


class Probe:
    """Asks a server, a new connection for each request, so that no worker is preferred."""

    def __init__(self, url: str, pixels: int) -> None:
        self._url = url
        self._body = sealed_form(portraits(pixels))
        self._kind = {"content-type": CONTRACT.media_types[0]}

    async def busy(self, clients: int, each: int) -> list[float]:
        """Seconds of each request while so many clients ask without a pause."""
        async with self._client() as http:

            async def ask() -> list[float]:
                return [await self._ask(http, time.perf_counter()) for _ in range(each)]

            return [seconds for found in await asyncio.gather(*(ask() for _ in range(clients)))
                    for seconds in found]  # fmt: skip

    async def arriving(self, arrivals: Sequence[float]) -> list[float]:
        """Seconds from when each request was due."""
        async with self._client() as http:
            start = time.perf_counter() + 0.1

            async def ask(due: float) -> float:
                await asyncio.sleep(start + due - time.perf_counter())
                return await self._ask(http, start + due)

            return list(await asyncio.gather(*map(ask, arrivals)))

    def _client(self) -> httpx.AsyncClient:
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=0)
        return httpx.AsyncClient(timeout=300, limits=limits, trust_env=False)

    async def _ask(self, http: httpx.AsyncClient, due: float) -> float:
        answer = await http.post(self._url, content=self._body, headers=self._kind)
        answer.raise_for_status()
        return time.perf_counter() - due


def p95(seconds: Sequence[float]) -> float:
    """The 95th percentile in milliseconds."""
    return float(np.percentile(seconds, 95)) * 1000


def check(probe: Probe, load: float, count: int, rounds: int) -> list[list[float]]:
    """Prediction and measurement side by side; the service times, by workers busy."""
    rng = np.random.default_rng(1)
    asyncio.run(probe.busy(WORKERS, 10))
    known: list[list[float]] = [[], []]
    told: list[tuple[float, float]] = []
    for _ in range(rounds):
        times = [asyncio.run(probe.busy(n, count // 4)) for n in (1, WORKERS)]
        arrivals = arrivals_of(load * WORKERS / statistics.mean(times[1]), count, rng)
        measured = p95(asyncio.run(probe.arriving(arrivals)))
        again = [asyncio.run(probe.busy(n, count // 4)) for n in (1, WORKERS)]
        drawn = [a + b for a, b in zip(times, again, strict=True)]
        # The same arrivals, and service times drawn anew twenty times.
        runs = [simulate(arrivals, WORKERS, drawing(drawn, rng)) for _ in range(20)]
        predicted = statistics.median(map(p95, runs))
        told.append((predicted, measured))
        for kept, found in zip(known, drawn, strict=True):
            kept.extend(found)
        print(
            f"service {statistics.mean(drawn[0]) * 1000:.1f} ms alone, "
            f"{statistics.mean(drawn[1]) * 1000:.1f} ms beside another; {len(arrivals)} arrivals, "
            f"{arrivals[-1]:.0f} s: p95 predicted {predicted:.0f} ms, measured {measured:.0f} ms "
            f"({predicted / measured - 1:+.0%})",
            flush=True,
        )
    ratios = [predicted / measured for predicted, measured in told]
    print(f"median over rounds: {statistics.median(ratios) - 1:+.1%}; 20 % are allowed")
    return known


def drawing(times: Sequence[Sequence[float]], rng: np.random.Generator) -> Callable[[int], float]:
    """Draws a service time for so many busy workers."""
    pools = [np.array(found) for found in times]

    def draw(busy: int) -> float:
        pool = pools[min(max(busy, 1), len(pools)) - 1]
        return float(pool[rng.integers(pool.size)])

    return draw


def predict(times: Sequence[float], count: int) -> None:
    """The p95 of replicas that have a core each."""
    rng = np.random.default_rng(2)
    mean = statistics.mean(times)
    print(f"p95 in ms; one comparison takes {mean * 1000:.1f} ms, p95 {p95(times):.1f} ms")
    print("load    " + "".join(f"{replicas:>8} replicas" for replicas in REPLICAS))
    for load in LOADS:
        found = []
        for replicas in REPLICAS:
            arrivals = arrivals_of(load * replicas / mean, count, rng)
            latencies = simulate(arrivals, replicas, drawing([times], rng))
            found.append(p95(latencies[count // 10 :]))
        print(f"{load:5.0%}   " + "".join(f"{ms:>17.0f}" for ms in found), flush=True)


def main() -> None:
    """Measure, check, predict."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--pixels", type=int, default=250)
    parser.add_argument("--load", type=float, default=0.7, help="of what two workers can do")
    parser.add_argument("--requests", type=int, default=300, help="of the run that is predicted")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--simulated", type=int, default=40_000, help="requests")
    parser.add_argument("--predict-only", action="store_true")
    options = parser.parse_args()
    port = free_port()
    command = [sys.executable, "-m", "verikit", "serve", "--port", str(port)]
    command += ["--workers", str(WORKERS), "--log-level", "warning"]
    with running(command, f"http://127.0.0.1:{port}/healthz"):
        probe = Probe(f"http://127.0.0.1:{port}{CONTRACT.path}", options.pixels)
        if options.predict_only:
            times = asyncio.run(probe.busy(1, options.requests))
        else:
            times = check(probe, options.load, options.requests, options.rounds)[0]
    predict(times, options.simulated)


if __name__ == "__main__":
    main()
