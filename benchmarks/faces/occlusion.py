"""What check_quality answers to bare and to covered faces, on people that took no part in training.

Every photo runs through the engine as the server would run it; each row is a kind of photo, with
the share that is refused because a face is covered, the share in which no face is found, and 95 %
intervals (Clopper-Pearson). Kinds marked "unseen" were never drawn in training. Photos of Labeled
Faces in the Wild and portraits on which MTCNN finds several faces are left out: another face may
be the largest one.

    python -m benchmarks.faces.occlusion --photos 400
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path

import numpy as np
from scipy.stats import binomtest

from reference_server.faces.engine import Engine, load_engine
from reference_server.faces.occlusion import over_threshold
from reference_server.pictures import Photo
from reference_server.refusals import FaceCovered, NoFaceFound
from reference_server.stages import Stages
from training.drawing import kinds
from training.drawing.frame import Frame
from training.drawing.samples import Maker, Pixels
from training.photos import (
    backgrounds,
    data_folder,
    lfw,
    masked,
    portraits,
    read,
    really_covered,
)

COVERED_FROM = 0.5  # share of the most covered region from which a photo counts as covered
BARE_BELOW = 0.05

Rows = Iterator[tuple[str, str, Pixels]]


def bare_and_drawn(folder: Path, paths: Sequence[Path], seed: int) -> Rows:
    """Group, kind and photo: every plain, harmless and covering kind once for each photo."""
    rng = np.random.default_rng(seed)
    others = [read(path) for path in backgrounds(folder, "test")]
    for photo, frame in single_faces(Maker(others), paths):
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


def people(folder: Path, count: int) -> list[Path]:
    """Photos of the test people that show a bare face, spread over all of them."""
    covered = really_covered()
    paths = [path for path in lfw(folder, "test") if path.name not in covered]
    return paths[:: max(1, len(paths) // count)]


def single_faces(maker: Maker, paths: Sequence[Path]) -> Iterator[tuple[Pixels, Frame]]:
    """Those of the photos that show one face."""
    for done, path in enumerate(paths, start=1):
        print(f"\r{done} of {len(paths)} photos", end="", flush=True)
        photo = read(path)
        boxes, _ = maker.mtcnn.detect(photo)
        if len(boxes) == 1 and (frame := maker.frame(photo)):
            yield photo, frame
    print("\r", end="")


def worn_masks(paths: Sequence[Path]) -> Rows:
    """The other halves of the pairs; training saw such masks on other people."""
    for path in paths:
        yield "covered, seen", "mask of the pair", read(masked(path))


def answer(engine: Engine, pixels: Pixels) -> str:
    """What a photo comes to with check_quality."""
    try:
        face = engine.find(Photo(pixels), stages=Stages())
    except NoFaceFound as finding:
        return type(finding).__name__
    return FaceCovered.__name__ if over_threshold(engine.regions(face)) else "score"


def shown(name: str, answers: Counter[str]) -> str:
    """One row of the table."""
    total = answers.total()
    columns = []
    for finding in (FaceCovered.__name__, NoFaceFound.__name__):
        interval = binomtest(answers[finding], total).proportion_ci()
        share = answers[finding] / total
        columns.append(f"{share:8.2%} ({interval.low:6.2%} to {interval.high:6.2%})")
    return f"{name:36}{total:6}" + "".join(columns)


def print_table(name: str, engine: Engine, rows: Rows) -> None:
    """Answer every photo, then print a row for each kind and each group."""
    table: dict[str, dict[str, Counter[str]]] = {}
    for group, kind, pixels in rows:
        kinds_of_group = table.setdefault(group, {})
        kinds_of_group.setdefault(kind.replace("_", " "), Counter())[answer(engine, pixels)] += 1
    print(f"{name:36}{'photos':>6}{'4004':>9}{'':21}{'4000':>9}")
    for group, by_kind in table.items():
        for kind, answers in by_kind.items():
            print(shown(f"{group}: {kind}", answers))
        print(shown(f"{group}: all", sum(by_kind.values(), Counter())))


def cost(engine: Engine, photo: Pixels, rounds: int = 200) -> float:
    """Milliseconds that the check adds to one photo, the median of the rounds."""
    face = engine.find(Photo(photo), stages=Stages())
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        engine.regions(face)
        times.append((time.perf_counter() - start) * 1000)
    return statistics.median(times)


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n\n")[0])
    parser.add_argument("--data", type=Path, default=data_folder())
    parser.add_argument("--photos", type=int, default=400, help="of the test people (default 400)")
    given = parser.parse_args()
    engine, of_pairs = load_engine(), portraits(given.data, "test")
    print_table("people", engine, bare_and_drawn(given.data, people(given.data, given.photos), 1))
    drawn = bare_and_drawn(given.data, of_pairs, 2)
    print_table("portraits", engine, chain(drawn, worn_masks(of_pairs)))
    print(f"The check costs {cost(engine, read(of_pairs[0])):.2f} ms a photo.")


if __name__ == "__main__":
    main()
