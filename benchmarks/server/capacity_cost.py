"""What comparisons cost: requests a core-second by photo size, and core-hours and money of a table.

CPU time of the server's processes is counted, not the time of the clock: so the figures hold on a
machine that does other things too. They are of this machine's cores.

    python -m benchmarks.server.capacity_cost --price 0.05
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
from collections.abc import Iterable

import psutil
import requests

from benchmarks.servers import CONTRACT, encrypted_form, free_port, portraits, running
from calibration.statistics.planning import to_fail, to_pass, without_errors

MATED_SHARE = 0.1
"""Of ``verikit calibrate``: so many pairs of a run are no non-mated comparisons."""
TOLERANCE = 2.0


def per_core_second(pixels: int, times: int, rounds: int) -> list[float]:
    """Comparisons for each second of CPU time that the server spent, round by round."""
    port = free_port()
    command = [sys.executable, "-m", "verikit", "serve", "--port", str(port), "--workers", "1"]
    ready = f"http://127.0.0.1:{port}/healthz"
    body, kind = encrypted_form(portraits(pixels)), {"Content-Type": CONTRACT.media_types[0]}
    url = f"http://127.0.0.1:{port}{CONTRACT.path}"
    with running([*command, "--log-level", "warning"], ready) as server, requests.Session() as http:
        found = []
        for _ in range(rounds + 1):
            before = cpu_seconds(server.pid)
            for _ in range(times):
                http.post(url, data=body, headers=kind, timeout=300).raise_for_status()
            found.append(times / (cpu_seconds(server.pid) - before))
    return found[1:]


def cpu_seconds(pid: int) -> float:
    """What a process and its children have used."""
    parent = psutil.Process(pid)
    times = [process.cpu_times() for process in (parent, *parent.children(recursive=True))]
    return sum(time.user + time.system for time in times)


def bill(comparisons: float, rate: float, price: float) -> str:
    """Core-hours and money of comparisons at ``rate`` a core-second."""
    hours = comparisons / rate / 3600
    return f"{comparisons:16,.0f} {hours:12,.2f} core-hours {hours * price:12,.2f}"


def rows() -> Iterable[tuple[str, float]]:
    """Pairs to ask until each row of the table is decided, mated ones included."""
    for threshold, claimed in CONTRACT.error_rates.rows:
        for title, needed in (
            ("no error in", without_errors(claimed)),
            ("detects twice the rate", to_fail(claimed, 2)),
            ("passes a right server", to_pass(claimed, TOLERANCE)),
        ):
            yield f"{threshold:g} {title}", needed / (1 - MATED_SHARE)


def main() -> None:
    """Measure and print, or print as JSON what was measured."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--pixels", type=int, nargs="+", default=[250, 500, 1000, 2000, 4000])
    parser.add_argument("--times", type=int, default=40, help="comparisons of a round")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--price", type=float, default=0.05, help="of a core-hour")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    rates = {p: per_core_second(p, options.times, options.rounds) for p in options.pixels}
    if options.json:
        print(json.dumps(rates, indent=2))
        return
    for pixels, found in rates.items():
        middle = statistics.median(found)
        print(f"{pixels:5} px {middle:7.1f} a core-second ({min(found):.1f} to {max(found):.1f})")
    rate = statistics.median(rates[options.pixels[0]])
    print(f"at {options.pixels[0]} px and {options.price} a core-hour:")
    for title, comparisons in [*rows(), ("ten million", 1e7), ("a thousand million", 1e9)]:
        print(f"{title:28} {bill(comparisons, rate, options.price)}")


if __name__ == "__main__":
    main()
