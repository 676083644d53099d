"""Random requests: recipes are drawn, the bytes are built late, and what breaks is made small.

The seed decides what is drawn; with the same seed and depth the same requests are sent.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from threading import Lock

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import given as with_given
from hypothesis.errors import HypothesisException
from hypothesis.strategies import SearchStrategy

from conformance.case import Talk
from conformance.exchange import Exchange
from conformance.outcome import outcome, spoken, wanted
from conformance.recipe import Request
from conformance.verdicts import Finding, Verdict

# CPython 3.11 can fail when two threads parse Python at once, as Hypothesis and schemathesis do
# to name strategies; only sending and judging run side by side.
_DRAWING = Lock()

Oracle = Callable[[Request, Talk], frozenset[str] | None]
"""The outcomes that are right for a request; None where any well-formed answer is."""


class Broken(Exception):  # noqa: N818 - a finding on its way out of Hypothesis
    """An answer that is not right, with the requirement it breaks."""

    def __init__(self, requirement: str, expected: str, one: Exchange) -> None:
        super().__init__(expected)
        self.requirement = requirement
        self.expected = expected
        self.one = one


def fuzz(
    talk: Talk, draw: Callable[[], SearchStrategy[Request]], oracle: Oracle
) -> Iterable[Finding]:
    """Send random requests until one gets a wrong answer, and report the smallest such one.

    ``draw`` makes the strategy, which may take a while.
    """
    broken: list[Broken] = []

    def wrong(request: Request) -> None:
        _DRAWING.release()
        try:
            found = _judged(talk, talk.ask(request), oracle)
        finally:
            _DRAWING.acquire()
        if found:
            broken.append(found)
            raise found

    try:
        with _DRAWING:
            _settled(talk)(seed(talk.around.seed)(with_given(draw())(wrong)))()
    except (Broken, HypothesisException):
        if not broken:
            raise
    if not broken:
        return []
    last = broken[-1]
    return talk.differs(last.expected, spoken(last.one), last.one, breaks=last.requirement)


def _settled(talk: Talk) -> settings:
    return settings(
        max_examples=talk.around.examples,
        database=None,
        deadline=None,
        phases=(Phase.generate, Phase.shrink),
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
    )


def _judged(talk: Talk, one: Exchange, oracle: Oracle) -> Broken | None:
    for complaint in talk.complaints(one):
        if talk.around.binds(complaint.requirement) is Verdict.FAILED:
            return Broken(complaint.requirement, complaint.expected, one)
    right = oracle(one.request, talk)
    if right is None or outcome(one.answer) in right:
        return None
    words = " or ".join(wanted(word) for word in sorted(right))
    return Broken(talk.case.requires[0], words, one)
