"""The answers of a run as Parquet files, SHARD places each; every file is also a score file.

A file is written whole or not at all, and named in the manifest with its SHA-256 when it is in
place: so a shard counts once, whoever else answered it too, and a damaged one is asked again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from calibration.asking.answers import SHARD, Answer
from calibration.asking.run_log import RunLog
from calibration.files import sync, writing
from verikit.errors import WrongUse

_SCHEMA = pa.schema(
    {
        "place": pa.int64(),
        "first": pa.string(),
        "second": pa.string(),
        "mated": pa.bool_(),
        "score": pa.float64(),
        "code": pa.int64(),
        "trouble": pa.string(),
        "group": pa.string(),
        "seconds": pa.float64(),
    }
)
ALONE = -1
"""The number of the shard of photos against themselves."""


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A line of the manifest: how many places a file answers, and how many of them for good."""

    shard: int
    file: str
    sha256: str
    answers: int
    settled: int


class Shards(RunLog):
    """A folder of shards and its manifest; a later entry of a shard replaces an earlier one."""

    def __init__(self, folder: Path, head: Mapping[str, Any]) -> None:
        self.folder = folder
        self._entries: dict[int, Entry] = {}
        super().__init__(folder / "manifest.jsonl", head)
        for entry in list(self._entries.values()):
            if self._content(entry) is None:
                del self._entries[entry.shard]

    def land(self, shard: int, answers: Iterable[Answer]) -> None:
        """Keep answers; when this returns they are on the disk and survive whatever comes."""
        together = {_key(a): a for a in (*self.read(shard), *answers)}
        found = [together[key] for key in sorted(together)]
        table = pa.Table.from_pylist([asdict(answer) for answer in found], schema=_SCHEMA)
        sink = pa.BufferOutputStream()
        pq.write_table(table, sink, compression="zstd")
        content = sink.getvalue().to_pybytes()
        sha256 = hashlib.sha256(content).hexdigest()
        before = self._entries.get(shard)
        entry = Entry(
            shard=shard,
            file=f"{'alone' if shard == ALONE else f'{shard:07}'}-{sha256[:12]}.parquet",
            sha256=sha256,
            answers=len(found),
            settled=sum(answer.settled for answer in found),
        )
        with writing(self.folder / entry.file) as file:
            file.write(content)
        self._note(entry)
        self._write(asdict(entry))
        sync(self._file)
        if before and before.file != entry.file:
            (self.folder / before.file).unlink(missing_ok=True)

    def wanted(self, places: range) -> list[int]:
        """Which places of one shard are to be asked."""
        entry = self._entries.get(places.start // SHARD)
        if entry is None:
            return list(places)
        if entry.settled >= len(places) and entry.settled == entry.answers:
            return []
        done = {answer.place for answer in self.read(entry.shard) if answer.settled}
        return [place for place in places if place not in done]

    def read(self, shard: int) -> list[Answer]:
        """What is kept of a shard, in the order of the plan."""
        if shard not in self._entries:
            return []
        content = self._content(self._entries[shard])
        if content is None:
            raise WrongUse(f"{self.folder} was changed during the run: run the same command again.")
        return [Answer(**row) for row in pq.read_table(pa.BufferReader(content)).to_pylist()]

    def shards(self) -> Iterator[list[Answer]]:
        """The answers in the order of the plan, a shard at a time."""
        yield from (self.read(shard) for shard in sorted(self._entries) if shard != ALONE)

    @property
    def alone(self) -> list[Answer]:
        """The answers about photos against themselves."""
        return self.read(ALONE)

    @property
    def settled(self) -> int:
        """How many places need not be asked again."""
        return sum(entry.settled for entry in self._entries.values() if entry.shard != ALONE)

    def __len__(self) -> int:
        return sum(entry.answers for entry in self._entries.values() if entry.shard != ALONE)

    def _take(self, line: Mapping[str, Any]) -> None:
        self._note(Entry(**line))

    def _note(self, entry: Entry) -> None:
        before = self._entries.get(entry.shard)
        if entry.shard != ALONE and entry.answers > (before.answers if before else 0):
            self._went_on()
        self._entries[entry.shard] = entry

    def _content(self, entry: Entry) -> bytes | None:
        """The file of an entry, None where it is not what was written."""
        path = self.folder / entry.file
        content = path.read_bytes() if path.is_file() else b""
        return content if hashlib.sha256(content).hexdigest() == entry.sha256 else None


def _key(answer: Answer) -> tuple[int, str]:
    return (ALONE, answer.first) if answer.place is None else (answer.place, "")
