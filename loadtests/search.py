"""Looks for the knee: the highest rate of arrivals at which a server keeps the gates."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from loadtests.gates import judge_gates
from loadtests.knee import KneeSearch
from loadtests.ledger import Ledger
from loadtests.profile import Profile, Search, Stage
from loadtests.server_watch import ServerWatch
from loadtests.verdict import INCOMPLETE, KEPT, Outcome, Step, answered, settle

_START_BELOW = 0.8


def search(
    url: str,
    profile: Profile,
    plan: Search,
    run: Callable[[Profile], Ledger],
    watch: ServerWatch,
) -> Outcome:
    """Look for the knee; the outcome is that of the step at the knee, or of the last one."""
    begun = watch.clock()
    burst = run(_burst(profile, plan))
    best = settle(url, burst, watch, begun)
    if burst.trouble or not answered(best.measures) or not best.measures.rate:
        burst.trouble = burst.trouble or "no correct answer came"
        return best
    knee = KneeSearch(
        best.measures.rate * _START_BELOW, growth=plan.growth, precision=plan.precision
    )
    steps: list[Step] = []
    while (rate := knee.next_rate()) is not None:
        begun = watch.clock()
        outcome = settle(url, run(_step(profile, plan, rate)), watch, begun)
        if outcome.exit_code == INCOMPLETE:
            best.ledger.trouble = _why(outcome, rate)
            break
        kept = outcome.exit_code == KEPT
        knee.judged(rate, kept=kept)
        steps.append(_as_step(rate, outcome, kept))
        best = outcome if kept and rate == knee.knee else best
    best.judged = judge_gates(profile.gates, best.measures)
    best.ledger.profile = replace(best.ledger.profile, gates=profile.gates)
    best.steps, best.knee = steps, knee.knee
    return best


def _why(outcome: Outcome, rate: float) -> str:
    """Why a step is incomplete; without trouble of its own, nothing was answered."""
    trouble = None if outcome.ledger.aborted else outcome.ledger.trouble
    return trouble or f"the server stopped answering at {rate:.3g}/s"


def _as_step(rate: float, outcome: Outcome, kept: bool) -> Step:
    return Step(
        rate=rate,
        measures=outcome.measures,
        kept=kept,
        generator_cores=outcome.ledger.generator_cpu(),
        server_cores=outcome.watch.cores(*outcome.span),
    )


def _burst(profile: Profile, plan: Search) -> Profile:
    stage = Stage(users=plan.burst_users, seconds=plan.seconds)
    return replace(profile, search=None, stages=(stage,), warm_up=plan.settle, gates={})


def _step(profile: Profile, plan: Search, rate: float) -> Profile:
    """The profile at one rate; whether the knee is high enough is asked at the end."""
    return replace(
        profile,
        search=None,
        stages=(Stage(rate=rate, seconds=plan.seconds),),
        warm_up=plan.settle,
        gates={name: limit for name, limit in profile.gates.items() if name != "min_rate"},
        abort_on_fail=True,
    )
