"""Opens tables of comparisons: delimited text, JSON, Parquet, or the answers of a run.

Tables are read in pieces, so a file may have any size.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pyarrow as pa

from calibration.sources.formats import run_file
from calibration.sources.formats.delimited import SNIFFED, decoded, open_delimited
from calibration.sources.formats.json_table import open_json
from calibration.sources.formats.parquet_table import open_parquet
from calibration.sources.formats.table import TYPES, Table
from verikit.errors import WrongUse, in_words

_COMPRESSED = (b"\x1f\x8b", b"BZh", b"\xfd7zXZ", b"\x28\xb5\x2f\xfd")
"""How gzip, bzip2, xz and zstd begin."""
_OFFICE = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")


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
            start = file.read(SNIFFED)
        if start.startswith(_COMPRESSED):
            raise WrongUse(f"{path} is compressed: unpack it first.")
        if start.startswith(_OFFICE):
            raise WrongUse(
                f"{path} is no text, but of Excel or an archive: save it as text, named .csv."
            )
        if start.startswith(b"PAR1"):
            return open_parquet(path, given, needed)
        if start.startswith(run_file.START):
            return RunTable(path=path, columns={name: name for name in run_file.COLUMNS})
        text, encoding = decoded(start)
        if text.lstrip().startswith(("{", "[")):
            return open_json(path, text, given, needed)
        return open_delimited(path, text, encoding, given, needed)
    except (pa.ArrowException, OSError, ValueError, csv.Error, RecursionError) as error:
        raise WrongUse(f"{path} cannot be read: {in_words(error).splitlines()[0]}") from error


class RunTable(Table):
    """The answers of a run, as ``verikit calibrate URL`` stores them."""

    def batches(self) -> Iterator[pa.RecordBatch]:
        """The answers in the order of the plan."""
        schema = pa.schema([(name, TYPES[name]) for name in run_file.COLUMNS])
        for piece in run_file.answers(self.path):
            columns = dict(zip(run_file.COLUMNS, piece, strict=True))
            columns["mated"] = tuple(map(str, columns["mated"]))
            yield pa.RecordBatch.from_arrays(
                [pa.array(columns[name], schema.field(name).type) for name in run_file.COLUMNS],
                schema=schema,
            )
