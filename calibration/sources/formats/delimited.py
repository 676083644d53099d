"""Delimited text: finds its dialect, and reads it.

Text without a heading is recognized by its shape: two photos, label and score; or the four or five
columns of bob (claimed identity[, model], real identity, probe, score).
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import pyarrow as pa
import pyarrow.csv

from calibration.sources.formats.table import (
    LONGEST_LINE,
    PIECE_BYTES,
    SAMPLED_LINES,
    TYPES,
    Table,
    listed_columns,
    matched,
)
from calibration.sources.formats.values import (
    DECIMAL_COMMA,
    NO_SCORE,
    TRUTH,
    is_number,
    no_code,
    no_number,
)
from verikit.errors import WrongUse

SNIFFED = 64 << 10
"""Bytes of a file from which its format is told."""
_QUOTED_COMMA = re.compile(r"[-+]?(0,\d+|\d+,(\d\d?|\d{4,}))", re.ASCII).fullmatch
"""A decimal comma where commas divide fields; one before three digits may mark thousands."""


@dataclass(frozen=True, kw_only=True)
class Dialect:
    """The dialect of delimited text; ``head`` names its columns, even without a heading.

    ``before``: lines before the heading or, without one, before the rows.
    """

    head: tuple[str, ...]
    delimiter: str = ","
    encoding: str = "utf-8"
    has_heading: bool = True
    before: int = 0
    decimal_comma: bool = False
    by_blanks: bool = False
    sample: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True, kw_only=True)
class DelimitedTable(Table):
    """Delimited text."""

    dialect: Dialect

    def batches(self) -> Iterator[pa.RecordBatch]:
        """The rows, scores and codes as numbers."""
        return self._read(as_words=False)

    def explained(self, why: str) -> str:
        """The first value that is not a number, which Arrow does not name; how to quote a comma."""
        if "conversion error" in why:
            with suppress(pa.ArrowException, ValueError):  # a row before it may be damaged
                return self._first_misfit() or why
        if re.search(r"Expected \d+ columns, got", why):
            return f"{why}. Put values that contain {self.dialect.delimiter!r} in double quotes."
        return why

    def _first_misfit(self) -> str | None:
        """The row and the value that is not a number, which Arrow does not tell."""
        comma = self.dialect.decimal_comma
        row = 1
        for piece in self._read(as_words=True):
            for ours in ("score", "code"):
                if ours not in self.columns:
                    continue
                for place, word in enumerate(piece[self.columns[ours]].to_pylist()):
                    if word is not None and not is_number(word.strip(" \t"), decimal_comma=comma):
                        misfit = no_number(word) if ours == "score" else no_code(word)
                        return f"row {row + place}: {ours} {misfit}."
            row += piece.num_rows
        return None

    def _read(self, *, as_words: bool) -> Iterator[pa.RecordBatch]:
        dialect = self.dialect
        wanted = list(dict.fromkeys(self.columns.values()))
        kinds = {
            theirs: pa.string() if as_words and ours in ("score", "code") else TYPES[ours]
            for ours, theirs in self.columns.items()
        }
        names = list(dialect.head)
        with self.path.open("rb") as file, pyarrow.csv.open_csv(
            _single_blanks(file) if dialect.by_blanks else file,
            read_options=pyarrow.csv.ReadOptions(
                block_size=PIECE_BYTES,
                encoding=dialect.encoding.removesuffix("-sig"),
                column_names=names,
                skip_rows=dialect.before + dialect.has_heading,
            ),
            parse_options=pyarrow.csv.ParseOptions(delimiter=dialect.delimiter),
            convert_options=pyarrow.csv.ConvertOptions(
                column_types=kinds,
                include_columns=wanted,
                null_values=list(NO_SCORE),
                strings_can_be_null=as_words,
                decimal_point="," if dialect.decimal_comma else ".",
            ),
        ) as reader:  # fmt: skip
            yield from reader


def decoded(start: bytes) -> tuple[str, str]:
    """The beginning of a file as text, without a cut letter at its end, and its encoding.

    Raises:
        ValueError: it is not text, or UTF-16 without a byte-order mark.
    """
    for mark, encoding in (
        (codecs.BOM_UTF8, "utf-8-sig"),
        (codecs.BOM_UTF16_LE, "utf-16"),
        (codecs.BOM_UTF16_BE, "utf-16"),
    ):
        if start.startswith(mark):
            return start.decode(encoding, errors="replace"), encoding
    if b"\0" in start:
        halves = sorted((start[::2].count(0), start[1::2].count(0)))
        if len(start) > 8 and not halves[0] and halves[1] > len(start) // 4:
            raise ValueError("it is UTF-16 without a byte-order mark: save it as UTF-8")
        raise ValueError("it is not text")
    try:
        return codecs.getincrementaldecoder("utf-8")().decode(start), "utf-8"
    except UnicodeDecodeError:
        return start.decode("cp1252", errors="replace"), "cp1252"


def open_delimited(
    path: Path, text: str, encoding: str, given: Mapping[str, str], needed: Sequence[str]
) -> Table:
    """Open a file by its beginning, ``text``; other arguments as of ``opening.open_table``.

    Raises:
        ValueError: its heading names a column twice.
        WrongUse: it is empty, or lacks a required column.
    """
    raw = text.splitlines()[: SAMPLED_LINES + 1]
    before = _before_the_table(raw, (*needed, *given.values()))
    lines = [line for line in raw[before:] if line.strip()]
    if not lines:
        raise WrongUse(f"{path} cannot be read: it is empty.")
    lines[0] = lines[0].lstrip("# ")
    if len(lines) > 2 and len(text) >= SNIFFED // 2:
        lines.pop()  # it may be cut
    dialect = _dialect(lines, encoding, given, needed, before)
    if not dialect.sample:
        raise WrongUse(f"{path} has a heading, but no rows.")
    rows = [dict(zip(dialect.head, row, strict=False)) for row in dialect.sample]
    if dialect.head == _BOB:
        given = {**given, "first_person": "first"}
    columns = matched(path, dialect.head, given, needed, rows)
    shown = [{ours: row.get(theirs, "") for ours, theirs in columns.items()} for row in rows]
    return DelimitedTable(path=path, columns=columns, dialect=dialect, sample=shown)


_COMMENT = re.compile(r"\s*#+(\s|$)")


def _before_the_table(lines: Sequence[str], names: Sequence[str]) -> int:
    """How many lines come before the heading: blank ones, comments, and the sep= of Excel."""
    known = {name.lower() for name in names}
    for place, line in enumerate(lines):
        words = set(re.split(r"[\s,;|#]+", line.lower()))
        divided = max(map(line.count, ",;\t|")) > 1
        comment = _COMMENT.match(line) and not divided and len(words & known) < 2
        if line.strip() and not comment and not re.fullmatch(r"\"?sep=.\"?", line.strip(), re.I):
            return place
    return len(lines)


_BOB = ("first", "second_person", "second", "score")
_BOB_LONG = ("first_person", "first", "second_person", "second", "score")


def _dialect(
    lines: list[str], encoding: str, given: Mapping[str, str], needed: Sequence[str], before: int
) -> Dialect:
    delimiter, by_blanks, rows = _split(lines)
    heading = [name.strip() for name in rows[0]]
    known = {name.lower() for name in (*needed, *given.values())}
    has_heading = bool(known & {name.lower() for name in heading}) or not _is_data(rows[0])
    head = tuple(heading) if has_heading else _head_by_shape(rows, needed)
    head = tuple(name or f"column {place}" for place, name in enumerate(head, start=1))
    if len(set(head)) < len(head):
        raise ValueError(f"its heading names a column twice: {listed_columns(head)}")
    body = rows[1:] if has_heading else rows
    fields = [value.strip() for row in body for value in row]
    return Dialect(
        head=head,
        delimiter=delimiter,
        encoding=encoding,
        has_heading=has_heading,
        by_blanks=by_blanks,
        decimal_comma=any(
            map(_QUOTED_COMMA if delimiter == "," else DECIMAL_COMMA.fullmatch, fields)
        ),
        before=before,
        sample=tuple(tuple(value.strip() for value in row) for row in body[:3]),
    )


def _split(lines: list[str]) -> tuple[str, bool, list[list[str]]]:
    """The delimiter, whether it is any run of blanks, and the lines cut by it."""
    best: tuple[int, str, list[list[str]]] = (1, ",", [[line] for line in lines])
    for delimiter in (",", ";", "\t", "|"):
        rows = list(csv.reader(lines, delimiter=delimiter))
        widths = {len(row) for row in rows}
        if len(widths) == 1 and (width := widths.pop()) > best[0]:
            best = width, delimiter, rows
    if best[0] > 2:
        return best[1], False, best[2]
    rows = [line.split() for line in lines]
    widths = {len(row) for row in rows}
    if len(widths) == 1 and widths.pop() > 2:
        return "\t", True, rows
    # No delimiter gives rows of one length: the commonest one of the first line, and Arrow says
    # which row is of another length.
    counts = {mark: lines[0].count(mark) for mark in (",", ";", "\t", "|")}
    likeliest = max(counts, key=lambda mark: counts[mark])
    return likeliest, False, list(csv.reader(lines, delimiter=likeliest))


def _is_data(row: list[str]) -> bool:
    """Whether a first row holds a number or a truth, which no heading does."""
    values = [value.strip() for value in row]
    return any(value.lower() in TRUTH or is_number(value, decimal_comma=False) for value in values)


def _head_by_shape(rows: list[list[str]], needed: Sequence[str]) -> tuple[str, ...]:
    columns = [[value.strip() for value in column] for column in zip(*rows, strict=False)]
    truth = [all(value.lower() in TRUTH for value in column) for column in columns]
    number = [all(v in NO_SCORE or is_number(v) for v in column) for column in columns]
    if "score" not in needed and len(columns) == 3 and truth[2]:
        return "first", "second", "mated"
    if len(columns) == 4 and truth[2] and number[3]:
        return "first", "second", "mated", "score"
    if len(columns) == 4 and truth[3] and number[2]:
        return "first", "second", "score", "mated"
    if len(columns) == 4 and number[3]:
        return _BOB
    if len(columns) == 5 and number[4] and not truth[2]:
        return _BOB_LONG
    return tuple(f"column {place}" for place in range(1, len(columns) + 1))


class _single_blanks(io.RawIOBase):  # noqa: N801 - it is used as a function
    """A file whose columns any run of blanks divides, read as if one tab did."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._rest = b""

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        """The next bytes, whole lines at a time."""
        while len(self._rest) < max(size, 1):
            block = self._file.read(1 << 20)
            if not block:
                break
            block += self._file.readline(LONGEST_LINE)
            lines = (b"\t".join(line.split()) for line in block.split(b"\n"))
            self._rest += b"\n".join(lines)
        taken, self._rest = self._rest[:size], self._rest[size:]
        return taken
