"""A table of comparisons: its columns, and its rows in pieces.

Columns get the names first, second (photos), mated, score, code, group, first_person and
second_person, whatever the file calls them. ``opening`` finds out how a file is written.
"""

from __future__ import annotations

import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa

from calibration.sources.formats.values import is_number
from verikit.errors import WrongUse, in_words
from verikit.foreign_text import shown

NAMES = ("first", "second", "group", "first_person", "second_person")
COLUMNS = (*NAMES[:2], "mated", "score", "code", *NAMES[2:])
_NAME = pa.dictionary(pa.int32(), pa.string())
TYPES = dict.fromkeys((*NAMES, "mated"), _NAME) | dict.fromkeys(
    ("score", "code", "seconds"), pa.float64()
)
PIECE_BYTES = 8 << 20
PIECE_ROWS = 1 << 17
SAMPLED_LINES = 50
"""Lines from which the dialect and the columns of a file are told."""
LONGEST_LINE = 1 << 20
_MOST_COLUMNS = 12
"""A row of more, all of them numbers, is one of a matrix."""


@dataclass(frozen=True, kw_only=True)
class Table(ABC):
    """A table with known columns. ``columns`` maps the name here to the name in the file.

    ``sample`` has the first rows, as understood.
    """

    path: Path
    columns: Mapping[str, str]
    sample: Sequence[Mapping[str, Any]] = field(default=(), repr=False)

    def pieces(self) -> Iterator[pa.RecordBatch]:
        """The rows in pieces, with the column names used here.

        Raises:
            WrongUse: a row is damaged.
        """
        try:
            for piece in self.batches():
                yield piece.select(list(self.columns.values())).rename_columns(list(self.columns))
        except (pa.ArrowException, sqlite3.Error, OSError, ValueError, RecursionError) as error:
            raise self.refusal(self.explained(in_words(error).splitlines()[0])) from error

    @abstractmethod
    def batches(self) -> Iterator[pa.RecordBatch]:
        """The rows in pieces, with the column names of the file."""

    def explained(self, why: str) -> str:
        """Why a row cannot be read, more exactly than the reader says it, if that can be told."""
        return why

    def refusal(self, why: str) -> WrongUse:
        """An error that shows the first three rows as they were understood."""
        return WrongUse(f"{self.path} cannot be read: {why}{_as_understood(self.sample)}")


def column_names(text: str) -> dict[str, str]:
    """Parse ``first=probe,score=similarity``.

    Raises:
        WrongUse: it is malformed, or names an unknown column.
    """
    pairs = [part.partition("=") for part in text.split(",") if part.strip()]
    names = {ours.strip(): theirs.strip() for ours, _, theirs in pairs}
    wrong = [name for name in names if name not in COLUMNS]
    if wrong or not all(names.values()) or not names:
        raise WrongUse(
            f"--columns takes NAME=COLUMN separated by commas, with NAME one of "
            f"{', '.join(COLUMNS)}; not {text!r}."
        )
    return names


def _as_understood(sample: Sequence[Mapping[str, Any]]) -> str:
    if not sample:
        return ""
    rows = [
        "; ".join(f"{name}={shown(str(value), limit=60)}" for name, value in row.items())
        for row in [dict(list(row.items())[:_MOST_COLUMNS]) for row in sample[:3]]
    ]
    return "\nThe first rows, as understood:\n" + "\n".join(f"  {row}" for row in rows)


def _all_numbers(sample: Sequence[Mapping[str, Any]]) -> bool:
    return bool(sample) and all(is_number(str(v)) for row in sample for v in row.values())


def listed_columns(names: Sequence[str]) -> str:
    """Up to twenty names of columns, sanitized."""
    return ", ".join(shown(name, limit=40) for name in names[:20])


def matched(
    path: Path,
    present: Sequence[str],
    given: Mapping[str, str],
    needed: Sequence[str],
    sample: Sequence[Mapping[str, Any]],
) -> dict[str, str]:
    """The name in the file of each column, by the name here; case and blanks do not matter.

    ``given`` maps names here to names, or numbers from 1, in the file; of several, separated by
    ``|``, the first that is there.

    Raises:
        WrongUse: the file lacks a column that is given or ``needed``.
    """
    by_plain = {name.strip().lower(): name for name in reversed(present)}
    found: dict[str, str] = {}
    for ours in COLUMNS:
        theirs = given.get(ours, ours)
        for one in dict.fromkeys((theirs, *map(str.strip, theirs.split("|")))):
            place = int(one) if ours in given and one.isdecimal() else 0
            if one in present:
                found[ours] = one
            elif one.lower() in by_plain:
                found[ours] = by_plain[one.lower()]
            elif 1 <= place <= len(present):
                found[ours] = present[place - 1]
            if ours in found:
                break
        if ours in given and ours not in found:
            raise WrongUse(
                f"{path} has no column {theirs!r}; it has {listed_columns(present)}."
                f"{_as_understood(sample)}"
            )
    told = {"mated"} if {"first_person", "second_person"} <= found.keys() else set()
    missing = [name for name in needed if name not in found.keys() | told]
    if missing:
        lacks = f"lacks the column{'s' if len(missing) > 1 else ''} {', '.join(missing)}"
        if len(present) > _MOST_COLUMNS and _all_numbers(sample):
            raise WrongUse(
                f"{path} {lacks}, and looks like a matrix of "
                f"{len(present):,} columns: save it with numpy.save as .npy, and give "
                "--people labels.npy."
            )
        hint = ",".join(f"{name}=COLUMN" for name in missing)
        raise WrongUse(
            f"{path} {lacks}; it has {listed_columns(present)}. If they have other names: "
            f"--columns {hint}{_as_understood(sample)}"
        )
    return found
