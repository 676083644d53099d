"""Labelled people: a folder for each person, and a table of known label errors."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

SUFFIXES = {".jpg", ".jpeg", ".png", ".bmp", ".gif", ".tif", ".tiff"}


@dataclass(frozen=True)
class LabelledPhoto:
    """A photo and the name of the person it shows."""

    path: Path
    person: str


def read_people(folder: Path, label_errors: Path | None = None) -> list[LabelledPhoto]:
    """The photos in ``folder/NAME/``, sorted, corrected by a table of label errors.

    The table (see datasets/README.md) has the columns ``photo``, ``actual`` and ``reason``; photos
    whose ``actual`` is empty are left out.

    Raises:
        ValueError: the folder holds fewer than two people.
    """
    actual = _corrections(label_errors) if label_errors else {}
    photos = []
    for path in sorted(folder.glob("*/*")):
        if path.suffix.lower() in SUFFIXES:
            name = path.parent.name
            person = actual.get(f"{name}/{path.name}", actual.get(f"{name}/", name))
            if person:
                photos.append(LabelledPhoto(path, person))
    if len({photo.person for photo in photos}) < 2:
        raise ValueError(f"{folder} holds no folders of photos, one folder for each person")
    return photos


def _corrections(table: Path) -> dict[str, str]:
    with table.open(encoding="utf-8", newline="") as lines:
        return {row["photo"]: row["actual"] for row in csv.DictReader(lines)}


def split(names: Sequence[str], share: float, seed: int) -> tuple[list[str], list[str]]:
    """The people to fit to, and a random share of them left out to check on."""
    unique = sorted(set(names))
    drawn = [unique[i] for i in np.random.default_rng(seed).permutation(len(unique))]
    left_out = round(share * len(drawn))
    return sorted(drawn[left_out:]), sorted(drawn[:left_out])


def digest(names: Iterable[str]) -> str:
    """SHA-256 of a list of people, whatever its order."""
    return hashlib.sha256("\n".join(sorted(set(names))).encode()).hexdigest()
