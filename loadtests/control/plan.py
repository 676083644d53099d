"""Which runs a profile takes: one of its stages, or one after the other to look for the knee.

A plan yields the profile of each run, is sent the log of its answers, and returns the outcome.
"""

from __future__ import annotations

import math
from collections.abc import Generator
from dataclasses import replace

from loadtests.control.answer_log import AnswerLog
from loadtests.control.outcome import INCOMPLETE, KEPT, Outcome, Step, answered, judge_run
from loadtests.control.server_monitor import ServerMonitor
from loadtests.profile import Profile, Search, Stage
from loadtests.statistics.gates import judge_gates

Plan = Generator[Profile, AnswerLog, Outcome]
_START_BELOW = 0.8
_LEAST_RATE = 0.05
_MOST_STEPS = 24


def plan(url: str, profile: Profile, monitor: ServerMonitor) -> Plan:
    """The runs of a profile: one, or those of a search."""
    if profile.search:
        return (yield from search(url, profile, profile.search, monitor))
    return judge_run(url, (yield profile), monitor)


def search(url: str, profile: Profile, options: Search, monitor: ServerMonitor) -> Plan:
    """Look for the knee: the highest rate of arrivals at which a server keeps the gates.

    The outcome is that of the step at the knee, or of the last one.
    """
    burst = yield _burst(profile, options)
    best = judge_run(url, burst, monitor)
    if burst.trouble or not answered(best.measures) or not best.measures.rate:
        burst.trouble = burst.trouble or "no correct response came"
        return best
    knee = KneeSearch(
        best.measures.rate * _START_BELOW, growth=options.growth, precision=options.precision
    )
    steps: list[Step] = []
    while (rate := knee.next_rate()) is not None:
        outcome = judge_run(url, (yield _step(profile, options, rate)), monitor)
        if outcome.exit_code == INCOMPLETE:
            best.log.trouble = _why(outcome, rate)
            break
        kept = outcome.exit_code == KEPT
        knee.judged(rate, kept=kept)
        steps.append(_as_step(rate, outcome, kept))
        best = outcome if kept and rate == knee.knee else best
    best.judged = judge_gates(profile.gates, best.measures)
    best.log.profile = replace(best.log.profile, gates=profile.gates)
    best.steps, best.knee = steps, knee.knee
    return best


def _why(outcome: Outcome, rate: float) -> str:
    """Why a step is incomplete; without trouble of its own, no request was answered."""
    trouble = None if outcome.log.aborted else outcome.log.trouble
    return trouble or f"the server stopped answering at {rate:.3g}/s"


def _as_step(rate: float, outcome: Outcome, kept: bool) -> Step:
    return Step(
        rate=rate,
        measures=outcome.measures,
        kept=kept,
        generator_cores=outcome.log.generator_cpu(),
        server_cores=outcome.monitor.cores(*outcome.log.span),
    )


def _burst(profile: Profile, options: Search) -> Profile:
    stage = Stage(users=options.burst_users, seconds=options.seconds)
    return replace(profile, search=None, stages=(stage,), warm_up=options.settle, gates={})


def _step(profile: Profile, options: Search, rate: float) -> Profile:
    """The profile at one rate; whether the knee is high enough is asked at the end."""
    return replace(
        profile,
        search=None,
        stages=(Stage(rate=rate, seconds=options.seconds),),
        warm_up=options.settle,
        gates={name: limit for name, limit in profile.gates.items() if name != "min_rate"},
        abort_on_fail=True,
    )


class KneeSearch:
    """Says which rate to try next; goes up or down to bracket the knee, then halves the bracket.

    Rates are halved by their logarithm. The search ends when the lowest broken rate is within
    ``precision`` of the highest kept one.
    """

    def __init__(self, start: float, *, growth: float, precision: float) -> None:
        self._start, self._growth, self._precision = start, growth, precision
        self._kept: list[float] = []
        self._broken: list[float] = []

    @property
    def knee(self) -> float | None:
        """The highest rate that kept the gates below every one that broke them."""
        ceiling = min(self._broken, default=math.inf)
        return max((rate for rate in self._kept if rate < ceiling), default=None)

    def judged(self, rate: float, *, kept: bool) -> None:
        """Record whether a step kept the gates."""
        (self._kept if kept else self._broken).append(rate)

    def next_rate(self) -> float | None:
        """The rate to try next, None when the search is over."""
        low, high = self.knee, min(self._broken, default=None)
        if len(self._kept) + len(self._broken) >= _MOST_STEPS:
            return None
        if low is None and high is None:
            return self._start
        if high is None:
            return (low or self._start) * self._growth
        if low is None:
            return high / self._growth if high / self._growth >= _LEAST_RATE else None
        return math.sqrt(low * high) if high / low > 1 + self._precision else None
