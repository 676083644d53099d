"""The cases: tables of single requests (YAML), and sequences of several requests (Python)."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from conformance.case import Case, CaseContext
from conformance.judging.verdicts import Finding

Play = Callable[[CaseContext], Iterable[Finding]]


def case(  # noqa: PLR0913 - what a case consists of, by name
    id: str,
    title: str,
    *,
    since: str,
    requires: tuple[str, ...],
    needs: tuple[str, ...] = (),
    invariant: bool = False,
    alone: bool = False,
) -> Callable[[Play], Case]:
    """Make a case of a function; the group is the name of its module."""

    def made(play: Play) -> Case:
        group = play.__module__.rpartition(".")[2]
        return Case(
            id=id,
            since=since,
            title=title,
            requires=requires,
            play=play,
            group=group,
            needs=needs,
            invariant=invariant,
            alone=alone,
        )

    return made
