"""All requirements and cases, by the release that introduced them."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Any

from packaging.version import InvalidVersion, Version

from conformance import cases as case_package
from conformance.case import Case, Requirement
from conformance.cases import (
    concurrency,
    connections,
    crossed,
    fuzz,
    graded,
    invariants,
    methods,
    quality,
    request_ids,
    rotation,
    scores,
)
from conformance.cases.table import read_table
from conformance.judging.verdicts import Level
from verikit.contract.plain_yaml import read_own
from verikit.contract.profile import Profile
from verikit.errors import WrongUse

_HERE = Path(__file__).parent
_TABLES = Path(case_package.__file__).parent / "tables"
_MODULES = (
    *(scores, graded, crossed, rotation, quality, concurrency, connections, methods, fuzz),
    *(request_ids, invariants),
)


@dataclass(frozen=True, kw_only=True)
class Catalogue:
    """Requirements by ID, and cases in the order in which they run.

    ``release`` is the one scored; newer cases run, but are not scored.
    """

    release: str
    requirements: Mapping[str, Requirement]
    cases: tuple[Case, ...]

    def cases_of(self, requirement: str) -> tuple[str, ...]:
        """The IDs of the cases that judge a requirement."""
        return tuple(
            case.id for case in self.cases if requirement in (*case.requires, *case.readings)
        )

    def select(self, *patterns: str, ids: Collection[str] | None = None) -> list[Case]:
        """The cases whose ID equals or contains a pattern, limited to ``ids`` if given.

        A pattern that starts with an exclamation mark excludes cases.

        Raises:
            WrongUse: no case is left.
        """
        wanted = [self._glob(one) for one in patterns if not one.startswith("!")] or ["*"]
        without = [self._glob(one[1:]) for one in patterns if one.startswith("!")]
        chosen = [
            case
            for case in self.cases
            if any(fnmatchcase(case.id, glob) for glob in wanted)
            and not any(fnmatchcase(case.id, glob) for glob in without)
            and (ids is None or case.id in ids)
        ]
        if not chosen:
            named = ", ".join(map(repr, patterns))
            raise WrongUse(f"No case matches {named}; see verikit check --list")
        return chosen

    def _glob(self, pattern: str) -> str:
        exact = any(case.id == pattern for case in self.cases)
        return pattern if exact else f"*{pattern}*"

    def demand_known(self, profile: Profile) -> None:
        """Check that the readings and deviations of a profile exist.

        Raises:
            WrongUse: one of them does not.
        """
        for reading in profile.readings or ():
            if reading not in self.requirements:
                near = get_close_matches(reading, self.requirements, 1)
                hint = f": did you mean {near[0]}?" if near else ""
                raise WrongUse(f"{profile.name}: there is no requirement {reading!r}{hint}")
        repeated = [case for case in self.cases if not case.invariant]
        for pattern in profile.flaky:
            if not any(fnmatchcase(case.id, pattern) for case in repeated):
                raise WrongUse(
                    f"{profile.name}: no case that can be played again is called like {pattern!r}"
                )
        for pattern in profile.deviations:
            if not any(fnmatchcase(case.id, pattern) for case in self.cases):
                raise WrongUse(f"{profile.name}: no case matches {pattern!r}")

    def digests(self, release: str) -> dict[str, str]:
        """A digest of the requirements and of each group of cases of a release.

        Titles and texts may be reworded; what is sent, expected and required may not change.
        """
        content: defaultdict[str, list[Any]] = defaultdict(list)
        for requirement in self.requirements.values():
            if requirement.since == release:
                content["requirements"].append(requirement.frozen_content())
        for case in self.cases:
            if case.since == release:
                content[case.group].append(case.frozen_content())
        return {group: _digest(entries) for group, entries in content.items()}


@cache
def load_catalogue(release: str | None = None) -> Catalogue:
    """All requirements and cases, scored as of a release, by default the newest.

    Raises:
        WrongUse: there is no such release.
    """
    requirements = _requirements()
    cases = tuple(sorted(_cases(), key=lambda case: case.invariant))
    known = {one.since for one in requirements.values()} | {case.since for case in cases}
    releases = sorted(known, key=Version)
    return Catalogue(
        release=_release(release, releases) if release else releases[-1],
        requirements=requirements,
        cases=cases,
    )


def _release(name: str, releases: list[str]) -> str:
    try:
        found = [known for known in releases if Version(known) == Version(name)]
    except InvalidVersion:
        found = []
    if not found:
        raise WrongUse(f"There is no release {name}: choose one of {', '.join(releases)}")
    return found[0]


def _requirements() -> dict[str, Requirement]:
    entries = read_own(_HERE / "requirements.yaml")
    return {entry["id"]: _requirement(entry) for entry in entries}


def _requirement(entry: Mapping[str, Any]) -> Requirement:
    return Requirement(
        id=entry["id"],
        since=entry["since"],
        level=Level(entry["level"]),
        heading=entry["heading"],
        text=entry["text"],
        covers=tuple(entry.get("covers", ())),
        untestable=entry.get("untestable", ""),
    )


def _cases() -> Iterator[Case]:
    for table in sorted(_TABLES.glob("*.yaml")):
        yield from read_table(table)
    for module in _MODULES:
        yield from (found for found in vars(module).values() if isinstance(found, Case))
        yield from getattr(module, "CASES", ())


def _digest(entries: list[Any]) -> str:
    text = json.dumps(sorted(entries, key=lambda entry: entry["id"]), sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
