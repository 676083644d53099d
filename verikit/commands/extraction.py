"""Extracts the templates of a folder of photos in parts, which are kept until all are done."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import lru_cache, partial
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from calibration.executors import Workers, fan_out
from calibration.files import writing
from calibration.sources.datasets import corrected
from calibration.sources.photos import Folder
from reference_server.faces.detection.boxes import largest, nearest_centre
from reference_server.faces.engine import Engine, load_engine
from reference_server.faces.errors import ModelError
from reference_server.faces.recognition.recogniser import Precision
from reference_server.refusals import Refusal
from reference_server.request.photo import read_photo
from reference_server.stages import Stages
from verikit.contract import load_contract
from verikit.errors import WrongUse

PHOTOS_OF_A_PART = 64
STATISTICS = ("mean", "deviation", "penalty")
_SCHEMA = pa.schema(
    {
        "photo": pa.string(),
        "refusal": pa.string(),
        "weights": pa.string(),
        "vector": pa.list_(pa.float32()),
        "mean": pa.float32(),
        "deviation": pa.float32(),
        "penalty": pa.float32(),
    }
)


class Subject(StrEnum):
    """Which of several faces is the labelled person's."""

    LARGEST = "largest"  # as when serving
    CENTRE = "centre"  # the one nearest the center, as in LFW


@dataclass(frozen=True, kw_only=True)
class Work:
    """The folder of people, which every worker must be able to read, and the model by name.

    ``subject`` says whose face counts where a photo shows several.
    """

    folder: Path
    model: str
    precision: Precision = Precision.INT8
    subject: Subject = Subject.LARGEST


def people_in(folder: Path, label_errors: Path | None = None) -> dict[str, str]:
    """The person of each photo, by the photo's name; label errors corrected if a table is given.

    Raises:
        WrongUse: there is no photo.
    """
    people = {name: name.partition("/")[0] for name in Folder(folder).names()}
    if not people:
        raise WrongUse(f"{folder} contains no folders of photos: it needs one folder per person.")
    return corrected(people, label_errors) if label_errors else people


def extract(
    work: Work,
    names: Sequence[str],
    kept: Path,
    workers: Workers,
    tell: Callable[[int, int], None],
) -> pa.Table:
    """A row for each photo; ``kept`` is the folder of what is done, ``tell`` hears of parts.

    A part is a file, written whole or not at all, whose name tells the photos it was made of and
    the SHA-256 of what it holds; one that was damaged since is made again.

    Raises:
        WrongUse: a photo cannot be read, or the model cannot be loaded.
        Unreachable: nobody is left to work; what was done is kept.
    """
    starts = range(0, len(names), PHOTOS_OF_A_PART)
    parts = [tuple(names[start : start + PHOTOS_OF_A_PART]) for start in starts]
    kept.mkdir(mode=0o700, parents=True, exist_ok=True)
    made_of = {part: _digest_of(work, part) for part in parts}
    missing = [part for part in parts if _read(kept, made_of[part]) is None]
    done = len(parts) - len(missing)
    tell(done, len(parts))
    for part, table in fan_out(workers, partial(embed, work), missing, range(2 * workers.size)):
        _write_whole(kept, made_of[part], table)
        done += 1
        tell(done, len(parts))
    tables = [_read(kept, made_of[part]) for part in parts]
    if any(table is None for table in tables):
        raise WrongUse(f"{kept} was changed during the run: run the same command again.")
    return pa.concat_tables(tables)


def embed(work: Work, photos: Sequence[str], slot: int) -> pa.Table:
    """The templates of some photos as the server makes them; a refusal where there is none."""
    try:
        engine = _engine(work.model, work.precision, work.subject)
    except ModelError as error:  # not the worker's fault: it is not to be tried again
        raise WrongUse(str(error)) from error
    folder = Folder(work.folder)
    return pa.Table.from_pylist([_row(folder, engine, name) for name in photos], schema=_SCHEMA)


def save(work: Work, people: Mapping[str, str], table: pa.Table, out: Path) -> int:
    """Write the templates as `verikit fit` and `verikit calibrate` read them; their number."""
    found = table.filter(pc.is_null(table["refusal"]))
    photos = found["photo"].to_pylist()
    arrays = {
        "vectors": np.array(found["vector"].to_pylist(), np.float32),
        "people": np.array([people[photo] for photo in photos], str),
        "photos": np.array(photos, str),
        "model": np.array(work.model),
        "weights": np.array(next(iter(found["weights"].to_pylist()), "")),
    }
    if found.num_rows and not found["mean"].null_count:
        arrays |= {name: found[name].to_numpy() for name in STATISTICS}
    with writing(out) as file:
        np.savez(file, **arrays)  # type: ignore[arg-type]
    return int(found.num_rows)


@lru_cache(maxsize=1)
def _engine(model: str, precision: Precision, subject: Subject) -> Engine:
    engine = load_engine(model, precision=precision, uncalibrated=True)
    choice = nearest_centre if subject is Subject.CENTRE else largest
    return replace(engine, finder=replace(engine.finder, choice=choice))


def _row(folder: Folder, engine: Engine, name: str) -> dict[str, object]:
    try:
        photo = read_photo(folder.read(name), load_contract().photo_standards)
        face = engine.find(photo, stages=Stages())
    except Refusal as refusal:
        return {"photo": name, "refusal": refusal.code}
    template = engine.embed([face.chip])
    weights = engine.recogniser.digest or ""
    row: dict[str, object] = {"photo": name, "weights": weights, "vector": template[0]}
    if engine.scorer.cohort:
        mean, deviation = engine.scorer.cohort.statistics(template)
        penalty = engine.penalty(face, engine.regions(face))
        row |= {"mean": mean[0], "deviation": deviation[0], "penalty": penalty}
    return row


def _digest_of(work: Work, photos: Sequence[str]) -> str:
    """Tells what a part is made of from other photos, or another model."""
    made_of = [work.model, work.precision.value, work.subject.value, *_SCHEMA.names]
    for name in photos:
        known = (work.folder / name).stat()
        made_of.append(f"{name}/{known.st_size}/{known.st_mtime_ns}")
    return hashlib.sha256("\n".join(made_of).encode()).hexdigest()[:32]


def _read(kept: Path, made_of: str) -> pa.Table | None:
    """A part that is there and is what was written."""
    for path in kept.glob(f"{made_of}-*.parquet"):
        content = path.read_bytes()
        if hashlib.sha256(content).hexdigest() == path.stem.partition("-")[2]:
            return pq.read_table(pa.BufferReader(content))
    return None


def _write_whole(kept: Path, made_of: str, table: pa.Table) -> None:
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink)
    content = sink.getvalue().to_pybytes()
    name = f"{made_of}-{hashlib.sha256(content).hexdigest()}.parquet"
    with writing(kept / name) as file:
        file.write(content)
