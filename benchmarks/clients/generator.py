"""How many checked requests one generator process drives, against a server that does nothing.

    python -m benchmarks.clients.generator [--seconds 10] [--users 16] [--rounds 3]

Prints the rate, the CPU time of the generator for each request, which tells more than the rate
where generator and server share few cores, and that CPU time as a multiple of what Locust's own
fast client takes without looking at answers, measured in turn.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Figures:
    """Requests a second, and CPU seconds of the generator for each."""

    rate: float
    cpu: float


@contextmanager
def trivial_server() -> Iterator[str]:
    """Serve from another process; the URL."""
    command = [sys.executable, str(HERE / "trivial_server.py")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        port = (server.stdout or sys.stdin).readline().strip()
        yield f"http://127.0.0.1:{port}"
        server.terminate()


def load(url: str, profile: str, *options: str) -> dict[str, Any]:
    """Run ``verikit load``; its report."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        command = [sys.executable, "-m", "verikit", "load", url, "--load-profile", profile]
        subprocess.run([*command, *options, "--json", str(report)], check=False)
        found: dict[str, Any] = json.loads(report.read_text())
        return found


def checked(url: str, users: int, seconds: float) -> Figures:
    """By ``verikit load``: every answer is read strictly, judged and counted."""
    report = load(url, "smoke", "--users", str(users), "--duration", str(seconds))
    rate = report["measures"]["rate"]
    return Figures(rate, report["generator_cores"] / rate)


def bare(url: str, users: int, seconds: float) -> Figures:
    """By Locust's own fast client, which looks at no answer."""
    command = [sys.executable, "-m", "locust", "-f", str(HERE / "bare_locust.py")]
    command += ["--headless", "--only-summary", "--host", url, "--run-time", f"{seconds:g}s"]
    command += ["--users", str(users), "--spawn-rate", str(users)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    line = next(line for line in done.stdout.splitlines() if line.startswith("{"))
    return Figures(**json.loads(line))


def main() -> None:
    """Measure in turn and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--users", type=int, default=16)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    ratios, rates, costs = [], [], []
    with trivial_server() as url:
        for _ in range(options.rounds):
            without = bare(url, options.users, options.seconds)
            ours = checked(url, options.users, options.seconds)
            ratios.append(ours.cpu / without.cpu)
            rates.append(ours.rate)
            costs.append(ours.cpu)
    print(f"\n{median(rates):.0f} checked requests/s from one process (median of {len(rates)})")
    print(f"{median(costs) * 1e6:.0f} microseconds of generator CPU for each")
    print(
        f"{median(ratios):.2f} times the CPU of Locust's own fast client without checks "
        f"({min(ratios):.2f} to {max(ratios):.2f})"
    )


if __name__ == "__main__":
    main()
