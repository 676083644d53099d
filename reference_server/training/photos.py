"""The photos that training and judging draw on, and which people are kept for judging.

``covered.csv`` lists the photos of Labeled Faces in the Wild whose faces really are covered.
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
Part = Literal["training", "validation", "test"]


def data_folder() -> Path:
    """$VERIKIT_DATA, or ../shared/data beside the project."""
    given = os.environ.get("VERIKIT_DATA")
    return Path(given) if given else HERE.parents[2] / "shared" / "data"


def part_of(person: str) -> Part:
    """One person in five is kept for the test and one in ten for validation, by a hash."""
    lot = hashlib.sha256(person.encode()).digest()[0] % 10
    return "test" if lot < 2 else "validation" if lot < 3 else "training"


def lfw(folder: Path, part: Part, each: int | None = None) -> list[Path]:
    """The photos of the people of a part, at most so many of each."""
    people = sorted(p for p in (folder / "lfw").iterdir() if part_of(p.name) == part)
    return [photo for person in people for photo in sorted(person.glob("*.jpg"))[:each]]


def really_covered() -> dict[str, tuple[str, ...]]:
    """What is covered in photos of LFW, by the name of the photo."""
    with (HERE / "covered.csv").open(newline="") as file:
        return {row["photo"]: tuple(row["regions"].split("+")) for row in csv.DictReader(file)}


def read(path: Path) -> NDArray[np.uint8]:
    """RGB pixels."""
    return np.asarray(Image.open(path).convert("RGB"))
