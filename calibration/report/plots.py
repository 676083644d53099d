"""The plots of the report."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter

from calibration.counting.histogram import Histogram
from calibration.evaluation import Evaluation
from calibration.judging.findings import Findings, Row
from calibration.report import numbers, words
from calibration.report.canvas import (
    BLUE,
    GREEN,
    GREY,
    RED,
    VIOLET,
    corners,
    drawn,
    entitle,
    log_rate,
)
from calibration.statistics.det import det, reached
from calibration.statistics.verdicts import Evidence, Rule, Verdict

ORANGE = "#d55e00"
_ACROSS = 3
"""Small plots in a row."""
COLOURS = {Verdict.PASS: GREEN, Verdict.FAIL: RED, Verdict.INCONCLUSIVE: VIOLET}


def claimed_against_measured(findings: Findings, evaluation: Evaluation) -> str:
    """FMR over the threshold: the claim, its tolerance, and what was measured."""

    def draw(figure: Figure) -> None:
        axes: Axes = figure.add_subplot()
        rows = findings.rows
        at = [row.measured_at for row in rows]
        claimed = np.array([row.claimed for row in rows])
        axes.fill_between(
            at, claimed, claimed * findings.rule.tolerance, color=GREY, alpha=0.18, linewidth=0,
            label=f"tolerated: up to {findings.rule.tolerance:g} times the claim",
        )  # fmt: skip
        axes.plot(at, claimed, color=GREY, linewidth=1.4, label="claimed")
        axes.axvline(
            at[findings.operating], color=GREY, linewidth=6, alpha=0.15, label="recommended"
        )
        if not words.look_alikes(findings):  # else no histogram tells a rate
            _measured_curve(axes, evaluation.measurement.non_mated.histogram, at)
        for row in rows:
            _measured_bar(axes, row)
        log_rate(axes.yaxis, axes)
        axes.set_xlabel(f"threshold ({_axis(evaluation)})")
        axes.set_ylabel("false match rate")
        axes.set_xticks(at, [_number(t) for t in at])
        floor = min(row.claimed for row in rows) / 6
        axes.set_ylim(bottom=floor, top=1.0)
        axes.legend(loc="lower left")

    return drawn(draw)


def detection_error_tradeoff(findings: Findings, evaluation: Evaluation) -> str:
    """FNMR against FMR, the documented thresholds marked."""
    non_mated, mated = (counts.histogram for counts in evaluation.measurement.kinds)

    def draw(figure: Figure) -> None:
        axes: Axes = figure.add_subplot()
        curve = det(non_mated, mated)
        seen = np.flatnonzero((curve.fmr > 0) & (curve.fnmr > 0))  # no logarithm of no error
        fmr, fnmr = curve.fmr[seen], curve.fnmr[seen]
        shown = np.union1d(corners(fmr, fnmr), corners(fnmr, fmr))
        axes.plot(fmr[shown], fnmr[shown], color=BLUE)
        axes.set(xlim=(fmr.min() / 3, 1.5), ylim=(fnmr.min() / 3, 1.5))
        for row in findings.rows:
            if row.k and row.fnmr.rate:
                _det_point(axes, row)
        log_rate(axes.xaxis, axes)
        log_rate(axes.yaxis, axes)
        axes.set_xlabel("false match rate: strangers accepted")
        axes.set_ylabel("false non-match rate: customers not matched")

    return drawn(draw)


def _det_point(axes: Axes, row: Row) -> None:
    """A threshold of the table with the intervals of both rates, and what they say."""
    across, up = row.interval, row.fnmr.interval
    low = max(across.lower, row.fmr / 100), max(up.lower, row.fnmr.rate / 100)
    (point,) = axes.plot(row.fmr, row.fnmr.rate, "o", color=BLUE, markersize=4)
    lines = axes.plot((low[0], across.upper), (row.fnmr.rate,) * 2, color=BLUE, alpha=0.5)
    lines += axes.plot((row.fmr,) * 2, (low[1], up.upper), color=BLUE, alpha=0.5)
    text = (
        f"{row.threshold:g}: FMR {numbers.one_in_between(row.fmr, across)}, "
        f"FNMR {numbers.percent_between(row.fnmr)}"
    )
    entitle(text, point, *lines)
    axes.annotate(
        f"{row.threshold:g}", (row.fmr, row.fnmr.rate), textcoords="offset points", xytext=(5, 5),
        fontsize=8.5,
    )  # fmt: skip


def score_histograms(findings: Findings, evaluation: Evaluation) -> str:
    """The distributions of mated and non-mated scores, and the thresholds."""

    def draw(figure: Figure) -> None:
        axes: Axes = figure.add_subplot()
        for counts, colour in zip(evaluation.measurement.kinds, (ORANGE, BLUE), strict=True):
            if counts.histogram.n:
                name = "mated" if counts.mated else "non-mated"
                _histogram(axes, counts.histogram, colour, f"{name}, {counts.histogram.n:,}")
        for row in findings.rows:
            axes.axvline(row.measured_at, color=GREY, linewidth=0.8, linestyle=":")
        axes.set_yscale("log")
        axes.yaxis.set_minor_formatter(NullFormatter())
        axes.set_xlabel(_axis(evaluation))
        axes.set_ylabel("share of comparisons in a bin")
        axes.legend(loc="upper center", bbox_to_anchor=(0.5, 1.14), ncols=2)

    return drawn(draw)


def sequential_trace(findings: Findings, evaluation: Evaluation) -> str:
    """The confidence sequence of each rate over the run, in multiples of the claim."""
    moments = evaluation.measurement.non_mated.trace.moments

    def draw(figure: Figure) -> None:
        grid = figure.subplots(3, 2, sharex=True, sharey=True)
        for place, (axes, row) in enumerate(zip(grid.flat, findings.rows, strict=False)):
            _trace(axes, [(n, int(k[place])) for n, k in moments], row, findings.rule)
        figure.supxlabel("non-mated comparisons", fontsize="medium")
        figure.supylabel("false match rate / claimed rate", fontsize="medium")

    return drawn(draw, height=5.2)


def tail_fit(findings: Findings, evaluation: Evaluation) -> str:
    """The highest scores and the fitted tail, marked as not counted."""
    fitted = findings.tail
    assert fitted is not None  # noqa: S101 - drawn only where there is one
    histogram = evaluation.measurement.non_mated.histogram

    def draw(figure: Figure) -> None:
        axes: Axes = figure.add_subplot()
        survivors, edges = reached(histogram), histogram.edges
        counted = (edges >= fitted.start) & (survivors > 0)
        shown = np.flatnonzero(counted)[corners(edges[counted], survivors[counted])]
        axes.plot(
            edges[shown], survivors[shown], color=BLUE, drawstyle="steps-pre", label="counted"
        )
        last = max(row.measured_at for row in findings.rows)
        at = np.linspace(fitted.start, last, 120)
        bounds = [fitted.interval_at(t) for t in at]
        axes.plot(at, [fitted.rate_at(t) for t in at], color=RED, linestyle="--", label="fitted")
        axes.fill_between(
            at, [b.lower for b in bounds], [b.upper for b in bounds],
            color=RED, alpha=0.12, linewidth=0, label="95 % of the fit",
        )  # fmt: skip
        rows = [row for row in findings.rows if row.measured_at >= fitted.start]
        axes.plot(
            [r.measured_at for r in rows], [r.claimed for r in rows], "D", color=GREY,
            markersize=5, label="claimed",
        )  # fmt: skip
        log_rate(axes.yaxis, axes)
        axes.set_ylim(bottom=min(row.claimed for row in findings.rows) / 30, top=3e-3)
        axes.set_xlabel(_axis(evaluation))
        axes.set_ylabel("false match rate")
        axes.legend(loc="lower left")

    return drawn(draw, height=3.4)


def groups(findings: Findings, place: int) -> str:
    """FMR by group at one row, within and across groups, with intervals."""
    rows = [row for row in findings.groups if row.n]
    rows = sorted(rows, key=lambda row: row.fmr[place].rate)

    def draw(figure: Figure) -> None:
        axes: Axes = figure.add_subplot()
        claimed = findings.rows[place].claimed
        axes.axvline(claimed, color=GREY, linewidth=1.2)
        floor = claimed / 30
        for height, row in enumerate(rows):
            rate, colour = row.fmr[place], GREY if row.across else BLUE
            bounds = max(rate.interval.lower, floor), rate.interval.upper
            marks = axes.plot(bounds, (height, height), color=colour, linewidth=1.6)
            marks += axes.plot(bounds[1], height, "|", color=colour, markersize=7)
            if rate.rate:  # none seen is no point on an axis of logarithms
                marks += axes.plot(rate.rate, height, "o", color=colour, markersize=4.5)
            entitle(f"{row.label}: {numbers.one_in_between(rate.rate, rate.interval)}", *marks)
        axes.set_yticks(range(len(rows)), [row.label for row in rows])
        log_rate(axes.xaxis, axes)
        axes.set_xlabel(
            f"false match rate at {findings.rows[place].threshold:g}; claimed: the vertical line"
        )

    return drawn(draw, height=1.0 + 0.27 * len(rows))


def degraded(findings: Findings) -> str:
    """Refused comparisons, FNMR and FMR by strength, one small plot for each kind."""
    rows = findings.degraded
    kinds = list(dict.fromkeys(row.kind for row in rows))
    operating = findings.rows[findings.operating]
    refused = findings.refused_mated + findings.refused_non_mated
    asked = refused + findings.mated + findings.non_mated
    start = (refused / max(asked, 1), operating.fnmr.rate, operating.fmr)
    lines = (("refused", GREY, "s"), ("FNMR", ORANGE, "o"), ("FMR", BLUE, "^"))

    def draw(figure: Figure) -> None:
        axes_of = figure.subplots(-(-len(kinds) // _ACROSS), _ACROSS, sharey=True, squeeze=False)
        for axes, kind in zip(axes_of.flat, kinds, strict=False):
            ours = [row for row in rows if row.kind == kind]
            shares = [start] + [
                (row.refused / max(row.asked, 1), row.fnmr.rate, row.fmr if row.n else math.nan)
                for row in ours
            ]
            for (name, colour, mark), rates in zip(lines, zip(*shares, strict=True), strict=True):
                drawn_line = axes.plot(
                    range(len(rates)), [100 * rate for rate in rates], color=colour, marker=mark,
                    markersize=4, linewidth=1.3, label=name,
                )  # fmt: skip
                entitle(f"{kind}, {name}", *drawn_line)
            axes.set_title(kind)
            axes.set_xticks(range(4))
            axes.set_yscale("symlog", linthresh=0.01, linscale=0.5)
            axes.set_yticks([0, 0.01, 0.1, 1, 10, 100], ["0", "0.01", "0.1", "1", "10", "100"])
            axes.set_ylim(-0.003, 180)
        for axes in axes_of.flat[len(kinds) :]:
            axes.set_axis_off()
        axes_of[0][0].legend(loc="upper left")
        figure.supxlabel("strength of the degradation; 0: none", fontsize="medium")
        figure.supylabel("% of comparisons", fontsize="medium")

    return drawn(draw, height=1.1 + 1.6 * -(-len(kinds) // _ACROSS))


def error_against_reject(findings: Findings) -> str:
    """FNMR of what is kept over the share that is rejected, with intervals."""
    assert findings.quality is not None  # noqa: S101 - drawn only where there is one
    row = findings.quality.rows[findings.operating]

    def draw(figure: Figure) -> None:
        axes: Axes = figure.add_subplot()
        at = [100 * one.rejected for one in row.points]
        rates = [100 * one.rate.rate for one in row.points]
        axes.plot(at, rates, color=BLUE, linewidth=1.2)
        for one, across, up in zip(row.points, at, rates, strict=True):
            ends = [100 * one.rate.interval.lower, 100 * one.rate.interval.upper]
            marks = axes.plot((across, across), ends, color=BLUE, alpha=0.5)
            marks += axes.plot(across, up, "o", color=BLUE, markersize=4)
            told = f"quality from {one.lowest:g}: FNMR {numbers.percent_between(one.rate)}"
            entitle(f"{across:.2g} % rejected, {told}", *marks)
        axes.set_ylim(bottom=0)
        axes.set_xlabel("% of comparisons of one person that are rejected for quality")
        axes.set_ylabel("% of the others not matched (FNMR)")

    return drawn(draw, height=3.2)


def _measured_curve(axes: Axes, histogram: Histogram, at: list[float]) -> None:
    rates, edges = reached(histogram), histogram.edges
    inside = (edges >= at[0] - 0.02 * (at[-1] - at[0])) & (edges <= at[-1]) & (rates > 0)
    shown = np.flatnonzero(inside)[corners(edges[inside], rates[inside])]
    axes.plot(
        edges[shown], rates[shown], color=BLUE, linewidth=0.9, alpha=0.7,
        label="measured at every threshold",
    )  # fmt: skip


def _measured_bar(axes: Axes, row: Row) -> None:
    if not row.n:
        return
    colour = _colour(row)
    if row.k == 0:
        axes.annotate(
            "", (row.measured_at, row.interval.upper / 4), (row.measured_at, row.interval.upper),
            arrowprops={"arrowstyle": "->", "color": colour, "linewidth": 1.6},
        )  # fmt: skip
        marks = axes.plot(row.measured_at, row.interval.upper, "_", color=colour, markersize=11)
        entitle(_told(row), *marks)
    else:
        bar = [[row.fmr - row.interval.lower], [row.interval.upper - row.fmr]]
        bars = axes.errorbar(
            row.measured_at, row.fmr, yerr=np.maximum(bar, 0), fmt="o", color=colour,
            markersize=5, capsize=4, linewidth=1.6,
        )  # fmt: skip
        entitle(_told(row), *bars.get_children())
    axes.annotate(
        _word(row), (row.measured_at, min(row.interval.upper, 0.7)),
        textcoords="offset points", xytext=(0, 6), ha="center", fontsize=7.5, color=colour,
    )  # fmt: skip


def _told(row: Row) -> str:
    return (
        f"{row.threshold:g}: {numbers.one_in_between(row.fmr, row.interval)}, claimed "
        f"{numbers.one_in(row.claimed)}: {_word(row)}"
    )


def _trace(axes: Axes, moments: list[tuple[int, int]], row: Row, rule: Rule) -> None:
    n = np.array([n for n, _ in moments])
    at_any_time = replace(rule, at_any_time=True)
    bounds = [
        Evidence(claimed=row.claimed, k=k, n=n, design_effect=row.design_effect).interval(
            at_any_time
        )
        for n, k in moments
    ]
    low, high = 0.02, 50
    axes.fill_between(
        n,
        np.clip([b.lower / row.claimed for b in bounds], low, high),
        np.clip([b.upper / row.claimed for b in bounds], low, high),
        color=_colour(row), alpha=0.2, linewidth=0,
    )  # fmt: skip
    rates = np.array([k / n / row.claimed for n, k in moments])
    axes.plot(n[rates > 0], np.clip(rates[rates > 0], low, high), color=_colour(row))
    axes.axhline(1, color=GREY, linewidth=1)
    axes.axhline(rule.tolerance, color=GREY, linewidth=1, linestyle="--")
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_ylim(low, high)
    axes.yaxis.set_minor_formatter(NullFormatter())
    axes.set_title(f"{row.threshold:g}: {_word(row)}", color=_colour(row))


def _histogram(axes: Axes, histogram: Histogram, colour: str, label: str) -> None:
    """A hundred bars over the scores that occur."""
    used = np.flatnonzero(histogram.bins)
    first, last = (0, histogram.bins.size) if histogram.low == 0 else (used[0], used[-1] + 1)
    width = max(1, (last - first) // 100)
    starts = np.arange(first, last, width)
    heights = np.add.reduceat(histogram.bins[first:last], starts - first) / histogram.n
    edges = histogram.edges[np.append(starts, last)]
    axes.stairs(heights, edges, fill=True, color=colour, alpha=0.35)
    axes.stairs(heights, edges, color=colour, label=label, linewidth=1)


def _word(row: Row) -> str:
    return row.verdict.lower() if row.judged else "not judged"


def _axis(evaluation: Evaluation) -> str:
    """Distances are counted negated, so that what is closer lies to the right."""
    return "minus the distance" if evaluation.claims.lower_is_closer else evaluation.axis


def _colour(row: Row) -> str:
    return COLOURS[row.verdict] if row.judged else GREY


def _number(value: float) -> str:
    return f"{value:.3g}"
