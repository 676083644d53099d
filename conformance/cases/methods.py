"""Other HTTP methods than the operation's."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from conformance.case import Case, Talk
from conformance.outcome import ACCEPTED, outcome, spoken
from conformance.recipe import Request
from conformance.verdicts import Finding

METHODS = ("GET", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS")


def _compares_nothing(talk: Talk, method: str) -> Iterable[Finding]:
    one = talk.ask(Request(method=method))
    if outcome(one.answer) == ACCEPTED:
        return talk.differs("no comparison", spoken(one), one)
    return []


CASES = tuple(
    Case(
        id=f"method-{method}",
        title=f"{method} compares nothing",
        requires=("method-refused",),
        play=partial(_compares_nothing, method=method),
        group="methods",
    )
    for method in METHODS
)
