"""Tables as JSON: one object per line, or one array of objects."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.json

from calibration.sources.formats.table import (
    LONGEST_LINE,
    NAMES,
    PIECE_BYTES,
    PIECE_ROWS,
    SAMPLED_LINES,
    Table,
    matched,
)
from verikit.foreign_text import shown

_BIGGEST_ARRAY = 256 << 20


def open_json(path: Path, text: str, given: Mapping[str, str], needed: Sequence[str]) -> Table:
    """Open a file by its beginning, ``text``; other arguments as of ``opening.open_table``.

    Raises:
        ValueError: it is not JSON, has no objects, or is one array that is too large.
        WrongUse: it lacks a required column.
    """
    is_array = text.lstrip().startswith("[")
    if is_array:
        every = _whole(path)
    else:
        lines = [line for line in text.splitlines() if line.strip()]
        if len(lines) > 1:
            lines.pop()  # it may be cut
        every = [_line(line) for line in lines[:SAMPLED_LINES]]
        if len(every) == 1 and _is_of_columns(every[0]):
            raise ValueError(_ONE_OBJECT)
    rows = [row for row in every[:SAMPLED_LINES] if isinstance(row, dict)]
    if not rows:
        raise ValueError(f"it has no JSON objects: {_WRITE}")
    photo = given.get("first", "first")
    rows = [row for row in rows if photo in row] or rows
    present = list(dict.fromkeys(name for row in rows for name in row))
    columns = matched(path, present, given, needed, rows)
    sample = [{ours: row.get(theirs) for ours, theirs in columns.items()} for row in rows[:3]]
    kind = JsonArray if is_array else JsonLines
    return kind(path=path, columns=columns, sample=sample)


class JsonArray(Table):
    """One array of objects."""

    def batches(self) -> Iterator[pa.RecordBatch]:
        """The objects, all values as text."""
        rows = _whole(self.path)
        for place, row in enumerate(rows, start=1):
            if not isinstance(row, dict):
                raise ValueError(f"entry {place} is not a JSON object")
        names = dict.fromkeys(self.columns.values())
        for start in range(0, len(rows), PIECE_ROWS):
            part = rows[start : start + PIECE_ROWS]
            yield pa.record_batch(
                {name: _as_text([row.get(name) for row in part]) for name in names}
            )


class JsonLines(Table):
    """One object per line.

    Lines without a photo, such as the head and the end of a run, are passed over.
    """

    def batches(self) -> Iterator[pa.RecordBatch]:
        """The objects, by Arrow as long as each has the types of the first, then line by line."""
        schema = pa.schema({theirs: self._type(ours) for ours, theirs in self.columns.items()})
        done = 0
        try:
            with pyarrow.json.open_json(
                self.path,
                read_options=pyarrow.json.ReadOptions(block_size=PIECE_BYTES),
                parse_options=pyarrow.json.ParseOptions(
                    explicit_schema=schema, unexpected_field_behavior="ignore"
                ),
            ) as reader:
                for piece in reader:
                    piece.validate(full=True)  # Arrow takes text that is no UTF-8
                    done += piece.num_rows
                    yield piece.filter(piece[self.columns["first"]].is_valid())
        except pa.ArrowInvalid:
            yield from self._line_by_line(done)

    def _type(self, ours: str) -> pa.DataType:
        kinds = {type(row[ours]) for row in self.sample if row.get(ours) is not None}
        if kinds == {bool}:
            return pa.bool_()
        if kinds and kinds <= {int, float}:
            return pa.int64() if kinds == {int} and ours in NAMES else pa.float64()
        return pa.float64() if ours in ("score", "code") and not kinds else pa.string()

    def _line_by_line(self, done: int) -> Iterator[pa.RecordBatch]:
        theirs = list(dict.fromkeys(self.columns.values()))
        with self.path.open("rb") as file:
            numbered = enumerate(iter(lambda: file.readline(LONGEST_LINE), b""), start=1)
            written = ((number, line) for number, line in numbered if line.strip())
            lines = islice(written, done, None)
            while chunk := list(islice(lines, PIECE_ROWS)):
                rows = [_parsed(number, line) for number, line in chunk]
                rows = [row for row in rows if row.get(self.columns["first"]) is not None]
                yield pa.record_batch({n: _as_text([row.get(n) for row in rows]) for n in theirs})


_WRITE = "write an array of objects, or one object per line"
_ONE_OBJECT = f"it is one JSON object: {_WRITE}"


def _line(text: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        if error.pos >= len(text) or text.strip() == "{":  # it goes on: in other lines, or is cut
            raise ValueError(_ONE_OBJECT) from error
        raise


def _is_of_columns(row: Any) -> bool:
    return isinstance(row, dict) and any(isinstance(value, dict | list) for value in row.values())


def _whole(path: Path) -> list[Any]:
    if path.stat().st_size > _BIGGEST_ARRAY:
        raise ValueError("it is one JSON array of more than 256 MiB: write one object per line")
    every = json.loads(path.read_bytes())
    if not isinstance(every, list):
        raise ValueError("it is not an array of objects")
    return every


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
