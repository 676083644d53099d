"""The pictures of a report, as SVG in data URLs so that one HTML file holds them all."""

from __future__ import annotations

import base64
import io
import math
from collections.abc import Iterator
from itertools import cycle, pairwise

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from loadtests.control.outcome import Outcome
from loadtests.statistics.measures import MIB
from loadtests.statistics.windows import Window, quantiles_ms, total

_MOST_POINTS = 120
_COLOURS = {"p50": "#7aa6d6", "p95": "#2b6cb0", "p99": "#1a365d"}
_GOOD, _BAD, _PLAIN = "#2f855a", "#c53030", "#718096"
_DASHES = ("--", ":", "-.")


def pictures(outcome: Outcome) -> dict[str, str]:
    """Title -> data URL of each picture that the outcome has data for."""
    found = {"Latency over time": _url(_latency(outcome)), "Rate over time": _url(_rate(outcome))}
    if len(outcome.measures.answers) > 1 or outcome.measures.failures:
        found["Answers by code over time"] = _url(_answers(outcome))
    if len(outcome.monitor.between(*outcome.log.span)) > 1:
        found["Server over time"] = _url(_server(outcome))
    if outcome.steps:
        found["Steps of the search"] = _url(_steps(outcome))
    return found


def _latency(outcome: Outcome) -> Figure:
    figure, axes = _figure("latency, ms")
    points = list(_points(outcome))
    for name, colour in _COLOURS.items():
        seen = [(at, quantiles_ms(window.latencies).get(name)) for at, _, window in points]
        axes.plot(*zip(*seen, strict=True), color=colour, label=name)
    for name, colour in _COLOURS.items():
        limit = outcome.log.profile.gates.get(f"{name}_ms")
        if limit is not None:
            axes.axhline(limit, color=colour, linestyle=":", label=f"gate {name}")
    axes.set_yscale("log")
    axes.yaxis.set_major_formatter("{x:g}")
    return _finished(figure, axes)


def _rate(outcome: Outcome) -> Figure:
    figure, axes = _figure("requests a second")
    points = list(_points(outcome))
    times = [at for at, _, _ in points]
    lines = {
        ("arrived", _PLAIN): [window.arrived / seconds for _, seconds, window in points],
        ("answered correctly", _GOOD): [window.finished / seconds for _, seconds, window in points],
        ("failed or dropped", _BAD): [
            (window.failures.total() + window.dropped) / seconds for _, seconds, window in points
        ],
    }
    for (label, colour), values in lines.items():
        axes.plot(times, values, color=colour, label=label)
    return _finished(figure, axes, bottom=0)


def _answers(outcome: Outcome) -> Figure:
    figure, axes = _figure("answers a second")
    points = list(_points(outcome))
    times = [at for at, _, _ in points]
    answers = list(outcome.measures.answers)
    rates = [[window.answers[name] / seconds for _, seconds, window in points] for name in answers]
    axes.stackplot(times, rates, labels=answers, alpha=0.8)
    for reason, dashes in zip(outcome.measures.failures, cycle(_DASHES), strict=False):
        failed = [window.failures[reason] / seconds for _, seconds, window in points]
        axes.plot(times, failed, color=_BAD, linestyle=dashes, label=f"failed: {reason}")
    return _finished(figure, axes, bottom=0, columns=3)


def _server(outcome: Outcome) -> Figure:
    start, end = outcome.log.span
    samples = outcome.monitor.between(start, end)
    figure, axes = _figure("memory (RSS), MiB")
    times = [each.clock - start for each in samples]
    axes.plot(times, [each.rss / MIB for each in samples], color=_COLOURS["p95"], label="memory")
    processor = axes.twinx()
    processor.spines["right"].set_visible(True)
    processor.set_ylabel("cores busy")
    processor.plot(times[1:], _cores(outcome), color=_PLAIN, linewidth=0.8, label="cores")
    processor.set_ylim(bottom=0)
    processor.legend(loc="lower right", bbox_to_anchor=(1, 1), frameon=False)
    axes.ticklabel_format(useOffset=False)
    return _finished(figure, axes)


def _cores(outcome: Outcome) -> list[float]:
    samples = outcome.monitor.between(*outcome.log.span)
    return [
        (now.cpu_seconds - before.cpu_seconds) / (now.clock - before.clock)
        for before, now in pairwise(samples)
    ]


def _steps(outcome: Outcome) -> Figure:
    figure, axes = _figure("p95 latency, ms")
    axes.set_xlabel("arrivals a second")
    for kept, colour, label in ((True, _GOOD, "gates kept"), (False, _BAD, "a gate broken")):
        steps = [step for step in outcome.steps if step.kept is kept]
        values = [step.measures.latency_ms.get("p95", math.nan) for step in steps]
        axes.plot([step.rate for step in steps], values, "o", color=colour, label=label)
    if outcome.knee:
        axes.axvline(outcome.knee, color=_PLAIN, linestyle=":", label="knee")
    axes.set_yscale("log")
    axes.yaxis.set_major_formatter("{x:g}")
    return _finished(figure, axes)


def _points(outcome: Outcome) -> Iterator[tuple[float, float, Window]]:
    """Slots joined to at most :data:`_MOST_POINTS`: the middle of each, its length, its sum."""
    windows, seconds = outcome.log.measured, outcome.log.window_seconds
    joined = max(1, -(-len(windows) // _MOST_POINTS))
    for first in range(0, len(windows), joined):
        group = windows[first : first + joined]
        yield (first + len(group) / 2) * seconds, len(group) * seconds, total(group)


def _figure(unit: str) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(9, 3), layout="constrained")
    axes = figure.add_subplot()
    axes.spines[["top", "right"]].set_visible(False)
    axes.set_xlabel("seconds after warm-up")
    axes.set_ylabel(unit)
    axes.grid(alpha=0.3)
    return figure, axes


def _finished(figure: Figure, axes: Axes, bottom: float | None = None, columns: int = 6) -> Figure:
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1), frameon=False, ncols=columns)
    axes.set_ylim(bottom=bottom)
    return figure


def _url(figure: Figure) -> str:
    file = io.BytesIO()
    figure.savefig(file, format="svg")
    return "data:image/svg+xml;base64," + base64.b64encode(file.getvalue()).decode()
