"""Reads tables of comparisons: delimited text, JSON lines, Parquet, or the answers of a run.

Tables are read in chunks, so a file may have any size. Columns get the names first, second
(photos), mated, score, code, group, first_person and second_person, whatever the file calls them. A
file without a heading is recognized by its shape: two photos, label and score; or the four or five
columns of bob (claimed identity[, model], real identity, probe, score).
"""

from __future__ import annotations

import codecs
import csv
import io
import json
import re
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import IO, Any

import pyarrow as pa
import pyarrow.csv
import pyarrow.json
import pyarrow.parquet

from calibration.sources.formats import run_file
from verikit.errors import WrongUse, in_words
from verikit.foreign_text import shown

NAMES = ("first", "second", "group", "first_person", "second_person")
COLUMNS = (*NAMES[:2], "mated", "score", "code", *NAMES[2:])
TRUTH = dict.fromkeys(
    ("1", "1.0", "+1", "+1.0", "true", "t", "yes", "y", "genuine", "g", "mated", "match", "same",
     "client"), True
) | dict.fromkeys(
    ("0", "0.0", "false", "f", "no", "n", "impostor", "imposter", "non-mated", "nonmated",
     "non_mated", "mismatch", "different", "diff", "-1", "-1.0", "i", "nonmatch",
     "non-match", "non_match", "no match"), False
)  # fmt: skip
"""How the truth about a pair is written, in lower case."""
_COMPRESSED = (b"\x1f\x8b", b"BZh", b"\xfd7zXZ", b"\x28\xb5\x2f\xfd")
"""How gzip, bzip2, xz and zstd begin."""
_OFFICE = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
_MOST_COLUMNS = 12
"""A row of more, all of them numbers, is one of a matrix."""
NO_SCORE = ("", "NA", "N/A", "n/a", "nan", "NaN", "NAN", "null", "NULL", "None", "none", "-")

_NAME = pa.dictionary(pa.int32(), pa.string())
_TYPES = dict.fromkeys((*NAMES, "mated"), _NAME) | dict.fromkeys(
    ("score", "code", "seconds"), pa.float64()
)
_PIECE_BYTES = 8 << 20
_PIECE_ROWS = 1 << 17
_SNIFFED = 64 << 10
_LINES = 50
_LONGEST_LINE = 1 << 20
_BIGGEST_ROW_GROUP = 4 << 30
_BIGGEST_ARRAY = 256 << 20
_NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?|[-+]?inf(inity)?", re.ASCII | re.I)
_DECIMAL_COMMA = re.compile(r"[-+]?\d+,\d+", re.ASCII).fullmatch
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
class Table:
    """A table with known columns. ``columns`` maps the name here to the name in the file."""

    path: Path
    columns: Mapping[str, str]
    kind: str
    dialect: Dialect | None = None
    sample: Sequence[Mapping[str, Any]] = field(default=(), repr=False)

    def pieces(self) -> Iterator[pa.RecordBatch]:
        """The rows in pieces, with the column names used here.

        Raises:
            WrongUse: a row is damaged.
        """
        try:
            for piece in _READERS[self.kind](self):
                yield piece.select(list(self.columns.values())).rename_columns(list(self.columns))
        except (pa.ArrowException, sqlite3.Error, OSError, ValueError, RecursionError) as error:
            why = in_words(error).splitlines()[0]
            if self.kind == "text" and "conversion error" in why:
                with suppress(pa.ArrowException, ValueError):  # a row before it may be damaged
                    why = _first_misfit(self) or why
            raise self.refusal(why) from error

    def refusal(self, why: str) -> WrongUse:
        """An error that shows the first three rows as they were understood."""
        return WrongUse(f"{self.path} cannot be read: {why}{_shown(self.sample)}")


def open_table(path: Path, given: Mapping[str, str], needed: Sequence[str]) -> Table:
    """Open a table of any format.

    ``given`` maps names here to names in the file that differ; ``needed`` are required columns.

    Raises:
        WrongUse: it cannot be read, or lacks a required column.
    """
    if path.suffix.lower() in {".xlsx", ".xls", ".ods", ".zip"}:
        raise WrongUse(f"{path} is not a score file: save it as text, named .csv.")
    try:
        with path.open("rb") as file:
            start = file.read(_SNIFFED)
        if start.startswith(_COMPRESSED):
            raise WrongUse(f"{path} is compressed: unpack it first.")
        if start.startswith(_OFFICE):
            raise WrongUse(
                f"{path} is no text, but of Excel or an archive: save it as text, named .csv."
            )
        if start.startswith(b"PAR1"):
            return _of_parquet(path, given, needed)
        if start.startswith(run_file.START):
            return Table(path=path, columns={name: name for name in run_file.COLUMNS}, kind="run")
        text, encoding = _decoded(start)
        if text.lstrip().startswith(("{", "[")):
            return _of_json(path, text, given, needed)
        return _of_text(path, text, encoding, given, needed)
    except (pa.ArrowException, OSError, ValueError, csv.Error, RecursionError) as error:
        raise WrongUse(f"{path} cannot be read: {in_words(error).splitlines()[0]}") from error


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


def _shown(sample: Sequence[Mapping[str, Any]]) -> str:
    if not sample:
        return ""
    rows = [
        "; ".join(f"{name}={shown(str(value), limit=60)}" for name, value in row.items())
        for row in [dict(list(row.items())[:_MOST_COLUMNS]) for row in sample[:3]]
    ]
    return "\nThe first rows, as understood:\n" + "\n".join(f"  {row}" for row in rows)


def _all_numbers(sample: Sequence[Mapping[str, Any]]) -> bool:
    return bool(sample) and all(_is_number(str(v)) for row in sample for v in row.values())


def _listed(names: Sequence[str]) -> str:
    return ", ".join(shown(name, limit=40) for name in names[:20])


def _matched(
    path: Path,
    present: Sequence[str],
    given: Mapping[str, str],
    needed: Sequence[str],
    sample: Sequence[Mapping[str, Any]],
) -> dict[str, str]:
    """The name here -> the name in the file, upper and lower case and blanks being the same."""
    by_plain = {name.strip().lower(): name for name in reversed(present)}
    found: dict[str, str] = {}
    for ours in COLUMNS:
        theirs = given.get(ours, ours)
        place = int(theirs) if ours in given and theirs.isdecimal() else 0
        if theirs in present:
            found[ours] = theirs
        elif theirs.lower() in by_plain:
            found[ours] = by_plain[theirs.lower()]
        elif 1 <= place <= len(present):
            found[ours] = present[place - 1]
        elif ours in given:
            raise WrongUse(
                f"{path} has no column {theirs!r}; it has {_listed(present)}.{_shown(sample)}"
            )
    told = {"mated"} if {"first_person", "second_person"} <= found.keys() else set()
    missing = [name for name in needed if name not in found.keys() | told]
    if missing:
        if len(present) > _MOST_COLUMNS and _all_numbers(sample):
            raise WrongUse(
                f"{path} lacks the column {', '.join(sorted(missing))}, and looks like a matrix of "
                f"{len(present):,} columns: save it with numpy.save as .npy, and give "
                "--people labels.npy."
            )
        hint = ",".join(f"{name}=COLUMN" for name in missing)
        raise WrongUse(
            f"{path} lacks the column {', '.join(sorted(missing))}; it has {_listed(present)}. "
            f"If they have other names: --columns {hint}{_shown(sample)}"
        )
    return found


# Delimited text


def _decoded(start: bytes) -> tuple[str, str]:
    """The beginning as text, without a cut line or letter at its end, and its encoding."""
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


def _of_text(
    path: Path, text: str, encoding: str, given: Mapping[str, str], needed: Sequence[str]
) -> Table:
    raw = text.splitlines()[: _LINES + 1]
    before = _before_the_table(raw, (*needed, *given.values()))
    lines = [line for line in raw[before:] if line.strip()]
    if not lines:
        raise WrongUse(f"{path} cannot be read: it is empty.")
    lines[0] = lines[0].lstrip("# ")
    if len(lines) > 2 and len(text) >= _SNIFFED // 2:
        lines.pop()  # it may be cut
    dialect = _dialect(lines, encoding, given, needed, before)
    rows = [dict(zip(dialect.head, row, strict=False)) for row in dialect.sample]
    if dialect.head == _BOB:
        given = {**given, "first_person": "first"}
    columns = _matched(path, dialect.head, given, needed, rows)
    shown = [{ours: row.get(theirs, "") for ours, theirs in columns.items()} for row in rows]
    return Table(path=path, columns=columns, kind="text", dialect=dialect, sample=shown)


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
        raise ValueError(f"its heading names a column twice: {_listed(head)}")
    body = rows[1:] if has_heading else rows
    fields = [value.strip() for row in body for value in row]
    return Dialect(
        head=head,
        delimiter=delimiter,
        encoding=encoding,
        has_heading=has_heading,
        by_blanks=by_blanks,
        decimal_comma=any(map(_QUOTED_COMMA if delimiter == "," else _DECIMAL_COMMA, fields)),
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
    return any(value.lower() in TRUTH or _NUMBER.fullmatch(value) for value in values)


def _head_by_shape(rows: list[list[str]], needed: Sequence[str]) -> tuple[str, ...]:
    columns = [[value.strip() for value in column] for column in zip(*rows, strict=False)]
    truth = [all(value.lower() in TRUTH for value in column) for column in columns]
    number = [all(v in NO_SCORE or _is_number(v) for v in column) for column in columns]
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


def _is_number(value: str) -> bool:
    return bool(_NUMBER.fullmatch(value) or _DECIMAL_COMMA(value))


def no_number(word: str) -> str:
    """A sentence that a word is not a score, and what to do."""
    hint = "leave it empty where there is none"
    if word.rstrip().endswith("%"):
        hint = "leave the % out, and name the scale with --claims"
    elif "," in word:
        hint = "write a decimal point, and nothing between thousands"
    return f"{shown(word, limit=60)!r} is not a number: {hint}"


def _first_misfit(table: Table) -> str | None:
    """The row and the value that is not a number, which Arrow does not tell."""
    comma = table.dialect is not None and table.dialect.decimal_comma
    reads = _is_number if comma else _NUMBER.fullmatch
    row = 1
    for piece in _text(table, as_words=True):
        for ours in ("score", "code"):
            if ours not in table.columns:
                continue
            for place, word in enumerate(piece[table.columns[ours]].to_pylist()):
                if word is not None and not reads(word.strip(" \t")):
                    return f"row {row + place}: {ours} {no_number(word)}."
        row += piece.num_rows
    return None


def _text(table: Table, *, as_words: bool = False) -> Iterator[pa.RecordBatch]:
    dialect = table.dialect
    assert dialect is not None  # noqa: S101 - a table of text has one
    wanted = list(dict.fromkeys(table.columns.values()))
    kinds = {
        theirs: pa.string() if as_words and ours in ("score", "code") else _TYPES[ours]
        for ours, theirs in table.columns.items()
    }
    names = list(dialect.head)
    with table.path.open("rb") as file, pyarrow.csv.open_csv(
        _single_blanks(file) if dialect.by_blanks else file,
        read_options=pyarrow.csv.ReadOptions(
            block_size=_PIECE_BYTES,
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
            block += self._file.readline(_LONGEST_LINE)
            lines = (b"\t".join(line.split()) for line in block.split(b"\n"))
            self._rest += b"\n".join(lines)
        taken, self._rest = self._rest[:size], self._rest[size:]
        return taken


# JSON lines


def _of_json(path: Path, text: str, given: Mapping[str, str], needed: Sequence[str]) -> Table:
    if text.lstrip().startswith("["):
        kind, every = "array", _whole(path)
    else:
        lines = [line for line in text.splitlines() if line.strip()]
        if len(lines) > 1:
            lines.pop()  # it may be cut
        kind, every = "json", [json.loads(line) for line in lines[:_LINES]]
    rows = [row for row in every[:_LINES] if isinstance(row, dict)]
    photo = given.get("first", "first")
    rows = [row for row in rows if photo in row] or rows
    present = list(dict.fromkeys(name for row in rows for name in row))
    columns = _matched(path, present, given, needed, rows)
    shown = [{ours: row.get(theirs) for ours, theirs in columns.items()} for row in rows[:3]]
    return Table(path=path, columns=columns, kind=kind, sample=shown)


def _whole(path: Path) -> list[Any]:
    if path.stat().st_size > _BIGGEST_ARRAY:
        raise ValueError("it is one JSON array of more than 256 MiB: write one object per line")
    every = json.loads(path.read_bytes())
    if not isinstance(every, list):
        raise ValueError("it is not an array of objects")
    return every


def _array(table: Table) -> Iterator[pa.RecordBatch]:
    rows = _whole(table.path)
    for place, row in enumerate(rows, start=1):
        if not isinstance(row, dict):
            raise ValueError(f"entry {place} is not a JSON object")
    for start in range(0, len(rows), _PIECE_ROWS):
        part = rows[start : start + _PIECE_ROWS]
        names = dict.fromkeys(table.columns.values())
        yield pa.record_batch({name: _as_text([row.get(name) for row in part]) for name in names})


def _json_lines(table: Table) -> Iterator[pa.RecordBatch]:
    """By Arrow as long as every row has the types of the first ones, then line by line.

    Lines without a photo, such as the head and the end of a run, are passed over.
    """
    schema = pa.schema({theirs: _json_type(table, ours) for ours, theirs in table.columns.items()})
    done = 0
    try:
        with pyarrow.json.open_json(
            table.path,
            read_options=pyarrow.json.ReadOptions(block_size=_PIECE_BYTES),
            parse_options=pyarrow.json.ParseOptions(
                explicit_schema=schema, unexpected_field_behavior="ignore"
            ),
        ) as reader:
            for piece in reader:
                piece.validate(full=True)  # Arrow takes text that is no UTF-8
                done += piece.num_rows
                yield piece.filter(piece[table.columns["first"]].is_valid())
    except pa.ArrowInvalid:
        yield from _line_by_line(table, done)


def _json_type(table: Table, ours: str) -> pa.DataType:
    kinds = {type(row[ours]) for row in table.sample if row.get(ours) is not None}
    if kinds == {bool}:
        return pa.bool_()
    if kinds and kinds <= {int, float}:
        return pa.int64() if kinds == {int} and ours in NAMES else pa.float64()
    return pa.float64() if ours in ("score", "code") and not kinds else pa.string()


def _line_by_line(table: Table, done: int) -> Iterator[pa.RecordBatch]:
    theirs = list(dict.fromkeys(table.columns.values()))
    with table.path.open("rb") as file:
        numbered = enumerate(iter(lambda: file.readline(_LONGEST_LINE), b""), start=1)
        written = ((number, line) for number, line in numbered if line.strip())
        lines = islice(written, done, None)
        while chunk := list(islice(lines, _PIECE_ROWS)):
            rows = [_parsed(number, line) for number, line in chunk]
            rows = [row for row in rows if row.get(table.columns["first"]) is not None]
            yield pa.record_batch({name: _as_text([r.get(name) for r in rows]) for name in theirs})


def _parsed(number: int, line: bytes) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"line {number} is not JSON: {shown(line, limit=60)}") from error
    if not isinstance(row, dict):
        raise ValueError(f"line {number} is not a JSON object: {shown(line, limit=60)}")
    return row


def _as_text(values: list[Any]) -> pa.Array:
    return pa.array(
        [None if v is None else str(v).lower() if isinstance(v, bool) else str(v) for v in values],
        pa.string(),
    )


# Parquet


def _of_parquet(path: Path, given: Mapping[str, str], needed: Sequence[str]) -> Table:
    with _opened(path) as file:
        present = list(file.schema_arrow.names)
        columns = _matched(path, present, given, needed, ())
        wanted = list(dict.fromkeys(columns.values()))
        _refuse_giants(path, file)
        rows: list[dict[str, Any]] = []
        if file.metadata.num_rows:
            first = next(file.iter_batches(batch_size=3, columns=wanted), None)
            if first is not None:
                first.validate(full=True)
                rows = first.to_pylist()
    shown = [{ours: row[theirs] for ours, theirs in columns.items()} for row in rows]
    return Table(path=path, columns=columns, kind="parquet", sample=shown)


def _opened(path: Path, names: Sequence[str] = ()) -> pyarrow.parquet.ParquetFile:
    return pyarrow.parquet.ParquetFile(
        path,
        read_dictionary=list(names),
        thrift_string_size_limit=64 << 20,
        thrift_container_size_limit=4 << 20,
    )


def _refuse_giants(path: Path, file: pyarrow.parquet.ParquetFile) -> None:
    """What a file says of its own size is looked at before room is made for it."""
    groups = (file.metadata.row_group(place) for place in range(file.metadata.num_row_groups))
    if any(group.total_byte_size > _BIGGEST_ROW_GROUP for group in groups):
        raise WrongUse(f"{path} has a row group of more than 4 GiB: write smaller ones.")


def _parquet(table: Table) -> Iterator[pa.RecordBatch]:
    wanted = list(dict.fromkeys(table.columns.values()))
    texts = [theirs for ours, theirs in table.columns.items() if ours in NAMES]
    with _opened(table.path, texts) as file:
        for piece in file.iter_batches(batch_size=_PIECE_ROWS, columns=wanted):
            piece.validate(full=True)  # damaged text, places beyond the dictionary
            yield piece


def _answers(table: Table) -> Iterator[pa.RecordBatch]:
    """What ``verikit calibrate URL`` keeps, in the order of its plan."""
    schema = pa.schema([(name, _TYPES[name]) for name in run_file.COLUMNS])
    for piece in run_file.answers(table.path):
        columns = dict(zip(run_file.COLUMNS, piece, strict=True))
        columns["mated"] = tuple(map(str, columns["mated"]))
        yield pa.RecordBatch.from_arrays(
            [pa.array(columns[name], schema.field(name).type) for name in run_file.COLUMNS],
            schema=schema,
        )


_READERS = {
    "text": _text,
    "json": _json_lines,
    "array": _array,
    "parquet": _parquet,
    "run": _answers,
}
