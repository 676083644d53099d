"""The plots of the report."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import cycle, pairwise

from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullLocator

from loadtests.control.outcome import Outcome
from loadtests.report.svg import Hover, inline
from loadtests.report.text import milliseconds
from loadtests.statistics.measures import MIB
from loadtests.statistics.windows import Window, quantiles_ms, total
from verikit.reports.shell import CHART_INCHES

_MOST_POINTS = 120
_COLOURS = {"p50": "#4299e1", "p95": "#9f7aea", "p99": "#ed64a6"}
_GOOD, _BAD, _PLAIN = "#38a169", "#e53e3e", "#718096"
_DASHES = ("--", ":", "-.")
_LEGEND_FONT, _LEGEND_CHARACTERS, _LEGEND_MARK = 8, 60, 8
"""Points, how many characters fit beside each other, and how many a mark takes."""
_WIDE = 20
"""Latencies that are so many times each other need a logarithmic axis."""


@dataclass(frozen=True)
class _Point:
    """Some windows as one point: the middle of their stretch of time, its length, their sum."""

    at: float
    seconds: float
    window: Window

    def hover(self, text: str) -> Hover:
        return Hover(
            self.at - self.seconds / 2, self.at + self.seconds / 2, f"{self.at:.0f} s: {text}"
        )


def pictures(outcome: Outcome) -> dict[str, Markup]:
    """Title -> SVG of each picture that the outcome has data for."""
    drawn = {"Latency over time": _latency(outcome), "Rate over time": _rate(outcome)}
    if len(outcome.measures.answers) > 1 or outcome.measures.failures:
        drawn["Responses by code over time"] = _answers(outcome)
    if len(outcome.monitor.between(*outcome.log.span)) > 1:
        drawn["Server over time"] = _server(outcome)
    if outcome.steps:
        drawn["Steps of the search"] = _steps(outcome)
    return {title: inline(figure, title, hovers) for title, (figure, hovers) in drawn.items()}


def _latency(outcome: Outcome) -> tuple[Figure, list[Hover]]:
    figure, axes = _figure("latency, ms")
    points = [(each, quantiles_ms(each.window.latencies)) for each in _points(outcome)]
    for name, colour in _COLOURS.items():
        values = [seen.get(name, math.nan) for _, seen in points]
        axes.plot([point.at for point, _ in points], values, color=colour, label=name)
    limits = [
        (name, limit)
        for name in _COLOURS
        if (limit := outcome.log.profile.gates.get(f"{name}_ms")) is not None
    ]
    for name, limit in limits:
        axes.axhline(limit, color=_COLOURS[name], linestyle=":", label=f"gate {name}")
    _scale(axes, [seen[name] for _, seen in points for name in _COLOURS if seen])
    hovers = [
        point.hover(", ".join(f"{name} {milliseconds(seen.get(name))}" for name in _COLOURS))
        for point, seen in points
    ]
    return _finished(figure, axes), hovers


def _rate(outcome: Outcome) -> tuple[Figure, list[Hover]]:
    figure, axes = _figure("requests a second")
    points = list(_points(outcome))
    lines = {
        "arrived": (_PLAIN, [p.window.arrived / p.seconds for p in points]),
        "answered correctly": (_GOOD, [p.window.finished / p.seconds for p in points]),
        "failed or dropped": (
            _BAD,
            [(p.window.failures.total() + p.window.dropped) / p.seconds for p in points],
        ),
    }
    for label, (colour, values) in lines.items():
        axes.plot([point.at for point in points], values, color=colour, label=label)
    hovers = [
        point.hover(", ".join(f"{values[i]:.4g}/s {label}" for label, (_, values) in lines.items()))
        for i, point in enumerate(points)
    ]
    return _finished(figure, axes, bottom=0), hovers


def _answers(outcome: Outcome) -> tuple[Figure, list[Hover]]:
    figure, axes = _figure("responses a second")
    points = list(_points(outcome))
    times = [point.at for point in points]
    answers = list(outcome.measures.answers)
    rates = [[p.window.answers[name] / p.seconds for p in points] for name in answers]
    axes.stackplot(times, rates, labels=answers, alpha=0.8)
    for reason, dashes in zip(outcome.measures.failures, cycle(_DASHES), strict=False):
        failed = [point.window.failures[reason] / point.seconds for point in points]
        axes.plot(times, failed, color=_BAD, linestyle=dashes, label=f"failed: {reason}")
    hovers = [
        point.hover(", ".join(f"{n} x {label}" for label, n in point.window.answers.items()))
        for point in points
    ]
    return _finished(figure, axes, bottom=0), hovers


def _server(outcome: Outcome) -> tuple[Figure, list[Hover]]:
    start, end = outcome.log.span
    samples = outcome.monitor.between(start, end)
    figure, axes = _figure("memory (RSS), MiB")
    times = [each.clock - start for each in samples]
    cores = [
        (now.cpu_seconds - before.cpu_seconds) / (now.clock - before.clock)
        for before, now in pairwise(samples)
    ]
    memory = [each.rss / MIB for each in samples]
    axes.plot(times, memory, color=_COLOURS["p95"], label="memory")
    axes.set_ylim(top=1.15 * max(memory))
    processor = axes.twinx()
    processor.spines["right"].set_visible(True)
    processor.set_ylabel("cores busy")
    processor.plot(times[1:], cores, color=_PLAIN, linewidth=0.8, label="cores")
    processor.set_ylim(bottom=0)
    processor.legend(loc="lower right", bbox_to_anchor=(1, 1), frameon=False, fontsize=_LEGEND_FONT)
    hovers = [
        Hover(since, until, f"{until:.0f} s: {sample.rss / MIB:.1f} MiB, {busy:.2f} cores")
        for (since, until), sample, busy in zip(pairwise(times), samples[1:], cores, strict=True)
    ]
    return _finished(figure, axes, bottom=0), hovers


def _steps(outcome: Outcome) -> tuple[Figure, list[Hover]]:
    figure, axes = _figure("p95 latency, ms")
    axes.set_xlabel("arrivals a second")
    for kept, colour, label in ((True, _GOOD, "gates kept"), (False, _BAD, "a gate broken")):
        steps = [step for step in outcome.steps if step.kept is kept]
        values = [step.measures.latency_ms.get("p95", math.nan) for step in steps]
        axes.plot([step.rate for step in steps], values, "o", color=colour, label=label)
    if outcome.knee:
        axes.axvline(outcome.knee, color=_PLAIN, linestyle=":", label="knee")
    found = [(step, step.measures.latency_ms.get("p95")) for step in outcome.steps]
    _scale(axes, [value for _, value in found if value is not None])
    low, high = axes.get_xlim()
    near = (high - low) / 100
    hovers = [
        Hover(step.rate - near, step.rate + near, f"{step.rate:.2f}/s: p95 {milliseconds(value)}")
        for step, value in found
    ]
    return _finished(figure, axes), hovers


def _scale(axes: Axes, values: list[float]) -> None:
    """Up from 0 where that shows all values, else by factors, with ticks at 1, 2 and 5."""
    least, most = min(values, default=1.0), max(values, default=1.0)
    if most < _WIDE * least:
        axes.set_ylim(bottom=0)
        return
    axes.set_yscale("log")
    axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_formatter("{x:g}")


def _points(outcome: Outcome) -> Iterator[_Point]:
    """The windows, joined to at most :data:`_MOST_POINTS`."""
    windows, seconds = outcome.log.measured, outcome.log.window_seconds
    joined = max(1, -(-len(windows) // _MOST_POINTS))
    for first in range(0, len(windows), joined):
        group = windows[first : first + joined]
        yield _Point((first + len(group) / 2) * seconds, len(group) * seconds, total(group))


def _figure(unit: str) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(CHART_INCHES, 3), layout="constrained")
    axes = figure.add_subplot()
    axes.spines[["top", "right"]].set_visible(False)
    axes.set_xlabel("seconds after warm-up")
    axes.set_ylabel(unit)
    axes.grid(alpha=0.3)
    return figure, axes


def _finished(figure: Figure, axes: Axes, bottom: float | None = None) -> Figure:
    marks, labels = axes.get_legend_handles_labels()
    room = _LEGEND_CHARACTERS - _LEGEND_MARK
    longest = min(max(map(len, labels)), room)
    axes.legend(
        marks,
        [textwrap.fill(label, room) for label in labels],
        loc="lower left",
        bbox_to_anchor=(0, 1),
        frameon=False,
        fontsize=_LEGEND_FONT,
        ncols=_LEGEND_CHARACTERS // (longest + _LEGEND_MARK),
    )
    if bottom is not None:
        axes.set_ylim(bottom=bottom)
    return figure
