"""What the strict, bounded reader costs: our transport beside http.client and requests, in turn.

    python -m benchmarks.clients.reader_overhead [--requests 400] [--rounds 7]

Each way sends the same form to a server that does nothing, and reads the JSON of the answer: as
check does (a connection each), as verify and the client do (one kept open), and as calibrate does
(kept open, asyncio). Printed is the CPU time of a request in this process, and the ratio to each
plain way in the same round, median (least to most). For load, see generator.py.
"""

from __future__ import annotations

import argparse
import asyncio
import http.client
import json
import time
from collections.abc import Callable
from statistics import median
from urllib.parse import urlsplit

import requests

from benchmarks.clients.generator import trivial_server
from loadtests.generator.cases import build_cases
from loadtests.profile import COMPARISON
from verikit.contract import load_contract
from verikit.contract.encryption import Secrets
from verikit.transport import Address, Endpoint, Pool, Request
from verikit.transport.async_connection import AsyncPool
from verikit.transport.strict_json import read_json

CONTRACT = load_contract()
Way = Callable[[str, Request, int], None]
HEADERS = {"Content-Type": CONTRACT.media_types[0]}


def ours_anew(url: str, request: Request, count: int) -> None:
    """As check."""
    with Pool(Endpoint(address=Address.of(url))) as pool:
        for _ in range(count):
            read_json(pool.ask(request, new_connection=True).body)


def ours_kept(url: str, request: Request, count: int) -> None:
    """As verify and the client."""
    with Pool(Endpoint(address=Address.of(url))) as pool:
        for _ in range(count):
            read_json(pool.ask(request).body)


def ours_async(url: str, request: Request, count: int) -> None:
    """As calibrate."""

    async def ask() -> None:
        async with AsyncPool(Endpoint(address=Address.of(url))) as pool:
            for _ in range(count):
                read_json((await pool.ask(request)).body)

    asyncio.run(ask())


def _over(connection: http.client.HTTPConnection, request: Request) -> None:
    connection.request(request.method, request.path, request.body, HEADERS)
    json.loads(connection.getresponse().read())


def http_client_anew(url: str, request: Request, count: int) -> None:
    """http.client, a connection each."""
    for _ in range(count):
        connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=30)
        _over(connection, request)
        connection.close()


def http_client_kept(url: str, request: Request, count: int) -> None:
    """http.client, one connection."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=30)
    for _ in range(count):
        _over(connection, request)
    connection.close()


def requests_anew(url: str, request: Request, count: int) -> None:
    """requests, a connection each."""
    for _ in range(count):
        requests.post(url + request.path, request.body, headers=HEADERS, timeout=30).json()


def requests_kept(url: str, request: Request, count: int) -> None:
    """requests with a session."""
    with requests.Session() as session:
        for _ in range(count):
            session.post(url + request.path, request.body, headers=HEADERS, timeout=30).json()


PAIRS: dict[str, tuple[Way, tuple[Way, ...]]] = {
    "check": (ours_anew, (http_client_anew, requests_anew)),
    "verify, client": (ours_kept, (http_client_kept, requests_kept)),
    "calibrate": (ours_async, (http_client_kept, requests_kept)),
}


def cpu(way: Way, url: str, request: Request, count: int) -> float:
    """Microseconds of CPU for each request."""
    start = time.process_time()
    way(url, request, count)
    return (time.process_time() - start) / count * 1e6


def main() -> None:
    """Measure in turn and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--requests", type=int, default=400)
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    request = build_cases(CONTRACT, {COMPARISON: 1}, (250,), Secrets.of())[COMPARISON][0].request
    print(f"Bodies of {len(request.body):,} bytes; CPU in this process")
    with trivial_server() as url:
        for tool, (ours, plain) in PAIRS.items():
            rounds = [
                [cpu(way, url, request, options.requests) for way in (ours, *plain)]
                for _ in range(options.rounds)
            ]
            said = [f"{median(found[0] for found in rounds):.0f} us"]
            for place, way in enumerate(plain, 1):
                ratios = [found[0] / found[place] for found in rounds]
                around = f"({min(ratios):.2f} to {max(ratios):.2f})"
                said.append(f"{median(ratios):.2f} {around} of {way.__name__}")
            print(f"{tool:14} " + ", ".join(said))


if __name__ == "__main__":
    main()
