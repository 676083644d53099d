"""Time and peak memory of counting, beside scikit-learn's det_curve and pyeer on the same scores.

Each case runs in a process of its own, which reads the same files and reports its own time (without
start and imports), its CPU time, and the growth of its peak memory; cases that are compared take
turns. pyeer is no dependency of the project and wants an environment of its own::

    python -m venv /tmp/pyeer && /tmp/pyeer/bin/pip install pyeer 'setuptools<81'
    python -m benchmarks.calibration.speed --pyeer /tmp/pyeer/bin/python
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

PEOPLE, DIMENSIONS = 13_000, 128
PIECE = 1 << 20
MATED_SHARE = 0.1

CLOCK = """
import json, resource, sys, time
import numpy as np
folder = sys.argv[1]
def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
def told(work):
    before, start, cpu = peak(), time.perf_counter(), time.process_time()
    result = work()
    print(json.dumps({"seconds": time.perf_counter() - start, "cpu": time.process_time() - cpu,
                      "megabytes": peak() - before, "result": result}))
"""
OURS = """
from calibration.statistics.det import det
from calibration.counting.histogram import Histogram
T = (0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
"""
CASES = {
    "count": OURS
    + """
def work():
    histogram = Histogram(thresholds=T)
    with open(f"{folder}/many.f32", "rb") as file:
        while (piece := np.fromfile(file, np.float32, 1 << 20)).size:
            histogram.add(piece)
    return histogram.matches.tolist()
told(work)
""",
    "all pairs": OURS
    + """
from pathlib import Path
from calibration.sources import all_pairs
from calibration.sources.templates import load
from calibration.counting.comparisons import Measurement
templates = load(Path(f"{folder}/templates.npz"))
def work():
    low, high = templates.range
    measurement = Measurement(T, 4000, low=low, high=high)
    all_pairs.measure(templates, measurement)
    return measurement.non_mated.histogram.n
told(work)
""",
    "csv": OURS
    + """
from pathlib import Path
from calibration.sources.scores import count_scores
from calibration.counting.comparisons import Measurement
def work():
    measurement = Measurement(T, 4000)
    count_scores(Path(f"{folder}/scores.csv"), measurement)
    return measurement.non_mated.histogram.n
told(work)
""",
    "verikit": OURS
    + """
non_mated, mated = (np.load(f"{folder}/{name}.npy") for name in ("non_mated", "mated"))
def work():
    histograms = Histogram(thresholds=T), Histogram(thresholds=T)
    for histogram, scores in zip(histograms, (non_mated, mated)):
        histogram.add(scores)
    return len(det(*histograms).fmr)
told(work)
""",
    "scikit-learn": """
from sklearn.metrics import det_curve
non_mated, mated = (np.load(f"{folder}/{name}.npy") for name in ("non_mated", "mated"))
truth = np.repeat(np.array([0, 1], np.int8), [non_mated.size, mated.size])
scores = np.concatenate([non_mated, mated])
told(lambda: len(det_curve(truth, scores)[0]))
""",
    "pyeer": """
import warnings
warnings.simplefilter("ignore")
from pyeer.eer_info import get_eer_stats
non_mated, mated = (np.load(f"{folder}/{name}.npy") for name in ("non_mated", "mated"))
told(lambda: float(get_eer_stats(mated, non_mated).eer))
""",
}


def main() -> None:
    """Make the inputs, run every case, and print what it took."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--pyeer", default=None, help="a Python that has pyeer")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--scores", type=int, default=10_000_000, help="of the comparison")
    parser.add_argument("--many", type=int, default=100_000_000, help="of the large count")
    parser.add_argument("--skip-files", action="store_true", help="compare with the others only")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if not arguments.skip_files:
            large(folder, arguments.many, arguments.scores, arguments.rounds)
        beside(folder, arguments.scores, arguments.pyeer, arguments.rounds)


def large(folder: Path, many: int, rows: int, rounds: int) -> None:
    """The sizes that a user may bring."""
    rng = np.random.default_rng(1)
    with (folder / "many.f32").open("wb") as file:
        for start in range(0, many, PIECE):
            scores(rng, min(PIECE, many - start)).astype(np.float32).tofile(file)
    row(f"{many:.0e} scores from a file", runs("count", folder, rounds))
    (folder / "many.f32").unlink()
    vectors = rng.normal(size=(PEOPLE, DIMENSIONS)).astype(np.float32)
    np.savez(folder / "templates.npz", vectors=vectors, people=np.arange(PEOPLE))
    row(f"all pairs of {PEOPLE:,} x {DIMENSIONS}", runs("all pairs", folder, rounds))
    write_csv(folder / "scores.csv", rng, rows)
    row(f"a CSV of {rows:.0e} rows", runs("csv", folder, rounds))
    (folder / "scores.csv").unlink()


def beside(folder: Path, n: int, pyeer: str | None, rounds: int) -> None:
    """The same scores for all; the cases take turns."""
    rng = np.random.default_rng(2)
    np.save(folder / "mated.npy", 1 - rng.beta(2, 8, int(n * MATED_SHARE)))
    np.save(folder / "non_mated.npy", scores(rng, n - int(n * MATED_SHARE)))
    pythons = {"verikit": sys.executable, "scikit-learn": sys.executable}
    if pyeer:
        pythons["pyeer"] = pyeer
    taken: dict[str, list[dict[str, float]]] = {name: [] for name in pythons}
    for _ in range(rounds):
        for name, python in pythons.items():
            taken[name].append(run(name, folder, python))
    for name, results in taken.items():
        row(f"{n:.0e} scores, {name}", results)
    ours = statistics.median(r["seconds"] for r in taken["verikit"])
    for name in list(pythons)[1:]:
        theirs = statistics.median(r["seconds"] for r in taken[name])
        print(f"verikit is {theirs / ours:.0f} times as fast as {name}")


def runs(name: str, folder: Path, rounds: int) -> list[dict[str, float]]:
    """A case several times."""
    return [run(name, folder, sys.executable) for _ in range(rounds)]


def run(name: str, folder: Path, python: str) -> dict[str, float]:
    """A case in a process of its own."""
    done = subprocess.run(
        [python, "-c", CLOCK + CASES[name], str(folder)], check=True, capture_output=True, text=True
    )
    result: dict[str, float] = json.loads(done.stdout)
    return result


def row(title: str, results: list[dict[str, float]]) -> None:
    """The median and the range of the times, and the largest memory."""
    seconds = sorted(result["seconds"] for result in results)
    cpu = statistics.median(result["cpu"] for result in results)
    memory = max(result["megabytes"] for result in results)
    print(
        f"{title:40} {statistics.median(seconds):8.3f} s ({seconds[0]:.3f} to {seconds[-1]:.3f})"
        f" {cpu:8.3f} s of CPU {memory:8.0f} MB",
        flush=True,
    )


def scores(rng: np.random.Generator, n: int) -> np.ndarray:
    """Non-mated scores that follow the documented table."""
    return np.clip(0.3 - np.log10(1 - rng.random(n)) / 10, 0, 1)


def write_csv(path: Path, rng: np.random.Generator, rows: int) -> None:
    """A score file as a vendor would hand it over: 13,000 people, two photos each."""
    with path.open("w", encoding="utf-8") as file:
        file.write("first,second,mated,score\n")
        for start in range(0, rows, PIECE):
            n = min(PIECE, rows - start)
            people = rng.integers(0, PEOPLE, (n, 2))
            photos = rng.integers(1, 3, (n, 2))
            columns = zip(people.tolist(), photos.tolist(), scores(rng, n).tolist(), strict=True)
            file.writelines(
                f"p{a}/p{a}_{i}.jpg,p{b}/p{b}_{j}.jpg,{a == b:d},{s:.6f}\n"
                for (a, b), (i, j), s in columns
            )


if __name__ == "__main__":
    main()
