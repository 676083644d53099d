"""Reads files of scores in pieces: CSV, Parquet or JSON lines, of any size.

Columns: first, second (photos), mated (true or false), score (empty where there is none), and
where known code (why there is no score), group (``A``, or ``A|B`` across groups), first_person,
second_person (otherwise the folder of the photo).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.json
import pyarrow.parquet

from calibration.counting.comparisons import Block, Measurement
from calibration.counting.identities import Index
from calibration.statistics.arrays import Counts
from verikit.errors import WrongUse

_NAME = pa.dictionary(pa.int32(), pa.string())
_NEEDED = {"first": _NAME, "second": _NAME, "mated": pa.bool_(), "score": pa.float64()}
_OPTIONAL = {
    "code": pa.int64(),
    "group": _NAME,
    "first_person": _NAME,
    "second_person": _NAME,
}
_COLUMNS = _NEEDED | _OPTIONAL
_AS_TEXT = pa.schema(
    {name: pa.string() if kind == _NAME else kind for name, kind in _COLUMNS.items()}
)
_PIECE_BYTES = 8 << 20
_PIECE_ROWS = 1 << 17


def count_scores(path: Path, measurement: Measurement) -> None:
    """Count every row of a file.

    Raises:
        WrongUse: the file lacks a column or holds something that cannot be a score.
    """
    try:
        for piece in _pieces(path):
            _require(path, piece)
            _add(piece, measurement)
    except (pa.ArrowException, OSError, ValueError) as error:
        reason = str(error).splitlines()[0]
        raise WrongUse(f"{path} cannot be counted: {reason}") from error


def _pieces(path: Path) -> Iterator[pa.RecordBatch]:
    readers = {".csv": _csv, ".parquet": _parquet, ".jsonl": _json_lines}
    reader = readers.get(path.suffix.lower())
    if reader is None:
        raise WrongUse(f"{path} is no score file: name it .csv, .parquet or .jsonl")
    return reader(path)


def _csv(path: Path) -> Iterator[pa.RecordBatch]:
    with pyarrow.csv.open_csv(
        path,
        read_options=pyarrow.csv.ReadOptions(block_size=_PIECE_BYTES),
        convert_options=pyarrow.csv.ConvertOptions(column_types=_COLUMNS, strings_can_be_null=True),
    ) as reader:
        yield from reader


def _parquet(path: Path) -> Iterator[pa.RecordBatch]:
    with pyarrow.parquet.ParquetFile(path, read_dictionary=["first", "second"]) as file:
        columns = [name for name in file.schema_arrow.names if name in _COLUMNS]
        yield from file.iter_batches(batch_size=_PIECE_ROWS, columns=columns)


def _json_lines(path: Path) -> Iterator[pa.RecordBatch]:
    """Lines without a photo, such as the head and the end of a run, are passed over."""
    with pyarrow.json.open_json(
        path,
        read_options=pyarrow.json.ReadOptions(block_size=_PIECE_BYTES),
        parse_options=pyarrow.json.ParseOptions(
            explicit_schema=_AS_TEXT, unexpected_field_behavior="ignore"
        ),
    ) as reader:
        for piece in reader:
            yield piece.filter(pc.is_valid(piece["first"]))


def _require(path: Path, piece: pa.RecordBatch) -> None:
    missing = _NEEDED.keys() - set(piece.schema.names)
    if missing:
        raise WrongUse(f"{path} lacks the column {', '.join(sorted(missing))}")
    empty = [name for name in ("first", "second", "mated") if piece[name].null_count]
    if empty:
        raise WrongUse(f"{path} has rows without {' or '.join(empty)}: fill them in")


def _add(piece: pa.RecordBatch, measurement: Measurement) -> None:
    photos = [_photos(piece, side, measurement) for side in ("first", "second")]
    scores = piece["score"].cast(pa.float64()).fill_null(np.nan).to_numpy(zero_copy_only=False)
    measurement.add(
        Block(
            first=photos[0],
            second=photos[1],
            mated=piece["mated"].cast(pa.bool_()).to_numpy(zero_copy_only=False),
            scores=scores,
            codes=_codes(piece),
            groups=_numbers(piece["group"], measurement.labels) if _has(piece, "group") else None,
        )
    )


def _photos(piece: pa.RecordBatch, side: str, measurement: Measurement) -> Counts:
    identities = measurement.identities
    people = f"{side}_person"
    if _has(piece, people):
        return identities.add(piece[side].to_pylist(), piece[people].to_pylist())
    coded = _coded(piece[side])
    photos: Counts = identities.add(coded.dictionary.to_pylist())[coded.indices.to_numpy()]
    return photos


def _numbers(column: pa.Array, index: Index) -> Counts:
    coded = _coded(column.fill_null("not given"))
    numbers: Counts = index.numbers(coded.dictionary.to_pylist())[coded.indices.to_numpy()]
    return numbers


def _coded(column: pa.Array) -> pa.DictionaryArray:
    return column if pa.types.is_dictionary(column.type) else column.dictionary_encode()


def _codes(piece: pa.RecordBatch) -> Counts:
    if not _has(piece, "code"):
        return np.zeros(piece.num_rows, np.int64)
    codes: Counts = piece["code"].cast(pa.int64()).fill_null(0).to_numpy(zero_copy_only=False)
    return codes


def _has(piece: pa.RecordBatch, column: str) -> bool:
    """Whether a column is there and filled; readers of JSON add the ones that are not."""
    return column in piece.schema.names and piece[column].null_count < piece.num_rows
