"""The cases: tables of single requests (YAML), and talks of several requests (Python)."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from conformance.case import Case, Talk
from conformance.verdicts import Finding

Play = Callable[[Talk], Iterable[Finding]]


def talk_case(
    id: str,
    title: str,
    *,
    requires: tuple[str, ...],
    needs: tuple[str, ...] = (),
    survey: bool = False,
) -> Callable[[Play], Case]:
    """Makes a case of a function; its module's name is the group."""

    def made(play: Play) -> Case:
        group = play.__module__.rpartition(".")[2]
        return Case(
            id=id,
            title=title,
            requires=requires,
            play=play,
            group=group,
            needs=needs,
            survey=survey,
        )

    return made
