"""Tables as Parquet files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet

from calibration.sources.formats.table import NAMES, PIECE_ROWS, Table, matched
from verikit.errors import WrongUse

_BIGGEST_ROW_GROUP = 4 << 30


def open_parquet(path: Path, given: Mapping[str, str], needed: Sequence[str]) -> Table:
    """Open a file; arguments as of ``opening.open_table``.

    Raises:
        ArrowException: it is damaged.
        WrongUse: it lacks a required column, or has a row group that is too large.
    """
    with _opened(path) as file:
        present = list(file.schema_arrow.names)
        columns = matched(path, present, given, needed, ())
        wanted = list(dict.fromkeys(columns.values()))
        for theirs in wanted:
            kind = file.schema_arrow.field(theirs).type
            if pa.types.is_nested(kind):
                raise WrongUse(
                    f"{path}: the column {theirs} has a {kind} in each row, not one value."
                )
        _refuse_giants(path, file)
        rows: list[dict[str, Any]] = []
        if file.metadata.num_rows:
            first = next(file.iter_batches(batch_size=3, columns=wanted), None)
            if first is not None:
                first.validate(full=True)
                rows = first.to_pylist()
    sample = [{ours: row[theirs] for ours, theirs in columns.items()} for row in rows]
    return ParquetTable(path=path, columns=columns, sample=sample)


class ParquetTable(Table):
    """A Parquet file."""

    def batches(self) -> Iterator[pa.RecordBatch]:
        """The rows, each piece validated."""
        wanted = list(dict.fromkeys(self.columns.values()))
        texts = [theirs for ours, theirs in self.columns.items() if ours in NAMES]
        with _opened(self.path, texts) as file:
            for piece in file.iter_batches(batch_size=PIECE_ROWS, columns=wanted):
                piece.validate(full=True)  # damaged text, places beyond the dictionary
                yield piece


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
