"""Other HTTP methods than the operation's."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from conformance.case import Case, CaseContext
from conformance.judging.outcome import ACCEPTED, outcome
from conformance.judging.verdicts import Finding
from conformance.requests.recipe import Request

METHODS = ("GET", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS")


def _compares_nothing(context: CaseContext, method: str) -> Iterable[Finding]:
    one = context.ask(Request(method=method))
    if outcome(one.answer) == ACCEPTED:
        return context.finding("no comparison", one)
    return []


CASES = tuple(
    Case(
        id=f"method-{method}",
        title=f"{method} gets no comparison",
        since="1.8.0",
        requires=("method-refused",),
        play=partial(_compares_nothing, method=method),
        group="methods",
    )
    for method in METHODS
)
