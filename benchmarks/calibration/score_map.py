"""How well a fitted score keeps the documented table on people it was not fitted to.

For several ways to part the people in two halves, ``verikit fit`` fits to one half and ``verikit
calibrate`` compares all pairs of the other. Prints medians and ranges over the splits: the false
match rate at each documented threshold, and the false non-match rate at given false match rates.

    verikit templates lfw/ --out lfw.npz --subject centre \\
        --label-errors datasets/lfw/label-errors.csv
    python -m benchmarks.calibration.score_map lfw.npz --splits 10
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from reference_server.commands.fit import HELD_OUT


def main() -> None:
    """Print a table; write the figures that docs/pictures.py draws, if asked."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("templates", type=Path)
    parser.add_argument("--splits", type=int, default=10)
    parser.add_argument("--json", type=Path, help="a file to write")
    options = parser.parse_args()
    summary = summed_up([split(options.templates, seed) for seed in range(options.splits)])
    if options.json:
        options.json.write_text(json.dumps(summary, indent=1) + "\n", encoding="utf-8")
    for row in summary["thresholds"]:
        print(f"score >= {row['threshold']:g}: FMR / claimed {told(row['fmr'], row['claimed'])}")
    for row in summary["operating_points"]:
        print(f"FNMR at FMR {row['fmr']:.0e}: {told(row['fnmr'], 0.01)} %")


def split(templates: Path, seed: int) -> dict[str, Any]:
    """What `verikit calibrate` says of the half that was held out."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder)
        run("fit", templates, "--out", out, "--hold-out", 0.5, "--seed", seed)
        (score_map,) = out.glob("*.json")
        held_out = out / HELD_OUT
        judged = run(
            *("calibrate", held_out, "--score-map", score_map, "--json", "--out", out / "report")
        )
    print(f"split {seed} is done", file=sys.stderr, flush=True)
    found: dict[str, Any] = json.loads(judged)
    return found


def run(*arguments: object) -> str:
    """Run a command as a user does; any verdict is welcome, wrong use is not."""
    command = [sys.executable, "-m", "verikit", *map(str, arguments)]
    done = subprocess.run(command, check=False, stdout=subprocess.PIPE, text=True)
    if done.returncode == 2:
        raise SystemExit(f"wrong use: {' '.join(command)}")
    return done.stdout


def summed_up(splits: list[dict[str, Any]]) -> dict[str, Any]:
    """Lowest, median and highest of each figure over the splits."""
    points = [split["operating_points"] for split in splits]
    return {
        "splits": len(splits),
        "people": [split["people"] for split in splits],
        "thresholds": [
            {
                "threshold": rows[0]["threshold"],
                "claimed": rows[0]["claimed"],
                "fmr": spread([row["fmr"] for row in rows]),
                "fnmr": spread([row["fnmr"]["rate"] for row in rows]),
            }
            for rows in zip(*(split["rows"] for split in splits), strict=True)
        ],
        "operating_points": [
            {
                "fmr": of_fmr[0]["fmr"],
                "fnmr": spread([1 - each["tmr"]["rate"] for each in of_fmr]),
            }
            for of_fmr in zip(*points, strict=True)
            if all(each["tmr"] for each in of_fmr)
        ],
    }


def spread(values: list[float]) -> list[float]:
    """Lowest, median, highest."""
    return [min(values), float(np.median(values)), max(values)]


def told(values: list[float], unit: float) -> str:
    """A median and its range."""
    low, middle, high = (value / unit for value in values)
    return f"{middle:.2f} ({low:.2f}-{high:.2f})"


if __name__ == "__main__":
    main()
