"""Checks one server: runs cases against it and collects the verdicts.

This is the entry point for programs. It has no global state and is thread-safe::

    from conformance.catalogue import load_catalogue
    from conformance.requests.exchange import Target
    from verikit.contract.profile import load_profile
    from conformance.run import run
    from conformance.runner import Options

    done = run(Target.of("http://127.0.0.1:3000"), load_catalogue().cases,
               profile=load_profile("reference"), options=Options(jobs=2))
    done.exit_code                       # 0 passed, 1 the server failed, 3 incomplete
    for result in done.results:          # one per case, in the order of the catalogue
        result.case, result.verdict      # a permanent ID, a conformance.judging.verdicts.Verdict
        for finding in result.findings:
            finding.requirement          # a permanent ID of conformance/requirements.yaml
            finding.verdict, finding.expected, finding.actual

``run`` raises Unreachable if no server offers the operation; anything that the server does after
that is a finding.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from datetime import UTC, datetime

from conformance.case import Case, Requirement
from conformance.judging.known_failures import waiver_problems
from conformance.judging.outcome import Outcome
from conformance.judging.verdicts import Result, Verdict
from conformance.requests.exchange import Target
from conformance.runner import Options, Runner
from verikit.contract.profile import Profile

Watch = Callable[[Result], None]


@dataclass(frozen=True, kw_only=True)
class Given:
    """The arguments of a command line that repeats a case.

    ``before``: options of ``verikit``; ``options``: those of ``check``; ``withheld``: secrets that
    reports must not contain, and that the user has to add.
    """

    before: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    withheld: str = ""


@dataclass(frozen=True, kw_only=True)
class Run:
    """A check of one server, complete or interrupted."""

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
    """The outcome for two ordinary photos before the cases began."""
    own_photos: bool = False
    given: Given = Given()
    self_check: str = ""
    """The result of the self-check before the run, if requested."""
    waiver_problems: tuple[str, ...] = ()
    """Waivers that are stale or expired; any of them fails the run."""

    def count(self, verdict: Verdict) -> int:
        """The number of cases with this verdict."""
        return sum(result.verdict is verdict for result in self.results)

    @property
    def exit_code(self) -> int:
        """0 passed (at least one case), 1 the server failed, 3 incomplete."""
        if self.count(Verdict.FAILED) or self.waiver_problems:
            return 1
        undecided = (Verdict.COULD_NOT_JUDGE, Verdict.NOT_RUN, Verdict.TOOL_ERROR)
        judged = self.count(Verdict.PASSED) + self.count(Verdict.WARNING)
        if not self.complete or not judged or any(map(self.count, undecided)):
            return 3
        return 0


def run(
    target: Target,
    cases: Sequence[Case],
    *,
    profile: Profile | None = None,
    options: Options | None = None,
    watch: Watch | None = None,
) -> Run:
    """Run the cases against a server.

    ``watch`` receives each result, in the calling thread. Ctrl-C keeps the results so far.

    Raises:
        verikit.errors.Unreachable: there is no server, or it does not offer the operation.
    """
    options = options or Options()
    started, clock = datetime.now(UTC), time.perf_counter()
    runner = Runner(target, profile or Profile(), options)
    results: dict[str, Result] = {}

    def keep(result: Result) -> None:
        results[result.case] = result
        if watch:
            watch(result)

    complete = _play_all(cases, runner, options.jobs, keep)
    environment = runner.environment
    return Run(
        target=target,
        profile=environment.profile,
        release=environment.release,
        requirements=environment.requirements,
        cases={case.id: case for case in cases},
        results=tuple(results.get(case.id) or _not_run(case) for case in cases),
        seed=options.seed,
        started=started,
        seconds=time.perf_counter() - clock,
        requests=len(environment.log.all()),
        complete=complete,
        ordinary=runner.ordinary_outcome,
        own_photos=environment.own_photos,
        waiver_problems=tuple(waiver_problems(options.waivers, results, started.date())),
    )


def _not_run(case: Case) -> Result:
    return Result(case=case.id, verdict=Verdict.NOT_RUN, reason="the run ended before it")


def _play_all(cases: Sequence[Case], runner: Runner, jobs: int, keep: Watch) -> bool:
    """Run them, invariants last; False if the user interrupted."""
    pool = ThreadPoolExecutor(jobs)
    try:
        waiting = [pool.submit(runner.play, case) for case in cases if not case.invariant]
        for future in as_completed(waiting):
            keep(future.result())
        for case in cases:
            if case.invariant:
                keep(runner.play(case))
    except KeyboardInterrupt:
        pool.shutdown(cancel_futures=True)
        return False
    pool.shutdown()
    return True
