"""The report on the terminal."""

from __future__ import annotations

from collections.abc import Iterator

from loadtests.control.answer_log import AnswerLog
from loadtests.control.outcome import INCOMPLETE, KEPT, Outcome
from loadtests.statistics.compare import Change
from loadtests.statistics.gates import Judgement
from loadtests.statistics.measures import Measures
from verikit.plural import counted

_TOLD_BY_THE_HOUR = 300.0
_MANY = 2


def progress(log: AnswerLog) -> str:
    """One line about a run in progress."""
    profile, clock = log.profile, log.clock
    level = f"{profile.stages[0].rate:.3g}/s" if profile.is_open else "closed"
    if clock <= profile.warm_up:
        return f"{level:>8}  warm-up {clock:.0f} of {profile.warm_up:g} s"
    seen = log.measures()
    p95 = milliseconds(seen.latency_ms.get("p95"))
    return (
        f"{level:>8}  {clock - profile.warm_up:.0f} of {profile.seconds:g} s  "
        f"{counted(seen.requests, 'request')}  {seen.rate:.1f}/s  p95 {p95}  "
        f"{seen.failed} failed  {seen.dropped} dropped"
    )


def summary(outcome: Outcome, changes: list[Change]) -> str:
    """The result of a load test, as text of several lines."""
    return "\n".join(_lines(outcome, changes))


def headline(outcome: Outcome) -> str:
    """The result in one sentence: which gate is broken, and by how much."""
    broken = [judgement for judgement in outcome.judged if not judgement.kept]
    if outcome.exit_code == INCOMPLETE:
        return f"Incomplete: {outcome.log.trouble or 'no request was answered'}"
    if broken:
        return "Gate broken: " + "; ".join(map(_breach, broken))
    if outcome.exit_code != KEPT:
        return f"Gate broken: {outcome.log.trouble}"
    return "All gates kept" if outcome.judged else "No gates to keep"


def _breach(gate: Judgement) -> str:
    if gate.value is None:
        return f"{gate.gate} was not measured"
    told = f"{gate.gate} is {number(gate.value)}, the limit is {number(gate.limit)}"
    if not gate.limit:
        return told
    ratio = gate.value / gate.limit
    if ratio >= _MANY:
        return f"{told} ({ratio:.3g} times it)"
    return f"{told} ({abs(ratio - 1):.1%} {'above' if ratio > 1 else 'below'})"


def _lines(outcome: Outcome, changes: list[Change]) -> Iterator[str]:
    yield headline(outcome)
    for step in outcome.steps:
        yield (
            f"  {step.rate:8.2f}/s  p95 {milliseconds(step.measures.latency_ms.get('p95')):>8}  "
            f"{'kept' if step.kept else 'broken':6}  generator {step.generator_cores:.0%} of a core"
        )
    if outcome.steps:
        knee = outcome.knee
        yield f"knee: {knee:.2f} requests/s" if knee else "no rate that was tried keeps the gates"
    yield from _figures(outcome.measures)
    yield f"generator: {outcome.log.generator_cpu():.0%} of a core"
    cores = outcome.monitor.cores(*outcome.log.span)
    if cores is not None:
        yield f"server: {cores:.2f} cores"
    if outcome.measures.memory:
        yield f"memory: {growth(outcome.measures)}"
    for gate in outcome.judged:
        value = "not measured" if gate.value is None else number(gate.value)
        verdict = "kept  " if gate.kept else "BROKEN"
        yield f"{verdict} {gate.gate} {value}, limit {number(gate.limit)}"
    yield from (change_line(change) for change in changes)
    yield from (f"warning: {warning}" for warning in outcome.warnings)
    yield from (f"note: {remark}" for remark in outcome.remarks)
    if outcome.log.trouble:
        yield f"{'' if outcome.log.aborted else 'incomplete: '}{outcome.log.trouble}"


def _figures(seen: Measures) -> Iterator[str]:
    yield (
        f"{counted(seen.requests, 'request')} in {seen.seconds:.0f} s: "
        f"{seen.rate:.2f} correct responses/s, {seen.failed} failed, "
        f"{counted(seen.dropped, 'arrival')} dropped"
    )
    if seen.latency_ms:
        yield "latency: " + "  ".join(
            f"{name} {milliseconds(ms)}" for name, ms in seen.latency_ms.items() if name != "p99.9"
        )
    yield "responses (HTTP code): " + ", ".join(
        f"{n} x {label}" for label, n in seen.answers.items()
    )
    for reason, times in seen.failures.items():
        yield f"  {times} x {reason}"


def growth(seen: Measures) -> str:
    """The growth of the server's memory per hour, or within the run if it is under five minutes."""
    hourly = seen.seconds >= _TOLD_BY_THE_HOUR
    scale, span = (1.0, "an hour") if hourly else (seen.seconds / 3600, f"in {seen.seconds:.0f} s")
    slope, low, high = (value * scale for value in seen.memory or (0.0, 0.0, 0.0))
    return f"{slope:+.1f} MiB {span}, 95 % interval {low:+.1f} to {high:+.1f}"


def change_line(change: Change) -> str:
    """A change between two runs, in words."""
    share = change.figure == "error_share"
    interval = (
        f"{change.low:+.2%} to {change.high:+.2%}"
        if share
        else f"{change.low - 1:+.1%} to {change.high - 1:+.1%}"
    )
    verdict = "changed" if change.shown else "no change shown"
    return f"{change.figure}: {change.before:.4g} -> {change.now:.4g} ({interval}): {verdict}"


def number(value: float) -> str:
    """A number with four significant digits, or as an integer from 1,000 on."""
    return f"{value:.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def milliseconds(value: float | None) -> str:
    """A latency in milliseconds, written in ms, or in s from 1,000 ms on."""
    if value is None:
        return "-"
    return f"{value:.1f} ms" if value < 1000 else f"{value / 1000:.2f} s"
