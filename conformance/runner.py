"""Runs cases against one server, for ``verikit check`` and the pytest plugin.

Any error in a case becomes its verdict.
"""

from __future__ import annotations

import time
import traceback
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from threading import Event

from conformance.case import Case, CaseContext, Environment, NotCompared, People, ordinary
from conformance.catalogue import load_catalogue
from conformance.errors import CouldNotJudge, NotApplicable
from conformance.judging.known_failures import (
    Waiver,
    is_flaky,
    with_flakiness,
    with_known_failure,
)
from conformance.judging.oracle import right
from conformance.judging.outcome import ACCEPTED, Outcome, outcome
from conformance.judging.verdicts import Finding, Result, Verdict, worst
from conformance.requests.exchange import Exchange, Target, exchange, reachable
from conformance.requests.photos.files import OWN
from conformance.requests.photos.people import OUR_PEOPLE
from conformance.requests.recipe import Request, fitted
from verikit.contract import load_contract
from verikit.contract.profile import Profile
from verikit.errors import BadAnswer, NotConnected, TimedOut, Unreachable

_GOOD = {Verdict.PASSED, Verdict.WARNING, Verdict.NOT_APPLICABLE}
_ATTEMPTS = 10
_FLAKY_RUNS = 5
_NO_SUCH_OPERATION = (404, 405, 501)


@dataclass(frozen=True, kw_only=True)
class Options:
    """Options of a run: threads, repetitions of each case, seed and depth of fuzzing.

    ``people``: a vendor's photos, if any; ``waivers``: known failures.
    """

    jobs: int = 4
    repeat: int = 1
    seed: int = 0
    examples: int = 60
    release: str | None = None
    people: People | None = None
    waivers: tuple[Waiver, ...] = ()


class Runner:
    """One server under test; thread-safe."""

    def __init__(self, target: Target, profile: Profile, options: Options) -> None:
        """Send an ordinary request first.

        Raises:
            Unreachable: there is no server, or it does not offer the operation.
            WrongUse: there is no such release.
        """
        catalogue = load_catalogue(options.release)
        catalogue.demand_known(profile)
        self.environment = Environment(
            target=target,
            profile=profile,
            release=catalogue.release,
            requirements=catalogue.requirements,
            people=options.people or OUR_PEOPLE,
            own_photos=options.people is not None,
            seed=options.seed,
            examples=options.examples,
        )
        self._options = options
        self._today = datetime.now(UTC).date()
        self._gone = Event()
        self.ordinary_outcome = _preflight(self.environment)

    def play(self, case: Case) -> Result:
        """Run a case; its verdict, with known failures.

        The case runs as often as the options say, or up to five times if it fails and is known to
        be flaky. The result has the first bad verdict and the number of bad runs. Cases do not
        run after the server stops accepting connections.
        """
        context = CaseContext(
            case=case, environment=self.environment, ordinary_outcome=self.ordinary_outcome
        )
        profile = self.environment.profile
        times = 1 if case.invariant else self._options.repeat
        results = [_once(context, self._gone) for _ in range(times)]
        if not case.invariant and is_flaky(case.id, profile.flaky) and _bad(results):
            results += [_once(context, self._gone) for _ in range(times, _FLAKY_RUNS)]
        bad = _bad(results)
        result = replace(
            bad[0] if bad else results[0],
            seconds=sum(result.seconds for result in results),
            runs=len(results),
            failed_runs=len(bad),
        )
        if not self.environment.scores(case.since):
            reason = f"it came with {case.since}; verdict: {result.verdict}. {result.reason}"
            return replace(result, verdict=Verdict.NOT_SCORED, reason=reason.strip())
        result = with_flakiness(result, profile.flaky)
        return with_known_failure(result, self._options.waivers, profile.deviations, self._today)


def _bad(results: Sequence[Result]) -> list[Result]:
    return [result for result in results if result.verdict not in _GOOD]


def _preflight(environment: Environment) -> Outcome:
    """The outcome for two ordinary photos of one person; None if the response is incomplete."""
    endpoint = environment.target.endpoint
    one = _ordinary(environment)
    environment.judged(one)
    if one.answer is None:
        if isinstance(one.error, BadAnswer) or getattr(one.error, "begun", False):
            return None
        if isinstance(one.error, NotConnected):
            raise NotConnected(f"{one.error}. Is it started?") from one.error
        raise one.error or Unreachable
    endpoint.require_operation(one.answer)
    word = outcome(one.answer)
    if one.answer.status in _NO_SUCH_OPERATION and word not in load_contract().codes:
        raise Unreachable(
            f"A server responds at {endpoint.address.url}, but it does not know the operation "
            f"(HTTP {one.answer.status}). Is the URL right?"
        )
    return word


def _ordinary(environment: Environment) -> Exchange:
    request = fitted(Request(), *ordinary(environment.profile))
    return exchange(environment.target, "preflight", request)


def _once(context: CaseContext, gone: Event) -> Result:
    clock = time.perf_counter()
    verdict, findings, reason = _verdict(context, gone)
    return Result(
        case=context.case.id,
        verdict=verdict,
        findings=findings,
        reason=reason,
        seconds=time.perf_counter() - clock,
    )


def _verdict(context: CaseContext, gone: Event) -> tuple[Verdict, tuple[Finding, ...], str]:
    if gone.is_set() and not context.case.invariant:
        return Verdict.NOT_RUN, (), "the server stopped answering before it"
    if reason := _not_applicable(context):
        return Verdict.NOT_APPLICABLE, (), reason
    try:
        findings = tuple(context.case.play(context))
    except NotApplicable as error:
        return Verdict.NOT_APPLICABLE, (), str(error)
    except CouldNotJudge as error:
        findings = _wrong_refusal(context, error) if isinstance(error, NotCompared) else ()
        if not findings:
            return Verdict.COULD_NOT_JUDGE, (), str(error)
    except Exception:
        return Verdict.TOOL_ERROR, (), traceback.format_exc()
    if (lost := _lost_answers(findings)) and not _still_there(context.environment, lost):
        gone.set()
    return worst(findings), findings, ""


def _wrong_refusal(context: CaseContext, error: NotCompared) -> tuple[Finding, ...]:
    """A finding if no reading lets the server refuse what it did not compare.

    If it refuses ordinary photos as well, everything would be a finding, and none says why.
    """
    one = error.exchange
    own = any(photo.of.startswith(OWN) for photo in one.request.photos)
    if context.ordinary_outcome != ACCEPTED or one.answer is None or own:
        return ()
    allowed = right(one.request, context.profile, context.environment.leaves_open)
    if allowed is None or outcome(one.answer) in allowed.outcomes:
        return ()
    return tuple(context.finding(allowed.expected, one, breaks=allowed.requirement))


def _lost_answers(findings: Sequence[Finding]) -> list[Exchange]:
    return [found.exchange for found in findings if found.exchange and not found.exchange.answer]


def _still_there(environment: Environment, lost: Sequence[Exchange]) -> bool:
    """After a lost response: whether the server accepts connections, now or within seconds.

    One that let the time run out accepts them as well: it is sent an ordinary request.
    """
    if any(isinstance(one.error, TimedOut) for one in lost):
        return not isinstance(_ordinary(environment).error, TimedOut)
    for _ in range(_ATTEMPTS):
        if reachable(environment.target):
            return True
        time.sleep(0.5)
    return False


def _not_applicable(context: CaseContext) -> str:
    """Why a case does not apply to this server; empty if it does."""
    environment, needs = context.environment, context.case.needs
    if "photos" in needs and not environment.own_photos:
        return "judged only with photos of the vendor's own"
    if environment.binds(context.case.requires[0]) is None:
        return "the page leaves it open; judged only with a profile that binds to the readings"
    return ""
