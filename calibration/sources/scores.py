"""Counts files of scores: the values of each row, whoever wrote them (``table`` reads the files).

A score is empty where there is none; ``code`` may say why. Without the columns first_person and
second_person the names of the photos tell who is on them, if they do (``counting.naming``). Without
the column mated, two photos are mated if they show one person.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from calibration.counting import naming
from calibration.counting.comparisons import Block, Measurement
from calibration.counting.identities import Index
from calibration.sources.table import NO_SCORE, TRUTH, Table, open_table
from calibration.statistics.arrays import Counts, Floats
from verikit.errors import WrongUse
from verikit.foreign_text import shown

NEEDED = ("first", "second", "mated", "score")
SENTINEL = -1.0
"""What stands for a failed template in the files of NIST's evaluations."""
_ROUNDING = 1e-6
"""How far beyond the scale, as a share of it, a rounded score may lie."""


def count_scores(
    path: Path,
    measurement: Measurement,
    columns: Mapping[str, str] | None = None,
    people: Mapping[str, str] | None = None,
    sign: float = 1.0,
) -> None:
    """Count every row of a file.

    ``columns`` names columns that are called otherwise in the file, ``people`` the person of each
    photo; scores are multiplied by ``sign`` before they are counted.

    Raises:
        WrongUse: the file lacks a column or holds something that cannot be a score.
    """
    table = open_table(path, columns or {}, NEEDED)
    row = 1
    for piece in table.pieces():
        _Rows(table, piece, row, measurement, people or {}).count(sign)
        row += piece.num_rows
    if row == 1:
        raise table.refusal("it holds no rows.")


class _Rows:
    """A piece of a table; ``start`` is the number of its first row."""

    def __init__(
        self,
        table: Table,
        piece: pa.RecordBatch,
        start: int,
        measurement: Measurement,
        people: Mapping[str, str],
    ) -> None:
        self._table = table
        self._piece = piece
        self._start = start
        self._measurement = measurement
        self._people = people

    def count(self, sign: float) -> None:
        first, second = (self._photos(side) for side in ("first", "second"))
        people = [
            self._given(side, photos) for side, photos in (("first", first), ("second", second))
        ]
        scores, failed = self._scores(sign)
        codes = self._codes()
        codes[failed] = self._measurement.no_face
        self._measurement.add(
            Block(
                first=first,
                second=second,
                mated=self._truth(people),
                scores=scores,
                codes=codes,
                groups=self._groups(),
            )
        )

    def _photos(self, side: str) -> Counts:
        names, places = _coded(self._piece[side])
        self._refuse_empty(side, names, places)
        photos: Counts = self._measurement.identities.photos.numbers(map(naming.normal, names))
        return photos[places]

    def _given(self, side: str, photos: Counts) -> Counts | None:
        """The person of each row that a column or a table gives, -1 where it does not."""
        identities = self._measurement.identities
        if f"{side}_person" in self._piece.schema.names:
            names, places = _coded(self._piece[f"{side}_person"])
        elif self._people:
            fresh, places = np.unique(photos, return_inverse=True)
            known = identities.photos.names
            names = [self._people.get(known[photo], "") for photo in fresh.tolist()]
        else:
            return None
        numbers = np.array([identities.number_person(name) for name in names], np.int64)
        people: Counts = numbers[places]
        identities.give(photos, people)
        return people

    def _truth(self, people: list[Counts | None]) -> np.ndarray:
        if "mated" not in self._piece.schema.names:
            first, second = people
            assert first is not None and second is not None  # noqa: S101, PT018 - the table has them
            return np.equal(first, second)
        column = self._piece["mated"]
        words, places = _coded(column)
        self._refuse_empty("mated", words, places)
        truth = np.array([TRUTH.get(word.strip().lower(), -1) for word in words], np.int8)[places]
        self._refuse_where(
            truth < 0,
            "mated",
            lambda at: f"{shown(words[places[at]], limit=60)!r} is neither 1 nor 0",
        )
        return np.equal(truth, 1)

    def _scores(self, sign: float) -> tuple[Floats, np.ndarray]:
        """The scores, NaN where there is none, and where a sentinel stood for one."""
        scores = self._numbers("score")
        unreal = np.isinf(scores)
        self._refuse_where(unreal, "score", lambda at: f"{scores[at]:g} is no finite number")
        failed = np.zeros(len(scores), bool)
        limits = self._measurement.limits
        if limits is None:
            return scores * scores.dtype.type(sign), failed
        low, high = limits
        if min(sign * low, sign * high) > SENTINEL:
            failed = scores == SENTINEL
            self._measurement.sentinels += int(np.count_nonzero(failed))
            scores = np.where(failed, scores.dtype.type(np.nan), scores)
        scores = scores * scores.dtype.type(sign)
        room = _ROUNDING * (high - low)
        outside = (scores < low - room) | (scores > high + room)
        self._refuse_where(
            outside,
            "score",
            lambda at: (
                f"{sign * scores[at]:g} lies outside {{:g}} to {{:g}}".format(
                    *sorted((sign * low, sign * high))
                )
                + ": name the scale with --claims, or leave the score empty where there is none"
            ),
        )
        return np.clip(scores, scores.dtype.type(low), scores.dtype.type(high)), failed

    def _numbers(self, name: str) -> Floats:
        """A column of numbers as wide as it was stored, NaN where nothing stands."""
        column = self._piece[name]
        kind = column.type
        if pa.types.is_float32(kind) or pa.types.is_float16(kind):
            wide = pa.float32()
        elif pa.types.is_floating(kind) or pa.types.is_integer(kind) or pa.types.is_decimal(kind):
            wide = pa.float64()
        elif pa.types.is_null(kind):
            return np.full(len(column), np.nan)
        else:
            return self._parsed(name, column)
        filled = column.cast(wide).fill_null(np.nan)
        numbers: Floats = filled.to_numpy(zero_copy_only=False)
        return numbers

    def _parsed(self, name: str, column: pa.Array) -> Floats:
        words, places = _coded(column)
        numbers = np.array([_number(word.strip()) for word in words])
        values = numbers[places] if words else np.full(len(column), np.nan)
        empty = np.array([word.strip() in NO_SCORE for word in words])
        wrong = np.isnan(values) & ~(empty[places] if words else True)
        self._refuse_where(
            wrong, name, lambda at: f"{shown(words[places[at]], limit=60)!r} is no number"
        )
        return values

    def _codes(self) -> Counts:
        if "code" not in self._piece.schema.names:
            return np.zeros(self._piece.num_rows, np.int64)
        return np.nan_to_num(self._numbers("code"), nan=0.0).astype(np.int64)

    def _groups(self) -> Counts | None:
        if "group" not in self._piece.schema.names:
            return None
        names, places = _coded(self._piece["group"])
        if not any(names):
            return None
        labels: Index = self._measurement.labels
        return labels.numbers(name.strip() or "not given" for name in names)[places]

    def _refuse_empty(self, name: str, values: list[str], places: Counts) -> None:
        empty = np.array([not value.strip() for value in values], bool)
        if empty.any():
            wrong = empty[places]
            if wrong.any():
                at = int(np.argmax(wrong))
                raise self._table.refusal(
                    f"it has rows without {name}: fill them in, as row {self._start + at}."
                )

    def _refuse_where(self, wrong: np.ndarray, name: str, tell: Callable[[int], str]) -> None:
        if wrong.any():
            at = int(np.argmax(wrong))
            more = int(np.count_nonzero(wrong)) - 1
            others = f" (and {more:,} more rows near it)" if more else ""
            raise self._table.refusal(f"row {self._start + at}: {name} {tell(at)}{others}.")


def _coded(column: pa.Array) -> tuple[list[str], Counts]:
    """The different values as text, "" for nothing, and the place of each row's value in them."""
    if not pa.types.is_dictionary(column.type):
        column = column.dictionary_encode()
    places = column.indices.fill_null(len(column.dictionary)).to_numpy(zero_copy_only=False)
    values = column.dictionary
    if not pa.types.is_string(values.type):
        values = pc.cast(values, pa.string()) if len(values) else pa.array([], pa.string())
    words = [word or "" for word in values.to_pylist()]
    return [*words, ""] if column.null_count else words, places.astype(np.int64)


def _number(word: str) -> float:
    try:
        return float(word)
    except ValueError:
        return float("nan")


def photo_people(path: Path) -> dict[str, str]:
    """The person of each photo, from a table with the columns photo and person.

    Raises:
        WrongUse: it is no such table.
    """
    table = open_table(
        path, {"first": "photo", "first_person": "person"}, ("first", "first_person")
    )
    people: dict[str, str] = {}
    for piece in table.pieces():
        for photo, person in _text_rows(piece):
            name = naming.normal(photo)
            if not name or not person.strip():
                raise table.refusal("it has rows without a photo or a person.")
            if people.setdefault(name, person.strip()) != person.strip():
                raise WrongUse(f"{path} gives {photo} to {people[name]} and to {person}.")
    return people


def _text_rows(piece: pa.RecordBatch) -> Iterator[tuple[str, str]]:
    columns = []
    for name in ("first", "first_person"):
        words, places = _coded(piece[name])
        columns.append([words[place] for place in places.tolist()])
    yield from zip(*columns, strict=True)
