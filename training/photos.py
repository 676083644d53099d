"""The photos that training and judging draw on, and which of them are kept for judging.

A hash of the name decides: that of the person in Labeled Faces in the Wild, that of the file for
the masked and bare portraits and the photos without people. ``covered.csv`` lists the photos of
Labeled Faces in the Wild whose faces really are covered.
"""

from __future__ import annotations

import csv
import hashlib
import os
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

HERE = Path(__file__).parent
PEOPLE, FILES = {"test": 2, "validation": 3}, {"test": 3, "validation": 5}
"""Lots from 0 to 9 below which a name is kept for a part; the rest is for training."""
SAME_PERSON = {"327.jpg": "307.jpg", "349.jpg": "298.jpg"}
"""Portraits that score so high together that they may show one person, who belongs to one part."""
LARGEST = 320  # pixels: what is finer than that in a portrait no chip shows
Part = Literal["training", "validation", "test"]


def data_folder() -> Path:
    """$VERIKIT_DATA, or ../shared/data beside the project."""
    given = os.environ.get("VERIKIT_DATA")
    return Path(given) if given else HERE.parents[2] / "shared" / "data"


def part_of(name: str, lots: dict[str, int]) -> Part:
    """What a person or file is for, by a hash of the name."""
    lot = hashlib.sha256(SAME_PERSON.get(name, name).encode()).digest()[0] % 10
    if lot < lots["test"]:
        return "test"
    return "validation" if lot < lots["validation"] else "training"


def lfw(folder: Path, part: Part, each: int | None = None) -> list[Path]:
    """The photos of the people of a part, at most so many of each."""
    people = sorted(p for p in (folder / "lfw").iterdir() if part_of(p.name, PEOPLE) == part)
    return [photo for person in people for photo in sorted(person.glob("*.jpg"))[:each]]


def lfw_people(folder: Path, count: int, seed: int) -> dict[str, list[Path]]:
    """All photos of some people of whom there are several, and who bear their right name."""
    people = {person.name: sorted(person.glob("*.jpg")) for person in (folder / "lfw").iterdir()}
    doubtful = {row["photo"].partition("/")[0] for row in _label_errors()}
    several = sorted(name for name, all_of in people.items() if len(all_of) > 1)
    chosen = np.random.default_rng(seed).permutation([n for n in several if n not in doubtful])
    return {name: people[name] for name in chosen[:count].tolist()}


def _label_errors() -> list[dict[str, str]]:
    with (HERE.parent / "datasets" / "lfw" / "label-errors.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def portraits(folder: Path, part: Part) -> list[Path]:
    """The bare portraits of a part; ``masked`` finds the other half of each pair."""
    return _files(folder / "occlusion" / "bare", part)


def masked(portrait: Path) -> Path:
    """The portrait with a mask."""
    return portrait.parents[1] / "masked" / portrait.name


def backgrounds(folder: Path, part: Part) -> list[Path]:
    """The photos without people of a part."""
    return _files(folder / "nonface", part)


def _files(folder: Path, part: Part) -> list[Path]:
    return [p for p in sorted(folder.iterdir()) if part_of(p.name, FILES) == part]


def really_covered() -> dict[str, tuple[str, ...]]:
    """What is covered in photos of LFW, by the name of the photo."""
    with (HERE / "covered.csv").open(newline="") as file:
        return {row["photo"]: tuple(row["regions"].split("+")) for row in csv.DictReader(file)}


def read(path: Path, largest: int | None = None) -> NDArray[np.uint8]:
    """RGB pixels, the long side at most ``largest``."""
    picture = Image.open(path).convert("RGB")
    if largest:
        picture.thumbnail((largest, largest))
    return np.asarray(picture)
