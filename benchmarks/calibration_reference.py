"""Does the calibration agree with the reference server about itself?

Two trials on a folder of labelled people::

    python benchmarks/calibration_reference.py lfw/ --out reports/reference

1. Half of the people fit a score map, the templates of the other half are written to an .npz, and
   ``verikit calibrate`` judges the map on all their pairs: it should find the rates that the map
   promises.
2. The server runs with the map that it ships, ``verikit calibrate`` asks it about random pairs, and
   every answer is compared with the score that the engine gives without a server.

The templates are deleted at the end.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
from against_deepface import CONTRACT, verikit_server

from reference_server.faces.engine import Engine, load_engine
from reference_server.faces.fitting.fit import fit_scorer
from reference_server.faces.fitting.gallery import Gallery, acquire
from reference_server.faces.fitting.people import LabelledPhoto, read_people, split
from reference_server.refusals import Refusal
from reference_server.request.photo import read_photo
from verikit.contract import load_contract


def main() -> None:
    """Run both trials and print what they found."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("people", type=Path, help="a folder with a folder of photos for each")
    parser.add_argument("--out", type=Path, required=True, help="a folder for both reports")
    parser.add_argument("--label-errors", type=Path, help="a table as in datasets/lfw")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--pairs", type=int, default=3000, help="to ask over HTTP")
    parser.add_argument("--only", choices=["templates", "http"])
    arguments = parser.parse_args()
    engine = load_engine()
    if arguments.only != "http":
        photos = read_people(arguments.people, arguments.label_errors)
        templates(engine, photos, arguments.out / "templates", arguments.seed)
    if arguments.only != "templates":
        over_http(engine, arguments.people, arguments.out / "http", arguments.pairs)


def templates(engine: Engine, photos: list[LabelledPhoto], out: Path, seed: int) -> None:
    """Trial 1: the map of one half, judged on all pairs of the other half."""
    fitted, left_out = (set(names) for names in split([p.person for p in photos], 0.5, seed))
    halves = [[p for p in photos if p.person in half] for half in (fitted, left_out)]
    fit_half, check_half = (acquire(engine, half, progress=counter(len(half))) for half in halves)
    scorer = fit_scorer(fit_half, engine.recogniser, seed)
    with tempfile.TemporaryDirectory() as folder:
        score_map, path = Path(folder) / "map.json", Path(folder) / "templates.npz"
        scorer.score_map.save(score_map)
        mean, deviation = scorer.cohort.statistics(check_half.templates)
        names = photo_names(halves[1], check_half)
        for every, title in ((True, "all photos"), (False, "one photo of each person")):
            kept = slice(None) if every else np.unique(check_half.people, return_index=True)[1]
            np.savez(
                path,
                vectors=check_half.templates[kept],
                people=np.array(check_half.names)[check_half.people][kept],
                photos=names[kept],
                mean=mean[kept],
                deviation=deviation[kept],
            )
            print(f"\nTemplates, {title}: {len(names[kept]):,}", flush=True)
            calibrate(path, "--score-map", score_map, "--out", out / title.replace(" ", "-"))


def photo_names(photos: list[LabelledPhoto], people: Gallery) -> np.ndarray:
    """The names of the photos that a template was made of, in their order."""
    failed = set(people.failed)
    kept = [f"{p.path.parent.name}/{p.path.name}" for p in photos if p.path not in failed]
    if len(kept) != len(people.templates):
        raise SystemExit("templates and photos do not match")
    return np.array(kept)


def over_http(engine: Engine, people: Path, out: Path, pairs: int) -> None:
    """Trial 2: the same pairs with and without a server."""
    print(f"\n{pairs:,} pairs over HTTP", flush=True)
    with verikit_server() as url:
        server = url.removesuffix(CONTRACT.path)
        calibrate(server, "--data", people, "--budget", pairs, "--out", out, "--rate", 1000)
    lines = (json.loads(line) for line in (out / "answers.jsonl").open(encoding="utf-8"))
    answers = [line for line in lines if line.get("place") is not None]
    scored = [line for line in answers if "score" in line]
    gaps = [abs(line["score"] - offline(engine, people, line)) for line in scored]
    refused = [line for line in answers if "code" in line]
    agreed = sum(np.isnan(offline(engine, people, line)) for line in refused)
    print(f"largest difference of {len(gaps):,} scores: {max(gaps):.1e}")
    print(f"refused by both: {agreed} of {len(refused)} refused over HTTP")


def offline(engine: Engine, people: Path, answer: dict[str, str]) -> float:
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


def counter(total: int) -> Callable[[], None]:
    """Prints how many photos are done, now and then."""
    done = 0

    def count() -> None:
        nonlocal done
        done += 1
        if done % 1000 == 0 or done == total:
            print(f"{done:,} of {total:,} photos", file=sys.stderr, flush=True)

    return count


if __name__ == "__main__":
    main()
