"""Checks one server: plays cases against it and keeps the verdicts.

The entry point for programs, in process, without global state, safe in threads::

    from conformance.catalogue import load_catalogue
    from conformance.exchange import Target
    from conformance.profile import load_profile
    from conformance.run import Options, run

    done = run(Target.of("http://127.0.0.1:3000"), load_catalogue().cases,
               profile=load_profile("reference"), options=Options(jobs=2))
    done.exit_code                       # 0 passed, 1 the server failed, 3 incomplete
    for result in done.results:          # one per case, in the order of the catalogue
        result.case, result.verdict      # an immutable id, a conformance.verdicts.Verdict
        for finding in result.findings:
            finding.requirement          # an immutable id of conformance/requirements.yaml
            finding.verdict, finding.expected, finding.actual

``run`` raises Unreachable when nothing there speaks the operation; whatever the server does after
that is a finding.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from datetime import UTC, datetime
from threading import Event

from conformance.case import Case, People, Requirement, Surroundings, Talk
from conformance.catalogue import load_catalogue
from conformance.exchange import Target
from conformance.outcome import Outcome
from conformance.photos.people import OUR_PEOPLE
from conformance.play import play
from conformance.preflight import preflight
from conformance.profile import Profile
from conformance.verdicts import Result, Verdict
from conformance.waivers import Waiver, complaints, excused

Watch = Callable[[Result], None]


@dataclass(frozen=True, kw_only=True)
class Run:
    """A finished, or interrupted, check of one server."""

    target: Target
    profile: Profile
    release: str
    requirements: Mapping[str, Requirement]
    cases: Mapping[str, Case]
    results: tuple[Result, ...]
    seed: int
    started: datetime
    seconds: float
    requests: int
    complete: bool
    ordinary: Outcome
    """What became of two ordinary photos before the cases began."""
    own_photos: bool = False
    canary: str = ""
    """What the canary showed before the run, if it was asked for."""
    complaints: tuple[str, ...] = ()
    """Waivers that are stale or out of date; any fails the run."""

    def count(self, verdict: Verdict) -> int:
        """How many cases got a verdict."""
        return sum(result.verdict is verdict for result in self.results)

    @property
    def exit_code(self) -> int:
        """0 passed, 1 the server failed, 3 incomplete; 0 takes at least one passed case."""
        if self.count(Verdict.FAILED) or self.complaints:
            return 1
        undecided = (Verdict.COULD_NOT_JUDGE, Verdict.NOT_RUN, Verdict.TOOL_ERROR)
        judged = self.count(Verdict.PASSED) + self.count(Verdict.WARNING)
        if not self.complete or not judged or any(map(self.count, undecided)):
            return 3
        return 0


@dataclass(frozen=True, kw_only=True)
class Options:
    """How a run goes: threads, repetitions of each case, the seed and depth of fuzzing.

    ``people`` are a vendor's photos, if any; ``waivers`` the failures that are known.
    """

    jobs: int = 4
    repeat: int = 1
    seed: int = 0
    examples: int = 60
    release: str | None = None
    people: People | None = None
    waivers: tuple[Waiver, ...] = ()


def run(
    target: Target,
    cases: Sequence[Case],
    *,
    profile: Profile | None = None,
    options: Options | None = None,
    watch: Watch | None = None,
) -> Run:
    """Play the cases against a server.

    ``watch`` is told of every verdict, in the calling thread. Ctrl-C keeps what was done.

    Raises:
        verikit.errors.Unreachable: no server there, or one without the operation.
    """
    options = options or Options()
    around = surroundings(target, profile or Profile(), options)
    started, clock = datetime.now(UTC), time.perf_counter()
    first = preflight(around)
    results: dict[str, Result] = {}
    excuses = options.waivers, around.profile.deviations
    complete = _play_all(
        [Talk(case=case, around=around, ordinary_outcome=first) for case in cases],
        options,
        _keeper(results, watch, lambda result: excused(result, *excuses, started.date())),
    )
    return Run(
        target=target,
        profile=around.profile,
        release=around.release,
        requirements=around.requirements,
        cases={case.id: case for case in cases},
        results=tuple(results.get(case.id) or _not_run(case) for case in cases),
        seed=options.seed,
        started=started,
        seconds=time.perf_counter() - clock,
        requests=len(around.log.all()),
        complete=complete,
        ordinary=first,
        own_photos=around.own_photos,
        complaints=tuple(complaints(options.waivers, results, started.date())),
    )


def surroundings(target: Target, profile: Profile, options: Options) -> Surroundings:
    """What the cases of a run share."""
    catalogue = load_catalogue(options.release)
    return Surroundings(
        target=target,
        profile=profile,
        release=catalogue.release,
        requirements=catalogue.requirements,
        people=options.people or OUR_PEOPLE,
        own_photos=options.people is not None,
        seed=options.seed,
        examples=options.examples,
    )


def _keeper(
    results: dict[str, Result], watch: Watch | None, excuse: Callable[[Result], Result]
) -> Watch:
    def keep(raw: Result) -> None:
        result = excuse(raw)
        results[result.case] = result
        if watch:
            watch(result)

    return keep


def _not_run(case: Case) -> Result:
    return Result(case=case.id, verdict=Verdict.NOT_RUN, reason="the run ended before it")


def _play_all(talks: Sequence[Talk], options: Options, keep: Watch) -> bool:
    """Play them, surveys last and alone; False when the user stopped it."""
    gone = Event()
    pool = ThreadPoolExecutor(options.jobs)
    try:
        waiting = [
            pool.submit(play, talk, gone, options.repeat) for talk in talks if not talk.case.survey
        ]
        for future in as_completed(waiting):
            keep(future.result())
        for talk in talks:
            if talk.case.survey:
                keep(play(talk, gone, 1))
    except KeyboardInterrupt:
        pool.shutdown(cancel_futures=True)
        return False
    pool.shutdown()
    return True
