"""All requirements and cases, and the sets that were frozen per release."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import yaml

from conformance import cases as case_package
from conformance.case import Case, Requirement
from conformance.cases import concurrency, fuzz, methods, quality, rotation, scores, surveys
from conformance.table import read_table
from conformance.verdicts import Level
from verikit.errors import WrongUse

_HERE = Path(__file__).parent
_TABLES = Path(case_package.__file__).parent
_MODULES = (scores, rotation, quality, concurrency, methods, fuzz, surveys)


@dataclass(frozen=True, kw_only=True)
class Catalogue:
    """Requirements by id, and cases in the order in which they are played."""

    release: str
    requirements: Mapping[str, Requirement]
    cases: tuple[Case, ...]

    def cases_of(self, requirement: str) -> tuple[str, ...]:
        """The ids of the cases that judge a requirement."""
        return tuple(case.id for case in self.cases if requirement in case.requires)


def releases() -> tuple[str, ...]:
    """The names of the frozen sets, oldest first."""
    return tuple(path.stem for path in sorted((_HERE / "releases").glob("*.yaml")))


@cache
def load_catalogue(release: str | None = None) -> Catalogue:
    """The cases and levels of a release, by default the newest.

    Raises:
        WrongUse: there is no such release.
    """
    name = release or releases()[-1]
    if name not in releases():
        raise WrongUse(f"There is no release {name}; there are {', '.join(releases())}")
    frozen = yaml.safe_load((_HERE / "releases" / f"{name}.yaml").read_text(encoding="utf-8"))
    requirements = all_requirements()
    return Catalogue(
        release=name,
        requirements={
            id: replace(requirements[id], level=Level(level))
            for id, level in frozen["requirements"].items()
        },
        cases=tuple(case for case in all_cases() if case.id in set(frozen["cases"])),
    )


def all_requirements() -> dict[str, Requirement]:
    """Every requirement, released or not."""
    entries = yaml.safe_load((_HERE / "requirements.yaml").read_text(encoding="utf-8"))
    return {entry["id"]: _requirement(entry) for entry in entries}


def all_cases() -> tuple[Case, ...]:
    """Every case, released or not; the surveys last."""
    return tuple(sorted(_cases(), key=lambda case: case.survey))


def _requirement(entry: dict[str, object]) -> Requirement:
    covers = entry.get("covers", [])
    assert isinstance(covers, list)  # noqa: S101 - tells the type checker
    return Requirement(
        id=str(entry["id"]),
        level=Level(str(entry["level"])),
        heading=str(entry["heading"]),
        text=str(entry["text"]),
        covers=tuple(covers),
        untestable=str(entry.get("untestable", "")),
    )


def _cases() -> Iterator[Case]:
    for table in sorted(_TABLES.glob("*.yaml")):
        yield from read_table(table)
    for module in _MODULES:
        yield from (found for found in vars(module).values() if isinstance(found, Case))
        yield from getattr(module, "CASES", ())
