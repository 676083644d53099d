"""Faces of photos that were made poor: their measures and templates, kept in a work folder.

They are biometric data, so put the folder outside the project.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from functools import cache, partial
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from reference_server.faces.detection.boxes import Box, nearest_centre
from reference_server.faces.engine import Engine, load_engine
from reference_server.faces.finder import Face
from reference_server.faces.photo_quality import Measures, measures
from reference_server.faces.recognition.recogniser import Templates
from reference_server.faces.scoring.penalty import Penalty
from reference_server.pictures import Photo, Pixels
from reference_server.refusals import NoFaceFound
from reference_server.stages import Stages
from training.photos import portraits, read
from training.poor_photos import CONDITIONS, KINDS
from training.unseen_photos import UNSEEN

NAMES = tuple(field.name for field in fields(Measures))
Labelled = tuple[str, Path]
"""A person and a photo."""
Row = tuple[list[float], NDArray[np.float32], str, str]


@dataclass(frozen=True, eq=False)
class Faces:
    """Measures (N, len(NAMES)), templates (N, D), people (N,) and photos (N,) of one kind."""

    measures: NDArray[np.float64]
    templates: Templates
    people: NDArray[np.str_]
    photos: NDArray[np.str_]

    def of(self, people: Iterable[str]) -> Faces:
        """Those of some people."""
        kept = np.isin(self.people, list(people))
        return Faces(*(array[kept] for array in self.__dict__.values()))

    def save(self, path: Path) -> None:
        """Whole or not at all."""
        part = path.with_suffix(".part.npz")
        np.savez(part, **self.__dict__)
        part.replace(path)

    @classmethod
    def load(cls, path: Path) -> Faces:
        """What ``save`` wrote."""
        with np.load(path) as stored:
            return cls(**stored)


def collected(folder: Path, kinds: Iterable[str], photos: Sequence[Labelled]) -> dict[str, Faces]:
    """The faces of photos made poor, by kind; what the folder already has is not made again."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    files = {kind: folder / f"{kind}.npz" for kind in kinds}
    missing = [kind for kind, file in files.items() if not file.exists()]
    if missing:
        _keep({kind: files[kind] for kind in missing}, photos)
    return {kind: Faces.load(file) for kind, file in files.items()}


def _keep(files: Mapping[str, Path], photos: Sequence[Labelled]) -> None:
    with get_context("spawn").Pool(len(os.sched_getaffinity(0))) as pool:
        made = pool.imap_unordered(partial(_collect, photos), files)
        for done, (kind, faces) in enumerate(made, start=1):
            faces.save(files[kind])
            print(f"{done} of {len(files)}: {len(faces.people)} faces, {kind}", flush=True)


def _collect(photos: Sequence[Labelled], kind: str) -> tuple[str, Faces]:
    """Faces that are not found in the poor photo are left out."""
    found_of, templates, people, names = zip(*_rows(photos, kind), strict=True)
    return kind, Faces(np.array(found_of), np.array(templates), np.array(people), np.array(names))


def _rows(photos: Sequence[Labelled], kind: str) -> Iterator[Row]:
    engine, change = subject_engine(), {**CONDITIONS, **KINDS, **UNSEEN}[kind]
    for person, path in photos:
        if (box := _subject(path)) is None:
            continue
        poor = change(Image.open(path).convert("RGB"), box)
        try:
            face = engine.find(Photo(np.asarray(poor)), stages=Stages())
        except NoFaceFound:
            continue
        (template,) = engine.embed([face.chip])
        yield _measured(engine, face), template, person, path.name


def _measured(engine: Engine, face: Face) -> list[float]:
    found = measures(face.chip, face.picture, face.box, engine.regions(face))
    return list(asdict(found).values())


@cache
def subject_engine() -> Engine:
    """The server's, but for which of several faces counts: in LFW, the one nearest the center."""
    engine = load_engine()
    return replace(engine, finder=replace(engine.finder, choice=nearest_centre))


@cache
def _subject(path: Path) -> Box | None:
    """Where the face is in the good photo."""
    pixels: Pixels = read(path)
    boxes = subject_engine().finder.detector.find(pixels)
    return nearest_centre(boxes, (pixels.shape[1], pixels.shape[0])) if boxes else None


def costs_of(faces: Faces, penalty: Penalty) -> NDArray[np.float64]:
    """What each photo costs."""
    rows = faces.measures.tolist()
    return np.array([penalty.of(Measures(**dict(zip(NAMES, row, strict=True)))) for row in rows])


def people_of(kinds: Mapping[str, Faces]) -> set[str]:
    """Everybody who is shown."""
    return {person for faces in kinds.values() for person in faces.people.tolist()}


def good_portraits(data: Path) -> NDArray[np.float64]:
    """Measures of portraits: larger, sharper and smoother than photos of LFW."""
    engine = subject_engine()
    photos = [Photo(read(path)) for path in portraits(data, "training")]
    return np.array([_measured(engine, engine.find(each, stages=Stages())) for each in photos])
