"""Counts score files: validates the values of each row (``table`` reads the files).

A score is empty if there is none; ``code`` may give the reason. Without the columns first_person
and second_person, people are inferred from the names of photos (``counting.naming``). Without the
column mated, two photos are mated if they show the same person.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pyarrow as pa

from calibration.counting.comparisons import Block, Measurement
from calibration.counting.groups import canonical_label
from calibration.counting.identities import Index
from calibration.sources.formats.opening import RunTable, open_table
from calibration.sources.formats.table import Table
from calibration.sources.formats.values import (
    NO_SCORE,
    TRUTH,
    as_written,
    no_number,
    numbers_in,
    on_scale,
    words_of,
)
from calibration.statistics.arrays import Counts, Floats
from verikit.contract import load_contract
from verikit.foreign_text import shown

Label = Callable[[Counts, Counts], list[str]]
"""The labels of pairs, by the numbers of their photos, each of shape (n,)."""
_NO_REFUSALS = [load_contract().success_code, *range(200, 300), 408, 425, 429, *range(500, 600)]
"""Codes of success, and HTTP's of a server that could not answer: neither says why a score is
missing."""
_CODES = load_contract().codes
_REFUSALS = [one.code for one in _CODES.values() if one.code not in _NO_REFUSALS]
NEEDED = ("first", "second", "mated", "score")


def open_scores(path: Path, columns: Mapping[str, str] | None = None) -> Table:
    """A file of scores; ``columns`` names columns that are called otherwise in it.

    Raises:
        WrongUse: it cannot be read, or lacks a column.
    """
    return open_table(path, columns or {}, NEEDED)


def first_scores(table: Table) -> Floats:
    """The scores of the first piece, shape (n,), to find their scale."""
    piece = next(table.pieces(), None)
    if piece is None:
        raise table.refusal("it contains no rows.")
    return numbers_of(table, piece, "score", 1)


def count_scores(
    table: Table,
    measurement: Measurement,
    people: Mapping[str, str] | None = None,
    label: Label | None = None,
) -> None:
    """Count every row of a file; ``people`` gives the person of each photo, ``label`` the labels of
    pairs of photos, where the photos are known already.

    Raises:
        WrongUse: it holds something that cannot be a score.
    """
    row = 1
    for piece in table.pieces():
        _Rows(table, piece, row, measurement, people or {}, label).count()
        row += piece.num_rows
    if row == 1:
        raise table.refusal("it contains no rows.")


class _Rows:
    """A piece of a table; ``start`` is the number of its first row."""

    def __init__(  # noqa: PLR0913, PLR0917 - all that is known of a row
        self,
        table: Table,
        piece: pa.RecordBatch,
        start: int,
        measurement: Measurement,
        people: Mapping[str, str],
        label: Label | None,
    ) -> None:
        self._table = table
        self._piece = piece
        self._start = start
        self._measurement = measurement
        self._people = people
        self._label = label

    def count(self) -> None:
        first, second = (self._photos(side) for side in ("first", "second"))
        people = [
            self._given(side, photos) for side, photos in (("first", first), ("second", second))
        ]
        written = numbers_of(self._table, self._piece, "score", self._start)
        scores, failed = on_scale(written, self._measurement, self._refuse_score)
        codes = self._codes()
        refused = np.isin(codes, _REFUSALS) & ~np.isnan(scores)
        self._measurement.scored_refusals += int(np.count_nonzero(refused))
        codes[failed != 0] = failed[failed != 0]
        coded = "code" in self._piece.schema.names
        self._measurement.tells_refusals |= coded or bool(failed.any())
        self._measurement.add(
            Block(
                first=first,
                second=second,
                mated=self._truth(people),
                scores=scores,
                codes=codes,
                groups=self._labels(first, second),
                seconds=self._seconds(),
            )
        )

    def _photos(self, side: str) -> Counts:
        names, places = words_of(self._piece[side])
        self._refuse_empty(side, names, places)
        photos: Counts = self._measurement.identities.written(names)
        return photos[places]

    def _given(self, side: str, photos: Counts) -> Counts | None:
        """The person of each row that a column or a table gives, -1 where it does not."""
        identities = self._measurement.identities
        if f"{side}_person" in self._piece.schema.names:
            names, places = words_of(self._piece[f"{side}_person"])
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
        words, places = words_of(column)
        self._refuse_empty("mated", words, places)
        truth = np.array([TRUTH.get(word.strip().lower(), -1) for word in words], np.int8)[places]
        self._refuse_where(
            truth < 0,
            "mated",
            lambda at: (
                f"{shown(words[places[at]], limit=60)!r} is neither 1 nor 0, nor one of "
                f"{', '.join(TRUTH)} in any case"
            ),
        )
        return np.equal(truth, 1)

    def _codes(self) -> Counts:
        if "code" not in self._piece.schema.names:
            return np.zeros(self._piece.num_rows, np.int64)
        codes: Counts = np.nan_to_num(
            numbers_of(self._table, self._piece, "code", self._start)
        ).astype(np.int64)
        return np.where(np.isin(codes, _NO_REFUSALS), 0, codes)

    def _seconds(self) -> Floats | None:
        """What a run noted of its answers."""
        if not isinstance(self._table, RunTable):
            return None
        return numbers_of(self._table, self._piece, "seconds", self._start)

    def _labels(self, first: Counts, second: Counts) -> Counts | None:
        """The label of each row, by its photos or as the file says."""
        if self._label is None:
            return self._groups()
        return self._measurement.labels.numbers(self._label(first, second))

    def _groups(self) -> Counts | None:
        if "group" not in self._piece.schema.names:
            return None
        names, places = words_of(self._piece["group"])
        if not any(names):
            return None
        labels: Index = self._measurement.labels
        return labels.numbers(map(canonical_label, names))[places]

    def _refuse_empty(self, name: str, values: list[str], places: Counts) -> None:
        empty = np.array([not value.strip() for value in values], bool)
        if empty.any():
            wrong = empty[places]
            if wrong.any():
                at = int(np.argmax(wrong))
                raise self._table.refusal(
                    f"it has rows without {name}: fill them in or delete them, for example row "
                    f"{self._start + at}."
                )

    def _refuse_score(self, wrong: np.ndarray, values: Floats, why: str) -> None:
        self._refuse_where(wrong, "score", lambda at: f"{values[at]:g} {why}")

    def _refuse_where(self, wrong: np.ndarray, name: str, tell: Callable[[int], str]) -> None:
        refuse_where(self._table, wrong, self._start, name, tell)


def refuse_where(
    table: Table, wrong: np.ndarray, start: int, name: str, tell: Callable[[int], str]
) -> None:
    """Refuse a file by its first wrong row.

    ``wrong``: a mask of shape (n,); ``start``: the number of its first row in the file.

    Raises:
        WrongUse: any row is.
    """
    if wrong.any():
        at = int(np.argmax(wrong))
        more = int(np.count_nonzero(wrong)) - 1
        others = f" (and {more:,} more rows near it)" if more else ""
        raise table.refusal(f"row {start + at}: {name} {tell(at)}{others}.")


def numbers_of(table: Table, piece: pa.RecordBatch, name: str, start: int) -> Floats:
    """A column of numbers, shape (n,), in the stored precision; NaN if empty."""
    column = piece[name]
    kind = column.type
    if pa.types.is_null(kind):
        return np.full(len(column), np.nan)
    if pa.types.is_float16(kind):
        return as_written(column.to_numpy(zero_copy_only=False))
    if pa.types.is_float32(kind):
        wide = pa.float32()
    elif pa.types.is_decimal(kind):  # cast at once, 0.009 would be 0.009000000000000001
        column, wide = column.cast(pa.string()), pa.float64()
    elif pa.types.is_floating(kind) or pa.types.is_integer(kind):
        wide = pa.float64()
    else:
        return _parsed(table, column, name, start)
    return numbers_in(column.cast(wide), np.nan)


def _parsed(table: Table, column: pa.Array, name: str, start: int) -> Floats:
    words, places = words_of(column)
    values = np.array([_number(word.strip()) for word in words], float)[places]
    empty = np.array([word.strip() in NO_SCORE for word in words], bool)[places]
    refuse_where(
        table,
        np.isnan(values) & ~empty,
        start,
        name,
        lambda at: no_number(words[places[at]]),
    )
    return values


def _number(word: str) -> float:
    try:
        return float(word)
    except ValueError:
        return float("nan")
