"""Plays one case and says what came of it; whatever goes wrong becomes a verdict."""

from __future__ import annotations

import time
import traceback
from threading import Event

from conformance.case import Talk
from conformance.errors import CouldNotJudge, NotApplicable
from conformance.exchange import reachable
from conformance.verdicts import Finding, Result, Verdict, worst

_GOOD = {Verdict.PASSED, Verdict.WARNING, Verdict.NOT_APPLICABLE}
_PATIENCE = 10


def play(talk: Talk, gone: Event, times: int) -> Result:
    """Play a case ``times`` times: the first bad verdict counts, and how often it was bad.

    ``gone`` is set once the server no longer accepts connections; what comes later is not run.
    """
    results = [_once(talk, gone) for _ in range(1 if talk.case.survey else times)]
    bad = [result for result in results if result.verdict not in _GOOD]
    shown = bad[0] if bad else results[0]
    return Result(
        case=shown.case,
        verdict=shown.verdict,
        findings=shown.findings,
        reason=shown.reason,
        seconds=sum(result.seconds for result in results),
        runs=len(results),
        failed_runs=len(bad),
    )


def _once(talk: Talk, gone: Event) -> Result:
    clock = time.perf_counter()
    verdict, findings, reason = _verdict(talk, gone)
    return Result(
        case=talk.case.id,
        verdict=verdict,
        findings=findings,
        reason=reason,
        seconds=time.perf_counter() - clock,
    )


def _verdict(talk: Talk, gone: Event) -> tuple[Verdict, tuple[Finding, ...], str]:
    if gone.is_set() and not talk.case.survey:
        return Verdict.NOT_RUN, (), "the server stopped answering before it"
    if excuse := _not_applicable(talk):
        return Verdict.NOT_APPLICABLE, (), excuse
    try:
        findings = tuple(talk.case.play(talk))
    except NotApplicable as error:
        return Verdict.NOT_APPLICABLE, (), str(error)
    except CouldNotJudge as error:
        return Verdict.COULD_NOT_JUDGE, (), str(error)
    except Exception:
        return Verdict.TOOL_ERROR, (), traceback.format_exc()
    if any(found.exchange and found.exchange.answer is None for found in findings):
        _look_whether_gone(talk, gone)
    return worst(findings), findings, ""


def _look_whether_gone(talk: Talk, gone: Event) -> None:
    """After a lost answer: a server that no longer accepts connections ends the run."""
    for _ in range(_PATIENCE):
        if reachable(talk.around.target):
            return
        time.sleep(0.5)
    gone.set()


def _not_applicable(talk: Talk) -> str:
    """Why a case says nothing about this server; empty when it does."""
    around, needs = talk.around, talk.case.needs
    if "standards" in needs and around.profile.standards is None:
        return "judged only with a profile that gives the photo standards"
    if "no-standards" in needs and around.profile.standards is not None:
        return "the profile's exact limits are judged instead"
    if "photos" in needs and not around.own_photos:
        return "judged only with photos of the vendor's own"
    if around.binds(talk.case.requires[0]) is None:
        return "the page leaves it open; judged only with a profile that binds to the readings"
    return ""
