"""Templates of labelled people."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from reference_server.faces.detection.boxes import Box, largest, nearest_centre
from reference_server.faces.engine import Engine
from reference_server.faces.fitting.people import LabelledPhoto
from reference_server.faces.recognition.recogniser import Templates
from reference_server.pictures import Pixels

BATCH = 8


class Subject(StrEnum):
    """Which face is the labelled person's."""

    CENTRE = "centre"  # the one nearest the centre
    LARGEST = "largest"  # the largest one, as when serving
    SINGLE = "single"  # the only one; photos with several are left out


@dataclass(frozen=True, eq=False)
class Gallery:
    """Templates (N, D), whose person each is (N,), the names, and the photos without a face."""

    templates: Templates
    people: NDArray[np.int64]
    names: tuple[str, ...]
    failed: tuple[Path, ...] = ()

    def of(self, names: Iterable[str]) -> Gallery:
        """The part that shows certain people."""
        chosen = set(names)
        kept = np.array([self.names[person] in chosen for person in self.people], bool)
        return gallery(self.templates[kept], [self.names[person] for person in self.people[kept]])

    def means(self) -> Templates:
        """One unit vector a person: the mean of the templates, shape (people, D)."""
        sums = np.zeros((len(self.names), self.templates.shape[1]))
        np.add.at(sums, self.people, self.templates)
        return np.asarray(sums / np.linalg.norm(sums, axis=1, keepdims=True), np.float32)


def gallery(templates: Templates, names: Sequence[str], failed: Sequence[Path] = ()) -> Gallery:
    """Templates by the name of their person."""
    unique, people = np.unique(np.array(names, str), return_inverse=True)
    return Gallery(templates, people, tuple(unique.tolist()), tuple(failed))


def acquire(
    engine: Engine,
    photos: Sequence[LabelledPhoto],
    subject: Subject = Subject.CENTRE,
    progress: Callable[[], object] = lambda: None,
) -> Gallery:
    """Find, align and embed the subject of every photo; ``progress`` is called after each."""
    names: list[str] = []
    failed: list[Path] = []
    chips: list[Pixels] = []
    found: list[Templates] = []
    for photo in photos:
        pixels = np.asarray(Image.open(photo.path).convert("RGB"))
        boxes = engine.finder.detector.find(pixels)
        if not boxes:
            failed.append(photo.path)
        elif box := _subject(boxes, pixels, subject):
            chips.append(engine.finder.aligner.chip(pixels, box, engine.recogniser.recipe))
            names.append(photo.person)
        if len(chips) == BATCH:
            found.append(engine.embed(chips))
            chips = []
        progress()
    if chips:
        found.append(engine.embed(chips))
    return gallery(np.concatenate(found), names, failed)


def _subject(boxes: Sequence[Box], pixels: Pixels, subject: Subject) -> Box | None:
    if subject is Subject.SINGLE and len(boxes) > 1:
        return None
    choice = nearest_centre if subject is Subject.CENTRE else largest
    return choice(boxes, (pixels.shape[1], pixels.shape[0]))
