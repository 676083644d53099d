"""What auto_rotate does to upright and to turned photos of Labeled Faces in the Wild.

Prints the share of photos set upright after each quarter turn and each EXIF orientation, how far
the score of a mated pair moves when one photo is turned, how well a tilted photo matches itself,
how often a face is found in a turned photo that must not be turned, and what a turn costs. Times
alternate between the variants.

    python -m benchmarks.faces.orientation --photos 500
"""

from __future__ import annotations

import argparse
import csv
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
from PIL import Image
from scipy.stats import binomtest

from reference_server.faces.engine import Engine, load_engine
from reference_server.faces.pictures import shown
from reference_server.pictures import Photo, Pixels
from reference_server.refusals import NoFaceFound
from training.photos import data_folder, read

NEAR = 0.02
ALIKE = 0.9
TILTS = (-45, -30, -15, 15, 30, 45)
INVERSE = {1: 1, 2: 2, 3: 3, 4: 4, 5: 5, 6: 8, 7: 7, 8: 6}
"""The EXIF orientation that undoes another."""


def share(name: str, right: int, total: int) -> None:
    """Print a row: count, share and 95 % interval (Clopper-Pearson)."""
    interval = binomtest(right, total).proportion_ci()
    print(
        f"{name:44}{right:6} of {total:<6}{right / total:8.2%} "
        f"({interval.low:.2%} to {interval.high:.2%})"
    )


def turns(engine: Engine, photos: Sequence[Pixels]) -> None:
    """Quarter turns chosen for photos turned by each quarter."""
    for turned in range(4):
        chosen = [engine.finder.detector.find_upright(_turned(p, turned)) for p in photos]
        right = sum((-turned) % 4 == way for way, boxes in chosen if boxes)
        share(f"turned by {turned * 90}: set upright", right, len(photos))
        missed = sum(not boxes for _, boxes in chosen)
        share(f"turned by {turned * 90}: no face", missed, len(photos))


def orientations(engine: Engine, photos: Sequence[Pixels]) -> None:
    """Photos stored under each EXIF orientation and then turned: the chip must be the upright one.

    A quarter turn lies in a tag and another in the pixels; half of the tags mirror the photo.
    """
    right = total = 0
    for photo in photos:
        wanted = score(engine, photo, Photo(photo))
        for tag, back in INVERSE.items():
            for turned in range(4):
                stored = Photo(shown(_turned(photo, turned), back), tag)
                total += 1
                right += abs(score(engine, photo, stored) - wanted) <= NEAR
    share("EXIF orientation and turn: the same score", right, total)


def pairs(engine: Engine, folder: Path, count: int) -> None:
    """Scores of mated pairs with one photo turned, beside the score of the upright pair."""
    moved = []
    for first, second in _mated(folder, count):
        upright = score(engine, first, Photo(second))
        for turned in (1, 2, 3):
            moved.append(abs(score(engine, first, Photo(_turned(second, turned))) - upright))
    share(f"turned pairs within {NEAR} of the upright", sum(d <= NEAR for d in moved), len(moved))


def tilts(engine: Engine, photos: Sequence[Pixels]) -> None:
    """Photos tilted by so many degrees counter-clockwise, compared with themselves."""
    for degrees in TILTS:
        alike = [score(engine, photo, _tilted(photo, degrees)) > ALIKE for photo in photos]
        share(f"tilted by {degrees}: scores above {ALIKE}", sum(alike), len(photos))


def kept(engine: Engine, photos: Sequence[Pixels]) -> None:
    """Without auto_rotate a turned photo stays as it is: in most no upright face is found."""
    for turned in (1, 2, 3):
        found = sum(bool(engine.finder.detector.find(_turned(p, turned))) for p in photos)
        share(f"turned by {turned * 90}, auto_rotate=false: face found", found, len(photos))


def costs(engine: Engine, photos: Sequence[Pixels]) -> None:
    """Milliseconds of finding the face, medians, in photos of 250 pixels."""
    find, find_upright = engine.finder.detector.find, engine.finder.detector.find_upright
    variants: dict[str, Callable[[Pixels], object]] = {
        "upright, auto_rotate=false": find,
        "upright, auto_rotate=true": find_upright,
        "turned by 90, auto_rotate=true": lambda p: find_upright(_turned(p, 1)),
        "turned by 180, auto_rotate=true": lambda p: find_upright(_turned(p, 2)),
    }
    times: dict[str, list[float]] = {name: [] for name in variants}
    for photo in photos:
        for name, call in variants.items():
            start = time.perf_counter()
            call(photo)
            times[name].append((time.perf_counter() - start) * 1000)
    first, *_ = (statistics.median(values) for values in times.values())
    for name, values in times.items():
        median = statistics.median(values)
        print(f"{name:44}{median:6.1f} ms, {median / first:.2f} times the first")


def score(engine: Engine, first: Pixels, second: Photo) -> float:
    """The score with auto_rotate, -1 without a face."""
    try:
        return engine.compare(Photo(first), second, auto_rotate=True)
    except NoFaceFound:
        return -1


def _turned(photo: Pixels, quarters: int) -> Pixels:
    return np.ascontiguousarray(np.rot90(photo, quarters))


def _tilted(photo: Pixels, degrees: float) -> Photo:
    picture = Image.fromarray(photo)
    return Photo(np.asarray(picture.rotate(degrees, Image.Resampling.BICUBIC)))


def _mated(folder: Path, count: int) -> Iterator[tuple[Pixels, Pixels]]:
    with (folder / "lfw-pairs.csv").open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["mated"] == "1"]
    for row in rows[:: max(1, len(rows) // count)]:
        yield read(folder / "lfw" / row["first"]), read(folder / "lfw" / row["second"])


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n\n")[0])
    parser.add_argument("--data", type=Path, default=data_folder())
    parser.add_argument("--photos", type=int, default=500)
    given = parser.parse_args()
    engine = load_engine()
    paths = sorted((given.data / "lfw").glob("*/*.jpg"))
    photos = [read(path) for path in paths[:: max(1, len(paths) // given.photos)]]
    turns(engine, photos)
    orientations(engine, photos[:: max(1, len(photos) // 25)])
    pairs(engine, given.data, given.photos // 3)
    tilts(engine, photos[::4])
    kept(engine, photos[::2])
    costs(engine, photos[::10])


if __name__ == "__main__":
    main()
