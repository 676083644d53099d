"""How many checked requests one generator process drives, against a server that does nothing.

    python benchmarks/load_generator.py [--seconds 15] [--users 16]

Prints the rate and the CPU time of the generator for each request, which tells more than the rate
where generator and server share few cores.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent


@contextmanager
def trivial_server() -> Iterator[str]:
    """Serve from another process; the URL."""
    command = [sys.executable, str(HERE / "load_trivial_server.py")]
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


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--seconds", type=float, default=15)
    parser.add_argument("--users", type=int, default=16)
    options = parser.parse_args()
    with trivial_server() as url:
        report = load(
            url, "smoke", "--users", str(options.users), "--duration", str(options.seconds)
        )
    rate, cores = report["measures"]["rate"], report["generator_cores"]
    print(f"\n{rate:.0f} checked requests/s from one process")
    print(f"{cores / rate * 1e6:.0f} microseconds of generator CPU for each")
    print(f"target of 4,000 a second: {'reached' if rate >= 4000 else 'missed'}")


if __name__ == "__main__":
    main()
