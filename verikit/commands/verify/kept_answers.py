"""Keeps the answers to a list of pairs as they come, and writes the file of scores at the end.

Until every pair has an answer they stand one JSON line each in a file beside the one that was asked
for, from which the same command goes on. Nothing else can pass for the whole.
"""

from __future__ import annotations

import csv
import fcntl
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TextIO

from verikit.client import Verification, VerificationRefused
from verikit.errors import WrongUse, in_words
from verikit.foreign_text import shown

FORMAT = 1
ADDED = ("score", "code", "request_id")
"""The columns that are written beside those of the list."""


class Answers:
    """The responses so far, by row of the list; ``asked`` describes the list, server and options.

    Raises:
        WrongUse: the file is of another list, server or option; or no file can be written there.
    """

    def __init__(self, out: Path, asked: Mapping[str, Any]) -> None:
        if out.suffix not in (".csv", ".parquet"):
            raise WrongUse(f"{out} must end with .csv or .parquet")
        if out.suffix == ".parquet":
            _pyarrow()
        self._out = out
        self.part = out.with_name(f"{out.name}.part")
        self._head = {"format": FORMAT, **asked}
        self._file = self._locked()
        try:
            self.by_row = self._earlier()
        except WrongUse:
            self._file.close()
            raise

    def keep(self, row: int, answer: Verification | VerificationRefused) -> None:
        """Append a response to the file."""
        self.by_row[row] = {
            "score": getattr(answer, "score", None),
            "code": answer.code,
            "request_id": shown(answer.request_id or "", limit=100),
        }
        self._write({"row": row, **self.by_row[row]})

    def close(self) -> None:
        """Close the file; what is in it stays."""
        self._file.close()

    def finish(self, columns: Sequence[str], rows: Sequence[Mapping[str, str]]) -> None:
        """Write the list with its scores, and delete the partial file."""
        columns = [*columns, *ADDED]
        scored = [
            {**row, **{name: self.by_row[place][name] for name in ADDED}}
            for place, row in enumerate(rows)
        ]
        whole = self._out.with_name(f".{self._out.name}.whole")
        if self._out.suffix == ".parquet":
            arrow, parquet = _pyarrow()
            parquet.write_table(
                arrow.table({name: [row.get(name) for row in scored] for name in columns}), whole
            )
        else:
            with whole.open("w", encoding="utf-8", newline="") as file:
                table = csv.DictWriter(file, columns, extrasaction="ignore")
                table.writeheader()
                table.writerows(scored)
        whole.replace(self._out)
        self.part.unlink()

    def _locked(self) -> TextIO:
        try:
            self.part.parent.mkdir(parents=True, exist_ok=True)
            file = self.part.open("a+", encoding="utf-8")
        except OSError as error:
            raise WrongUse(f"{self.part} cannot be written: {in_words(error)}") from error
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            file.close()
            raise WrongUse(f"{self.part} is being written by another run") from error
        return file

    def _earlier(self) -> dict[int, dict[str, Any]]:
        """What an interrupted run of the same command kept; a line that it broke off is dropped."""
        self._file.seek(0)
        lines = self._file.read().split("\n")[:-1]
        try:
            if lines and json.loads(lines[0]) != self._head:
                raise WrongUse(
                    f"{self.part} holds responses to another list, server or option: "
                    "give another --out, or delete it"
                )
            kept = [json.loads(line) for line in lines[1:]]
            found = {int(one["row"]): {name: one[name] for name in ADDED} for one in kept}
        except (ValueError, LookupError, TypeError) as error:
            raise WrongUse(f"{self.part} is damaged: delete it to start over") from error
        self._file.truncate(len("".join(f"{line}\n" for line in lines).encode()))
        if not lines:
            self._write(self._head)
        return found

    def _write(self, line: Mapping[str, Any]) -> None:
        self._file.write(json.dumps(line) + "\n")
        self._file.flush()


def _pyarrow() -> tuple[Any, Any]:
    try:
        import pyarrow  # noqa: PLC0415 - large, and needed for Parquet alone
        import pyarrow.parquet  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise WrongUse(
            "Parquet needs pyarrow: pip install '.[calibration]', or use .csv"
        ) from error
    return pyarrow, pyarrow.parquet
