"""The training set: chips at the size the network works at, with what is covered in each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from reference_server.faces.occlusion import REGIONS
from training.drawing import harmless, occluders
from training.drawing.nothing import nothing
from training.drawing.samples import Maker, Pixels
from training.drawing.scene import Drawing
from training.drawing.worn import worn_mask
from training.photos import LARGEST, Part, backgrounds, lfw, portraits, read

CHUNK = 50
PHOTOS_EACH = 2  # of a person, so that the much photographed do not outweigh the others
PORTRAIT_ROUNDS = 12  # portraits are few, but sharper and lit in other ways than press photos
NOTHING = "nothing"
UNKNOWN = np.full(len(REGIONS), np.nan, np.float32)
WORN = 0.5  # share of the rounds in which a portrait's own mask is used
DETECTED = 0.15  # share of samples that the detector looks for; it takes most of the time


Row = tuple[Pixels, NDArray[np.float32], str, str, bool]


@dataclass(frozen=True, eq=False)
class Chips:
    """Chips (N, 75, 75, 3), the covered share of each region (N, 4), the kind and photo of each."""

    pixels: NDArray[np.uint8]
    covered: NDArray[np.float32]
    kinds: NDArray[np.str_]
    photos: NDArray[np.str_]
    found: NDArray[np.bool_]

    def save(self, path: Path) -> None:
        """As a compressed NumPy archive; it holds faces, so keep it out of the project."""
        np.savez(path, **self.__dict__)

    def sources(self) -> dict[str, NDArray[np.bool_]]:
        """Which chips are from Labeled Faces in the Wild, and which from portraits."""
        portraits = np.array([name[0].isdigit() for name in self.photos])
        return {"people": ~portraits, "portraits": portraits}

    @classmethod
    def load(cls, path: Path) -> Chips:
        """What ``save`` wrote."""
        with np.load(path) as archive:
            return cls(**archive)


def halved(chip: Pixels) -> Pixels:
    """Every 2 x 2 pixels averaged."""
    side = len(chip) // 2
    mean = chip.reshape(side, 2, side, 2, 3).mean(axis=(1, 3))
    return np.asarray(np.round(mean), np.uint8)


def make(folder: Path, part: Part, seed: int, processes: int) -> Chips:
    """From every photo of a part some chips: bare, harmless, covered, without a face."""
    photos = lfw(folder, part, PHOTOS_EACH) + portraits(folder, part) * PORTRAIT_ROUNDS
    others = [read(path) for path in backgrounds(folder, part)]
    others += [read(path)[:70, :70] for path in photos[::40]]
    chunks = [(photos[i : i + CHUNK], seed + i) for i in range(0, len(photos), CHUNK)]
    rows: list[Row] = []
    with get_context("spawn").Pool(processes, _start, (others,)) as pool:
        for done, chunk in enumerate(pool.imap(_chunk, chunks), start=1):
            rows += chunk
            print(f"\r{part}: {done} of {len(chunks)} parts drawn", end="", flush=True)
    print()
    pixels, covered, kinds, names, found = zip(*rows, strict=True)
    return Chips(
        np.array(pixels), np.array(covered), np.array(kinds), np.array(names), np.array(found)
    )


MAKERS: list[Maker] = []  # one in each process: a detector takes a second to load


def _start(others: list[Pixels]) -> None:
    MAKERS.append(Maker(others))


def _chunk(task: tuple[list[Path], int]) -> list[Row]:
    paths, seed = task
    (maker,), rng = MAKERS, np.random.default_rng(seed)
    rows: list[Row] = []
    for path in paths:
        photo = read(path, LARGEST)
        if (frame := maker.frame(photo)) is None:
            continue
        for kind, drawings in _plan(rng, path):
            sample = maker.sample(rng, photo, frame, drawings, detect=rng.random() < DETECTED)
            rows.append((halved(sample.chip), sample.covered, kind, path.name, sample.found))
        below = [_any(rng, occluders.KINDS)[1]] if rng.random() < 0.5 else []
        chip = nothing(rng, maker, maker.drawn(rng, photo, frame, below)[0], frame)
        rows.append((halved(chip), UNKNOWN, NOTHING, path.name, False))
    return rows


def _plan(rng: np.random.Generator, path: Path) -> Iterator[tuple[str, list[Drawing]]]:
    yield "bare", []
    for _ in range(2):
        name, drawing = _any(rng, harmless.KINDS)
        yield name, [drawing]
    if (worn := worn_mask(path)) and rng.random() < WORN:
        yield "worn_mask", [worn]
    for _ in range(2):
        name, drawing = _any(rng, occluders.KINDS)
        below = [_any(rng, harmless.KINDS)[1]] if rng.random() < 0.3 else []
        yield name, [*below, drawing]


def _any(rng: np.random.Generator, kinds: dict[str, Drawing]) -> tuple[str, Drawing]:
    names = list(kinds)
    name = names[rng.integers(len(names))]
    return name, kinds[name]
