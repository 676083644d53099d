"""Does the reference server answer calibration as its engine does without a server?

The server runs with the map that it ships, ``verikit calibrate`` asks it about random pairs of a
folder of labelled people, and every answer is compared with the engine's own score::

    python -m benchmarks.calibration.reference lfw/ --out reports/reference
"""

from __future__ import annotations

import argparse
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import numpy as np

from benchmarks.servers import CONTRACT, verikit_server
from reference_server.faces.engine import Engine, load_engine
from reference_server.refusals import Refusal
from reference_server.request.photo import read_photo
from verikit.contract import load_contract


def main() -> None:
    """Ask, compare, and print what was found."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("people", type=Path, help="a folder with a folder of photos for each")
    parser.add_argument("--out", type=Path, required=True, help="a folder for the report")
    parser.add_argument("--pairs", type=int, default=3000)
    arguments = parser.parse_args()
    over_http(load_engine(), arguments.people, arguments.out, arguments.pairs)


def over_http(engine: Engine, people: Path, out: Path, pairs: int) -> None:
    """The same pairs with and without a server."""
    print(f"\n{pairs:,} pairs over HTTP", flush=True)
    with verikit_server() as (url, _):
        server = url.removesuffix(CONTRACT.path)
        calibrate(server, "--data", people, "--budget", pairs, "--out", out, "--rate", 1000)
    with closing(sqlite3.connect(out / "answers.sqlite")) as database:
        database.row_factory = sqlite3.Row
        answers = database.execute("SELECT * FROM answers").fetchall()
    scored = [line for line in answers if line["score"] is not None]
    gaps = [abs(line["score"] - offline(engine, people, line)) for line in scored]
    refused = [line for line in answers if line["code"] is not None]
    agreed = sum(np.isnan(offline(engine, people, line)) for line in refused)
    print(f"largest difference of {len(gaps):,} scores: {max(gaps):.1e}")
    print(f"refused by both: {agreed} of {len(refused)} refused over HTTP")


def offline(engine: Engine, people: Path, answer: sqlite3.Row) -> float:
    """The engine's own score, NaN where it finds no face."""
    standards = load_contract().photo_standards
    first, second = (
        read_photo((people / answer[name]).read_bytes(), standards) for name in ("first", "second")
    )
    try:
        return engine.compare(first, second)
    except Refusal:
        return float("nan")


def calibrate(*arguments: object) -> None:
    """Run the command as a user does; any verdict is welcome, wrong use is not."""
    command = [sys.executable, "-m", "verikit", "calibrate", *map(str, arguments)]
    if subprocess.run(command, check=False).returncode == 2:
        raise SystemExit("verikit calibrate was called wrongly")


if __name__ == "__main__":
    main()
