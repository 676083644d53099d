"""Counts score matrices: an ``.npy`` (n, m), or an ``.npz`` with identities.

An .npz has ``scores`` (n, m) and ``people`` (n,) if rows and columns are the same photos, or
``first_people`` (n,) and ``second_people`` (m,); or ``scores`` and ``mated`` of the same shape,
with ``first_people`` and ``second_people`` of that shape if known. Of a symmetric matrix of the
same photos, one triangle is counted, without the diagonal.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from calibration.counting.comparisons import Block, Measurement
from calibration.counting.naming import person
from calibration.sources.formats.values import on_scale
from calibration.statistics.arrays import Counts, Floats
from verikit.errors import WrongUse
from verikit.foreign_arrays import array_of, arrays_of, names_in, names_of

_PEOPLE = ("people", "first_people", "second_people")
_NAMES = ("scores", "mated", *_PEOPLE)
_PIECE = 1 << 17


def holds_matrix(path: Path) -> bool:
    """Whether a file is a matrix of scores; an .npz may contain templates instead."""
    ending = path.suffix.lower()
    return ending == ".npy" or (ending == ".npz" and "scores" in names_in(path))


def open_matrix(path: Path, people: Path | None, told: Mapping[str, str]) -> Matrix:
    """Open a matrix of scores.

    For an .npy, ``people`` is an .npy of labels, or a table with the photo and the person of each
    row, from which ``told`` was read.

    Raises:
        WrongUse: arrays are missing or of the wrong shape.
    """
    if path.suffix.lower() == ".npz":
        if people:
            raise WrongUse(f"--people does not apply to {path}: an .npz says itself who is who.")
        arrays = arrays_of(path, "scores", _NAMES)
    elif people is None:
        raise WrongUse(
            f"{path} is a score matrix without identities: give --people LABELS.npy, "
            "or an .npz with `scores` and `people`."
        )
    else:
        scores = array_of(path)
        labels = _in_rows(people, told) if told else array_of(people)
        known = "mated" if labels.shape == scores.shape else "people"
        arrays = {"scores": scores, known: labels}
    if arrays["scores"].dtype.kind not in "fiu" or not arrays["scores"].size:
        raise WrongUse(f"{path}: `scores` are not numbers.")
    for name in (one for one in _PEOPLE if one in arrays):
        try:
            arrays[name] = names_of(arrays[name], person)
        except ValueError as error:
            raise WrongUse(
                f"{people or path}: each entry of `{name}` must name a person; leave out what is "
                "of nobody."
            ) from error
    return Matrix(path=path, arrays=arrays)


def _in_rows(table: Path, people: Mapping[str, str]) -> np.ndarray:
    """The person of each row of a matrix: photos are numbered from 0 or 1 on, or are in order."""
    if all(photo.isdecimal() for photo in people):
        numbered = sorted((int(photo), person) for photo, person in people.items())
        first = numbered[0][0]
        if first > 1 or [number for number, _ in numbered] != list(
            range(first, first + len(people))
        ):
            raise WrongUse(
                f"{table}: the photos of a matrix are its rows, numbered from 0 or 1 without a gap."
            )
        return np.array([person for _, person in numbered])
    return np.array(list(people.values()))


@dataclass(frozen=True, kw_only=True)
class Matrix:
    """A matrix of scores, and the people of its rows and columns; for shapes see the module."""

    path: Path
    arrays: Mapping[str, np.ndarray]

    @property
    def sample(self) -> Floats:
        """Some of the scores, shape (k,), to find their scale."""
        sample: Floats = self.arrays["scores"].reshape(-1)[:_PIECE].astype(float)
        return sample

    def count(self, measurement: Measurement) -> None:
        """Count every comparison.

        Raises:
            WrongUse: an array has the wrong shape, or a value that is not a score.
        """
        pieces = self._listed if "mated" in self.arrays else self._crossed
        for first, second, mated, scores in pieces(measurement):
            values, codes = on_scale(scores, measurement, self._refuse)
            measurement.add(
                Block(first=first, second=second, mated=mated, scores=values, codes=codes)
            )

    def _refuse(self, wrong: np.ndarray, values: Floats, why: str) -> None:
        raise WrongUse(f"{self.path}: a score is {values[wrong][0]:g}, which {why}.")

    def _crossed(
        self, measurement: Measurement
    ) -> Iterator[tuple[Counts, Counts, np.ndarray, np.ndarray]]:
        scores, same = self.arrays["scores"], "people" in self.arrays
        first, second = (
            self.arrays.get("people", self.arrays.get(f"{side}_people"))
            for side in ("first", "second")
        )
        if first is None or second is None:
            raise WrongUse(
                f"{self.path} lacks `people`, or `first_people` and `second_people`, or `mated`."
            )
        if scores.ndim != 2 or scores.shape != (first.size, second.size):
            raise WrongUse(
                f"{self.path}: scores of shape {scores.shape} do not fit {first.size} and "
                f"{second.size} people."
            )
        rows = _enrolled(measurement, first, "" if same else "row ")
        columns = rows if same else _enrolled(measurement, second, "column ")
        triangle = same and _symmetric(scores)
        height = max(1, _PIECE // second.size)
        for start in range(0, first.size, height):
            block = np.asarray(scores[start : start + height])
            row, column = np.divmod(np.arange(block.size), second.size)
            row += start
            if same:
                chosen = row < column if triangle else row != column
                row, column, values = row[chosen], column[chosen], block.ravel()[chosen]
            else:
                values = block.ravel()
            yield rows[row], columns[column], first[row] == second[column], values

    def _listed(
        self, measurement: Measurement
    ) -> Iterator[tuple[Counts, Counts, np.ndarray, np.ndarray]]:
        scores, mated = self.arrays["scores"].ravel(), self.arrays["mated"].ravel()
        if scores.size != mated.size or not np.isin(mated, (0, 1)).all():
            raise WrongUse(f"{self.path}: `mated` must be 0 or 1 for each score.")
        photos = []
        for name in ("first_people", "second_people"):
            people = self.arrays.get(name)
            if people is not None and people.size != scores.size:
                raise WrongUse(f"{self.path}: `{name}` must have one entry for each score.")
            shown = np.arange(scores.size) if people is None else people.ravel()
            photos.append(_enrolled(measurement, shown, f"{name} ", told=people is not None))
        for start in range(0, scores.size, _PIECE):
            part = slice(start, start + _PIECE)
            yield photos[0][part], photos[1][part], mated[part] == 1, scores[part]


def _symmetric(scores: np.ndarray) -> bool:
    return bool(np.array_equal(scores, scores.T, equal_nan=scores.dtype.kind == "f"))


def _enrolled(
    measurement: Measurement, people: np.ndarray, what: str, *, told: bool = True
) -> Counts:
    """The numbers of photos that nobody named, of these people."""
    if people.ndim != 1:
        raise WrongUse(f"`people` must have one dimension, not the shape {people.shape}.")
    photos = [f"{what}{number}" for number in range(1, people.size + 1)]
    return measurement.identities.add(photos, map(str, people.tolist()) if told else None)
