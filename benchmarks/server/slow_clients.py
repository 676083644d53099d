"""What idle and slow clients cost a normal one: its latency with them over that without them.

Two clients measure all the time, one asks for comparisons and one for /healthz. In every other
round a second process keeps idle connections open, and others whose bodies trickle in; what the
server cuts off comes back at once.

    python -m benchmarks.server.slow_clients --rounds 6
"""

from __future__ import annotations

import argparse
import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from typing import Any

import numpy as np
import requests
from numpy.typing import NDArray

from benchmarks.servers import CONTRACT, encrypted_form, free_port, portraits, running

THIS = "benchmarks.server.slow_clients"
Array = NDArray[np.float64]

HEAD = (
    f"{CONTRACT.method} {CONTRACT.path} HTTP/1.1\r\nHost: x\r\n"
    f"Content-Type: {CONTRACT.media_types[0]}\r\nContent-Length: 1000000\r\n\r\n"
).encode()
MEASURED = ("comparison", "healthz")


async def connect(port: int, *, trickle: bool) -> None:
    """Hold a connection open, again and again: in silence, or with a body that never ends."""
    while True:
        with suppress(OSError):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            if trickle:
                writer.write(HEAD)
                sending = asyncio.create_task(send_slowly(writer))
            await reader.read()
            if trickle:
                sending.cancel()
            writer.close()
        await asyncio.sleep(0.1)


async def send_slowly(writer: asyncio.StreamWriter) -> None:
    """500 bytes a second."""
    with suppress(OSError):
        while True:
            writer.write(b"x" * 100)
            await writer.drain()
            await asyncio.sleep(0.2)


async def disturb(port: int, idle: int, slow: int) -> None:
    """All of them, until the process is ended."""
    tasks = [connect(port, trickle=number < slow) for number in range(idle + slow)]
    print("here", flush=True)
    await asyncio.gather(*tasks)


@contextmanager
def disturbers(port: int, idle: int, slow: int) -> Iterator[None]:
    """Idle and slow clients in a process of their own."""
    command = [sys.executable, "-m", THIS, "--disturb", str(port), str(idle), str(slow)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        if process.stdout:
            process.stdout.readline()
        time.sleep(1)
        try:
            yield
        finally:
            process.terminate()
    time.sleep(1)


def latencies(ask: Callable[[requests.Session], requests.Response], seconds: float) -> list[float]:
    """Milliseconds of each answer over a stretch of time, one request after the other."""
    found = []
    end = time.perf_counter() + seconds
    with requests.Session() as session:
        while (start := time.perf_counter()) < end:
            ask(session).raise_for_status()
            found.append((time.perf_counter() - start) * 1000)
    return found


def p95s(url: str, body: bytes, seconds: float) -> tuple[float, float]:
    """95 % of the answers came within: to comparisons, to /healthz."""
    kind = {"Content-Type": CONTRACT.media_types[0]}
    asks = (
        lambda session: session.post(url + CONTRACT.path, body, headers=kind, timeout=60),
        lambda session: session.get(url + "/healthz", timeout=60),
    )
    with ThreadPoolExecutor(2) as pool:
        runs = pool.map(lambda ask: latencies(ask, seconds), asks)
        comparison, healthz = (float(np.percentile(run, 95)) for run in runs)
    return comparison, healthz


def measure(idle: int, slow: int, rounds: int, seconds: float) -> list[dict[str, Any]]:
    """Rounds without and with them in turn, so that whatever else happens falls on both."""
    body, port = encrypted_form(portraits(250)), free_port()
    url = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "verikit", "serve", "--port", str(port)]
    calm, disturbed = [], []
    with running([*command, "--log-level", "error"], f"{url}/healthz"):
        p95s(url, body, 2)  # warm up
        for _ in range(rounds):
            calm.append(p95s(url, body, seconds))
            with disturbers(port, idle, slow):
                disturbed.append(p95s(url, body, seconds))
    columns = (MEASURED, np.transpose(calm), np.transpose(disturbed))
    return [row(*each) for each in zip(*columns, strict=True)]


def row(name: str, calm: Array, disturbed: Array) -> dict[str, Any]:
    """Medians over the rounds, and the ratio of each pair of rounds."""
    ratios = disturbed / calm
    return {
        "request": name,
        "p95_ms_alone": float(np.median(calm)),
        "p95_ms_among_them": float(np.median(disturbed)),
        "ratio": float(np.median(ratios)),
        "ratio_range": (float(ratios.min()), float(ratios.max())),
    }


def main() -> None:
    """Print the table, or the figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--idle", type=int, default=200)
    parser.add_argument("--slow", type=int, default=50)
    parser.add_argument("--rounds", type=int, default=6)
    parser.add_argument("--seconds", type=float, default=8, help="length of a round")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--disturb", type=int, nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.disturb:
        asyncio.run(disturb(*options.disturb))
    rows = measure(options.idle, options.slow, options.rounds, options.seconds)
    if options.json:
        print(json.dumps(rows, indent=2))
        return
    print(f"p95 among {options.idle} idle and {options.slow} slow clients, and alone")
    for each in rows:
        print(
            "{request:10}  {p95_ms_among_them:7.1f} ms  {p95_ms_alone:7.1f} ms  "
            "ratio {ratio:.2f} ({ratio_range[0]:.2f} - {ratio_range[1]:.2f})".format(**each)
        )


if __name__ == "__main__":
    main()
