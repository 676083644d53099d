"""What check_quality answers to bare and to covered faces, on people that took no part in training.

Every photo runs through the engine as the server would run it; each row is a kind of photo, with
the share that is refused because a face is covered, the share in which no face is found, and 95 %
intervals (Clopper-Pearson). Kinds marked "unseen" were never drawn in training. LFW photos on
which MTCNN finds several faces are left out: another face may be the largest one.

    python benchmarks/occlusion.py --photos 400
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from scipy.stats import binomtest

from reference_server.faces.engine import Engine, load_engine
from reference_server.faces.stages import Stages
from reference_server.photo import Photo
from reference_server.refusals import FaceCovered, NoFaceFound
from reference_server.training import kinds
from reference_server.training.frame import Frame
from reference_server.training.photos import data_folder, lfw, read, really_covered
from reference_server.training.samples import Maker, Pixels

COVERED_FROM = 0.5  # share of the most covered region from which a photo counts as covered
BARE_BELOW = 0.05

Rows = Iterator[tuple[str, str, Pixels]]


def bare_and_drawn(folder: Path, count: int, seed: int) -> Rows:
    """Group, kind and photo: every plain and harmless kind once for each photo, one occluder."""
    rng = np.random.default_rng(seed)
    others = [read(path) for path in sorted((folder / "nonface").iterdir())[1::2]]
    maker = Maker(others)
    for photo, frame in single_faces(maker, folder, count):
        for name, change in kinds.PLAIN.items():
            yield "bare", name, kinds.changed(change, photo)
        for name, drawing in kinds.HARMLESS.items():
            pixels, share = kinds.drawn(drawing, rng, photo, frame, others)
            if share < BARE_BELOW:
                yield "harmless", name, pixels
        for group, drawings in (("covered, seen", kinds.SEEN), ("covered, unseen", kinds.UNSEEN)):
            for name, drawing in drawings.items():
                pixels, share = kinds.drawn(drawing, rng, photo, frame, others)
                if share >= COVERED_FROM:
                    yield group, name, pixels


def single_faces(maker: Maker, folder: Path, count: int) -> Iterator[tuple[Pixels, Frame]]:
    """Photos of the test people that show one bare face, spread over all of them."""
    covered = really_covered()
    paths = [path for path in lfw(folder, "test") if path.name not in covered]
    chosen = paths[:: max(1, len(paths) // count)]
    for done, path in enumerate(chosen, start=1):
        print(f"\r{done} of {len(chosen)} photos", end="", flush=True)
        photo = read(path)
        boxes, _ = maker.mtcnn.detect(photo)
        if len(boxes) == 1 and (frame := maker.frame(photo)):
            yield photo, frame
    print("\r", end="")


def masked_pairs(folder: Path) -> Rows:
    """The photos with drawn masks and the same photos without; none took part in training."""
    for group, kind in (("bare", "bare"), ("covered, unseen", "masked")):
        for path in sorted((folder / "occlusion" / kind).iterdir()):
            yield group, f"{kind} pairs", read(path)


def answer(engine: Engine, pixels: Pixels) -> str:
    """What a photo comes to with check_quality."""
    try:
        face = engine.find(Photo(pixels), stages=Stages())
    except NoFaceFound as finding:
        return type(finding).__name__
    return FaceCovered.__name__ if engine.covered(face) else "score"


def shown(name: str, answers: Counter[str]) -> str:
    """One row of the table."""
    total = answers.total()
    columns = []
    for finding in (FaceCovered.__name__, NoFaceFound.__name__):
        interval = binomtest(answers[finding], total).proportion_ci()
        share = answers[finding] / total
        columns.append(f"{share:8.2%} ({interval.low:6.2%} to {interval.high:6.2%})")
    return f"{name:36}{total:6}" + "".join(columns)


def cost(engine: Engine, photo: Pixels, rounds: int = 200) -> float:
    """Milliseconds that the check adds to one photo, the median of the rounds."""
    face = engine.find(Photo(photo), stages=Stages())
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        engine.covered(face)
        times.append((time.perf_counter() - start) * 1000)
    return statistics.median(times)


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n\n")[0])
    parser.add_argument("--data", type=Path, default=data_folder())
    parser.add_argument("--photos", type=int, default=400, help="of the test people (default 400)")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    engine = load_engine()
    table: dict[str, dict[str, Counter[str]]] = {}
    for rows in (bare_and_drawn(given.data, given.photos, given.seed), masked_pairs(given.data)):
        for group, kind, pixels in rows:
            kinds_of_group = table.setdefault(group, {})
            kinds_of_group.setdefault(kind, Counter())[answer(engine, pixels)] += 1
    print(f"{'':36}{'photos':>6}{'4004':>9}{'':21}{'4000':>9}")
    for group, by_kind in table.items():
        for kind, answers in by_kind.items():
            print(shown(f"{group}: {kind}", answers))
        print(shown(f"{group}: all", sum(by_kind.values(), Counter())))
    photo = next(iter(masked_pairs(given.data)))[2]
    print(f"The check costs {cost(engine, photo):.2f} ms a photo.")


if __name__ == "__main__":
    main()
