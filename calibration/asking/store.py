"""The answers of a run in one SQLite file, by their place in the order of the plan.

Each answer is written as it arrives, atomically, and survives a killed process. The file is locked
while it is open, so that no two runs use the same folder.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from calibration.counting.identities import Identities, Origin
from calibration.objections import Objection
from calibration.sources.formats.run_file import FILE, troubles_of
from calibration.terms import Terms
from verikit.errors import WrongUse

BLOCK = 4096
_OLD = ("answers.jsonl", "shards")
_APPLICATION = 0x7665726B
_TABLES = """
CREATE TABLE run (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE answers (
    place INTEGER PRIMARY KEY, first TEXT NOT NULL, second TEXT NOT NULL, mated INTEGER NOT NULL,
    score REAL, code INTEGER, trouble TEXT, "group" TEXT, seconds REAL
);
CREATE TABLE alone (
    place INTEGER, first TEXT PRIMARY KEY, second TEXT NOT NULL, mated INTEGER NOT NULL,
    score REAL, code INTEGER, trouble TEXT, "group" TEXT, seconds REAL
) WITHOUT ROWID;
"""
_PEOPLE = """
CREATE TABLE IF NOT EXISTS people (photo TEXT PRIMARY KEY, person TEXT NOT NULL) WITHOUT ROWID
"""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """The result for the pair at a ``place`` of the plan; None: a photo compared with itself.

    It has a ``score``, the system ``code`` of a refusal, or the ``trouble`` why nothing was
    measured. ``seconds``: from the first try to the answer.
    """

    place: int | None
    first: str
    second: str
    mated: bool
    score: float | None = None
    code: int | None = None
    trouble: str | None = None
    group: str | None = None
    seconds: float | None = None

    @property
    def settled(self) -> bool:
        """Whether the result is final: a score or a refusal."""
        return self.trouble is None


_COLUMNS = ", ".join(f'"{field.name}"' for field in fields(Answer))
_VALUES = ", ".join("?" * len(fields(Answer)))


class Store:
    """The stored answers of a run, new or resumed.

    Attributes:
        ended: why the run ended; None while it has not.
        extended: it went on after its end, or got another budget. Whoever did that may have seen
            the outcome, so the run is judged by the rule that is valid at any time.
        looked: it looked at its answers before the end, which has the same effect.
        begun: the terms of judgement when it began.
        software: the server's name for itself.
    """

    def __init__(self, folder: Path, head: Mapping[str, Any]) -> None:
        """Open the run of a folder; ``head`` is what makes it this run and no other.

        Raises:
            WrongUse: the folder holds another run, or another command is at work there.
        """
        self.path = folder / FILE
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _refuse_old(folder)
        os.close(os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600))
        self._database = sqlite3.connect(self.path, timeout=0, isolation_level=None)
        try:
            self._open(head)
        except sqlite3.OperationalError as error:
            self._database.close()
            raise WrongUse(
                f"{self.path} cannot be opened ({error}): is another run using it?"
            ) from error
        except (sqlite3.DatabaseError, KeyError, ValueError) as error:
            self._database.close()
            raise WrongUse(
                f"{self.path} is not a run, or is damaged: choose another --out."
            ) from error
        except WrongUse:
            self._database.close()
            raise

    def _open(self, head: Mapping[str, Any]) -> None:
        database = self._database
        database.execute("PRAGMA locking_mode = EXCLUSIVE")
        database.execute("BEGIN EXCLUSIVE")
        if not database.execute("SELECT 1 FROM sqlite_master").fetchone():
            for statement in filter(str.strip, _TABLES.split(";")):
                database.execute(statement)
            database.execute(f"PRAGMA application_id = {_APPLICATION}")
            self._note("head", dict(head))
        elif database.execute("PRAGMA application_id").fetchone() != (_APPLICATION,):
            raise sqlite3.DatabaseError("another application's")
        database.execute("COMMIT")
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = NORMAL")
        found = {name: json.loads(value) for name, value in database.execute("SELECT * FROM run")}
        if found["head"] != head and not self._answered:
            self._begin_anew(head)
            found = {"head": head}
        self._compare(found["head"], head)
        self.ended: str | None = found.get("ended")
        self.extended: bool = found.get("extended", False)
        self.software: str | None = found.get("software")
        self._budget: int | None = found.get("budget")
        self.looked: bool = found.get("looked", False)
        self.begun = Terms.of(found["terms"]) if "terms" in found else None
        self._described = "data" in found

    @property
    def _answered(self) -> bool:
        found = self._database.execute(
            "SELECT 1 FROM answers WHERE trouble IS NULL "
            "UNION SELECT 1 FROM alone WHERE trouble IS NULL LIMIT 1"
        )
        return found.fetchone() is not None

    def _begin_anew(self, head: Mapping[str, Any]) -> None:
        """Forget a run that nobody has answered, such as one with a wrong address."""
        self._database.execute("BEGIN")
        for table in ("run", "answers", "alone"):
            self._database.execute(f"DELETE FROM {table}")  # noqa: S608 - names of ours
        self._database.execute("DROP TABLE IF EXISTS people")
        self._note("head", dict(head))
        self._database.execute("COMMIT")

    def name_software(self, software: str | None) -> None:
        """Store the server's name for itself."""
        if software not in {None, self.software}:
            self._note("software", software)
            self.software = software

    def name_budget(self, comparisons: int) -> None:
        """Store the total number of comparisons."""
        if self._budget not in {None, comparisons}:
            self._extend()
        self._budget = comparisons
        self._note("budget", comparisons)

    def begin(self, terms: Terms, *, looks: bool) -> None:
        """Store the terms of judgement, unless they are stored, and whether the run ``looks``."""
        if self.begun is None:
            self._note("terms", terms.as_json)
            self.begun = terms
        if looks and not self.looked:
            self._note("looked", True)
            self.looked = True

    def describe(self, identities: Identities, known: Mapping[str, Any]) -> None:
        """Store the people on the photos and the facts about them, for later judgements."""
        if self._described:
            return
        people, note = identities.people(), dict(known)
        if people.origin != Origin.UNKNOWN:
            names = zip(identities.photos.names, people.person.tolist(), strict=True)
            self._database.execute("BEGIN")
            self._database.execute(_PEOPLE)
            self._database.executemany(
                "INSERT INTO people VALUES (?, ?)",
                ((photo, people.names[person]) for photo, person in names),
            )
            note["people"] = people.as_json
            self._note("data", note)
            self._database.execute("COMMIT")
        else:
            self._note("data", note)
        self._described = True

    def object(self, objections: Iterable[Objection]) -> None:
        """Keep what the answers gave rise to, in place of what is kept of it."""
        self._note("objections", [[one.kind, one.effect, one.text] for one in objections])

    def end(self, why: str) -> None:
        """Store that the run ended, and why."""
        if self.ended is None:
            self._note("ended", why)
            self.ended = why

    def stop(self, place: int | None) -> None:
        """Store the place at which the run was decided: later ones are no evidence; None if all
        are."""
        self._note("stop", place)

    def add(self, answer: Answer) -> None:
        """Store an answer; it replaces an earlier one for the same place."""
        if answer.place is not None and self.ended is not None and not self._has(answer.place):
            self._extend()
            self._note("ended", None)
            self.ended = None
        table = "alone" if answer.place is None else "answers"
        self._database.execute(
            f"INSERT OR REPLACE INTO {table} ({_COLUMNS}) VALUES ({_VALUES})",  # noqa: S608 - names of ours
            tuple(vars(answer).values()),
        )

    def __len__(self) -> int:
        """How many places have an answer."""
        return int(self._database.execute("SELECT COUNT(*) FROM answers").fetchone()[0])

    @property
    def settled(self) -> int:
        """The number of places with a final result."""
        found = self._database.execute("SELECT COUNT(*) FROM answers WHERE trouble IS NULL")
        return int(found.fetchone()[0])

    @property
    def troubles(self) -> dict[str, int]:
        """The reasons why nothing was measured, with their counts, the commonest first."""
        return troubles_of(self._database)

    def blocks(self) -> Iterator[list[Answer]]:
        """The answers in the order of the plan, BLOCK at a time."""
        query = f"SELECT {_COLUMNS} FROM answers WHERE place > ? ORDER BY place LIMIT {BLOCK}"  # noqa: S608 - names of ours
        last = -1
        while rows := self._database.execute(query, (last,)).fetchall():
            last = rows[-1][0]
            yield [_answer(row) for row in rows]

    def missing(self, places: int) -> Iterator[int]:
        """The places below ``places`` without a final result, ascending."""
        place = 0
        for answers in self.blocks():
            for answer in answers:
                known = answer.place or 0
                yield from range(place, min(known, places))
                place = known + answer.settled
        yield from range(place, places)

    @property
    def alone(self) -> list[Answer]:
        """The answers for photos compared with themselves, one for each photo."""
        found = self._database.execute(f"SELECT {_COLUMNS} FROM alone ORDER BY first")  # noqa: S608
        return [_answer(row) for row in found]

    def missing_alone(self, photos: Iterable[str]) -> list[str]:
        """The photos that have no final result against themselves."""
        settled = {answer.first for answer in self.alone if answer.settled}
        return [photo for photo in photos if photo not in settled]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._database.close()

    def _has(self, place: int) -> bool:
        found = self._database.execute("SELECT 1 FROM answers WHERE place = ?", (place,))
        return found.fetchone() is not None

    def _extend(self) -> None:
        self._note("extended", True)
        self.extended = True

    def _note(self, name: str, value: Any) -> None:
        row = name, json.dumps(value)
        self._database.execute("INSERT OR REPLACE INTO run VALUES (?, ?)", row)

    def _compare(self, found: Mapping[str, Any], wanted: Mapping[str, Any]) -> None:
        other = [name for name in wanted if found.get(name) != wanted[name]]
        if other:
            raise WrongUse(
                f"{self.path} contains a run with different {', '.join(other)}: "
                "choose another --out, or use the options of that run."
            )


def _answer(row: tuple[Any, ...]) -> Answer:
    place, first, second, mated, score, code, trouble, group, seconds = row
    return Answer(
        place=place,
        first=first,
        second=second,
        mated=bool(mated),
        score=score,
        code=code,
        trouble=trouble,
        group=group,
        seconds=seconds,
    )


def _refuse_old(folder: Path) -> None:
    old = [folder / name for name in _OLD if (folder / name).exists()]
    if old and not (folder / FILE).exists():
        raise WrongUse(
            f"{old[0]} is a run of an earlier verikit, which this one cannot resume: choose "
            "another --out."
        )
