"""What the metrics cost: requests a second of the server with them over those without them.

Both servers run one worker and get the same requests in turn: comparisons of two photos, and
refusals, which cost so little themselves that anything else shows.

    python benchmarks/recording.py --rounds 9
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from time import perf_counter

import requests
from against_deepface import CONTRACT, free_port, portraits, running, sealed_form

from reference_server.metrics import Metrics
from verikit.cli import main as verikit

OPTIONS = ("--workers", "1", "--log-level", "error")


def serve_without(port: str) -> None:
    """The server with metrics that count nothing."""
    for name in ("change", "answered", "took", "turned_away"):
        setattr(Metrics, name, lambda *_: None)
    setattr(Metrics, "counting", lambda *_: nullcontext())  # noqa: B010 - as above
    verikit(["serve", "--port", port, *OPTIONS])


@contextmanager
def server(*command: str) -> Iterator[str]:
    """A server on a free port."""
    port = str(free_port())
    url = f"http://127.0.0.1:{port}"
    line = [part.format(port=port) for part in command]
    with running([sys.executable, *line], f"{url}/healthz"):
        yield url + CONTRACT.path


def rate(url: str, body: bytes, seconds: float) -> float:
    """Requests a second of one client over a stretch of time."""
    kind = {"Content-Type": CONTRACT.media_types[0]}
    with requests.Session() as session:
        count, start = 0, perf_counter()
        while perf_counter() - start < seconds:
            session.post(url, body, headers=kind, timeout=60)
            count += 1
        return count / (perf_counter() - start)


def compare(name: str, body: bytes, rounds: int, seconds: float) -> dict[str, object]:
    """Both servers in turn."""
    with ExitStack() as stack:
        urls = [
            stack.enter_context(server("-m", "verikit", "serve", "--port", "{port}", *OPTIONS)),
            stack.enter_context(server(__file__, "--serve-without", "{port}")),
        ]
        for url in urls:
            rate(url, body, 1)  # warm up
        rates = [[rate(url, body, seconds) for url in urls] for _ in range(rounds)]
    ratios = [counting / plain for counting, plain in rates]
    return {
        "request": name,
        "with_per_second": statistics.median(counting for counting, _ in rates),
        "without_per_second": statistics.median(plain for _, plain in rates),
        "ratio": statistics.median(ratios),
        "ratio_range": (min(ratios), max(ratios)),
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
    bodies = {"comparison": sealed_form(portraits(250)), "refusal": b"nothing=here"}
    rows = [compare(*each, options.rounds, options.seconds) for each in bodies.items()]
    if options.json:
        print(json.dumps(rows, indent=2))
        return
    for row in rows:
        print(
            "{request:10}  {with_per_second:7.1f}/s with metrics, {without_per_second:7.1f}/s "
            "without: ratio {ratio:.3f} ({ratio_range[0]:.3f} - {ratio_range[1]:.3f})".format(**row)
        )


if __name__ == "__main__":
    main()
