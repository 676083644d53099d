"""Reads the stored answers of a run, which ``asking.store`` writes."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from calibration.counting.groups import ChosenImpostors, Clusters, ImpostorKind
from calibration.counting.identities import Identities, Origin
from calibration.objections import Effect, Objection
from calibration.terms import Terms
from verikit.errors import WrongUse, in_words
from verikit.foreign_files import MALFORMED

FILE = "answers.sqlite"
START = b"SQLite format 3\0"
COLUMNS = ("first", "second", "mated", "score", "code", "group", "seconds")
_ROWS = 1 << 17
_STOP = "SELECT CAST(value AS INTEGER) FROM run WHERE name = 'stop' AND value <> 'null'"
_LAST = (1 << 63) - 1


@dataclass(frozen=True, kw_only=True)
class RunFile:
    """The facts of a run besides its answers: see ``asking.store.Store``.

    ``head`` identifies the run; ``claims`` are its rows (threshold, rate), if it has them.
    """

    head: Mapping[str, Any]
    claims: list[list[float]] | None
    ended: str | None
    at_any_time: bool
    supports_rates: bool = True
    begun: Terms | None = None
    objections: tuple[Objection, ...] = ()
    troubles: Mapping[str, int] = field(default_factory=dict)
    impostors: ChosenImpostors | None = None
    clusters: Clusters | None = None
    identities: Identities | None = field(default=None, repr=False)


def is_run(path: Path) -> bool:
    """Whether a file contains the answers of a run, by its first bytes."""
    with path.open("rb") as file:
        return file.read(len(START)) == START


def open_run(path: Path) -> RunFile:
    """Read the facts of a run.

    Raises:
        WrongUse: the file is no run, or is damaged.
    """
    try:
        with closing(_opened(path)) as database:
            found = {
                name: json.loads(value)
                for name, value in database.execute("SELECT name, value FROM run")
            }
            begun, known = found.get("terms"), found.get("data", {})
            ended = found.get("ended")
            return RunFile(
                head=dict(found["head"]),
                claims=known.get("claims"),
                ended=ended,
                at_any_time=ended != "budget" or bool(found.get("extended") or found.get("looked")),
                supports_rates=bool(known.get("supports_rates", True)),
                begun=Terms.of(begun) if begun else None,
                troubles={str(why): int(k) for why, k in troubles_of(database).items()},
                impostors=_impostors(known),
                clusters=Clusters(**known["clusters"]) if "clusters" in known else None,
                objections=tuple(
                    Objection(kind=str(kind), effect=Effect(effect), text=str(text))
                    for kind, effect, text in (
                        *known.get("objections", ()),
                        *found.get("objections", ()),
                    )
                ),
                identities=_identities(database, known["people"]) if "people" in known else None,
            )
    except (sqlite3.Error, *MALFORMED) as error:
        raise WrongUse(
            f"{path} is not a run of verikit calibrate, or is damaged: {in_words(error)}."
        ) from error


def troubles_of(database: sqlite3.Connection) -> dict[str, int]:
    """The reasons why nothing was measured, with their counts, the commonest first."""
    return dict(
        database.execute(
            "SELECT trouble, COUNT(*) FROM answers WHERE trouble IS NOT NULL "
            "GROUP BY trouble ORDER BY COUNT(*) DESC, trouble"
        )
    )


def _impostors(known: Mapping[str, Any]) -> ChosenImpostors | None:
    kept = known.get("impostors")
    if "same_group_share" in known:  # as it was kept before there were look-alikes
        kept = {"kind": ImpostorKind.SAME_GROUP, "share": known["same_group_share"]}
    return None if kept is None else ChosenImpostors.of(kept)


def answers(path: Path) -> Iterator[tuple[Any, ...]]:
    """The answers in the order of the plan, in pieces: one tuple for each of ``COLUMNS``.

    Those after the place at which a run was decided are left out, as they were by the run.
    """
    query = " UNION ALL ".join(
        f'SELECT first, second, mated, score, code, "group", seconds FROM {name}'  # noqa: S608 - ours
        for name in (f"answers WHERE place < coalesce(({_STOP}), {_LAST})", "alone")
    )
    with closing(_opened(path)) as database:
        rows = database.execute(query)
        while piece := rows.fetchmany(_ROWS):
            yield tuple(zip(*piece, strict=True))


def _opened(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)


def _identities(database: sqlite3.Connection, told: dict[str, Any]) -> Identities:
    people = dict(database.execute("SELECT photo, person FROM people"))
    told = dict(told, origin=Origin(told["origin"]))
    return Identities.known(people, **told)
