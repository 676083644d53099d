"""Random requests: recipes are generated, encoded late, and minimized if they fail.

The same seed and depth give the same requests.
"""

from __future__ import annotations

import gzip
import json
import sys
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import given as with_given
from hypothesis.configuration import set_hypothesis_home_dir
from hypothesis.errors import HypothesisException
from hypothesis.strategies import SearchStrategy

from conformance.case import CaseContext
from conformance.judging.oracle import right
from conformance.judging.outcome import outcome
from conformance.judging.verdicts import Finding, Verdict
from conformance.requests.exchange import Exchange
from conformance.requests.recipe import Request

# CPython 3.11 can fail when two threads parse Python at once, as Hypothesis and schemathesis do
# to name strategies; only sending and judging run side by side.
_DRAWING = Lock()


class Broken(Exception):  # noqa: N818 - a finding on its way out of Hypothesis
    """A wrong answer, with the requirement that it breaks."""

    def __init__(self, requirement: str, expected: str, one: Exchange) -> None:
        super().__init__(expected)
        self.requirement = requirement
        self.expected = expected
        self.one = one


@contextmanager
def nothing_left() -> Iterator[None]:
    """Keep Hypothesis from writing files to the user's folder, in this process."""
    with TemporaryDirectory(prefix="verikit-") as folder:
        _write_utf8_table(Path(folder))
        set_hypothesis_home_dir(folder)
        try:
            yield
        finally:
            set_hypothesis_home_dir(None)


def _write_utf8_table(home: Path) -> None:
    """What Hypothesis takes two seconds to find out: UTF-8 encodes everything but surrogates."""
    table = home / "unicode_data" / unicodedata.unidata_version / "codec-v2-utf-8.json.gz"
    table.parent.mkdir(parents=True)
    encodable, changed = [(0, 0xD7FF), (0xE000, sys.maxunicode)], ()
    table.write_bytes(gzip.compress(json.dumps([encodable, changed]).encode()))


def fuzz(context: CaseContext, draw: Callable[[], SearchStrategy[Request]]) -> Iterable[Finding]:
    """Send random requests until one gets a wrong answer, and report the smallest such one.

    ``draw`` makes the strategy, which may take a while.
    """
    broken: list[Broken] = []

    def wrong(request: Request) -> None:
        _DRAWING.release()
        try:
            found = _judged(context, request)
        finally:
            _DRAWING.acquire()
        if found:
            broken.append(found)
            raise found

    try:
        with _DRAWING:
            _settings(context)(seed(context.environment.seed)(with_given(draw())(wrong)))()
    except (Broken, HypothesisException):
        if not broken:
            raise
    if not broken:
        return []
    last = broken[-1]
    return context.finding(last.expected, last.one, breaks=last.requirement)


def _settings(context: CaseContext) -> settings:
    return settings(
        max_examples=context.environment.examples,
        database=None,
        deadline=None,
        phases=(Phase.generate, Phase.shrink),
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
    )


def _judged(context: CaseContext, request: Request) -> Broken | None:
    one, violations = context.ask_judged(request)
    for violation in violations:
        if context.environment.binds(violation.requirement) is Verdict.FAILED:
            return Broken(violation.requirement, violation.expected, one)
    allowed = right(one.request, context.profile, context.environment.leaves_open)
    if allowed is None or outcome(one.answer) in allowed.outcomes:
        return None
    return Broken(allowed.requirement, allowed.expected, one)
