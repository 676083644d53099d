"""Draws the pictures of the documentation: python docs/pictures.py

Every number on them comes from the project's own functions, from openapi.yaml, from
evidence/score-map.json (benchmarks/calibration/score_map.py), evidence/occlusion.csv and
evidence/pipeline.json (benchmarks/faces/), or from a simulation with a seed that the page names.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy.optimize import brentq

from calibration.report.canvas import drawn, log_rate
from calibration.statistics import sequential
from calibration.statistics.arrays import Floats
from calibration.statistics.dependence import Shares, effects
from calibration.statistics.intervals import (
    ALPHA,
    Rate,
    chance_of_at_least,
    chance_of_at_most,
    measured,
    upper_bound,
)
from calibration.statistics.planning import without_errors
from verikit.contract import load_contract

HERE = Path(__file__).parent
ROWS = load_contract().error_rates.rows
SPLITS = HERE / "evidence" / "score-map.json"
CLAIM = 1e-3
SEED = 7
BLUE, RED, GREY = "#1f5fa8", "#b3261e", "#5f6b76"
STAGE_COLOURS = ("#c7d3e3", "#7fb3e0", "#9fd3c7", "#f3cf7a", "#e9a08f", "#b9a4d6", "#d7dadd")
ROOM_FOR_TEXT = 0.04
"""Of the longest bar."""


def thresholds(figure: Figure) -> None:
    """Medians over several ways to part the people in those fitted to and those compared."""
    rows = json.loads(SPLITS.read_text(encoding="utf-8"))["thresholds"]
    at = [row["threshold"] for row in rows]
    fmr, fnmr = ([row[name][1] for row in rows] for name in ("fmr", "fnmr"))
    axes = figure.subplots()
    axes.plot(*zip(*ROWS, strict=True), color=GREY, label="FMR, as documented")
    axes.plot(at, fmr, "o", color=BLUE, label="FMR")
    axes.plot(at, fnmr, "s--", color=RED, label="FNMR")
    log_rate(axes.yaxis, axes)
    axes.set(xlabel="threshold", ylabel="error rate")
    axes.legend()


def zero_errors(figure: Figure) -> None:
    """The upper bound after n comparisons without an error, and where each row is reached."""
    axes = figure.subplots()
    n = np.geomspace(10, 1e7, 200)
    axes.plot(n, [upper_bound(0, each) for each in n], color=BLUE, label="95 % upper bound")
    axes.plot(n, 3 / n, ":", color=RED, label="3 / n")
    for threshold, rate in ROWS:
        least = without_errors(rate)
        text = f"row {threshold:g}: {least:,}"
        axes.plot(least, rate, "o", color=BLUE)
        axes.annotate(text, (least, rate), (-6, -12), textcoords="offset points", ha="right")
    log_rate(axes.xaxis, axes)
    log_rate(axes.yaxis, axes)
    axes.set(xlabel="comparisons, none of them wrong", ylabel="error rate that is still possible")
    axes.set_xlim(1, 1e7)
    axes.legend()


def intervals(figure: Figure) -> None:
    """The interval of a server that errs as often as it claims, over the comparisons."""
    axes = figure.subplots()
    n = np.geomspace(1e3, 1e6, 13).round(-3)
    _bars(axes, n, [measured(each * CLAIM, int(each)) for each in n], BLUE)
    axes.axhline(CLAIM, color=GREY, label="claim: 1 in 1,000")
    axes.axhline(2 * CLAIM, color=RED, linestyle=":", label="twice the claim")
    axes.set_xscale("log")
    axes.set(xlabel="comparisons", ylabel="false match rate", ylim=(0, 0.006))
    axes.legend()


def verdicts(figure: Figure) -> None:
    """Which verdict a row gets, by the number of comparisons and the rate measured in them."""
    axes = figure.subplots()
    n = np.geomspace(1e3, 1e5, 120)
    passed = np.array([_most_that_pass(each) for each in n]) / (n * CLAIM)
    failed = np.array([_least_that_fail(each) for each in n]) / (n * CLAIM)
    axes.fill_between(n, 0, passed, color="#cfe8d0")
    axes.fill_between(n, passed, failed, color="#eceff1")
    axes.fill_between(n, failed, 4, color="#f6cfcb")
    for text, x, y in (("PASS", 2e4, 0.6), ("INCONCLUSIVE", 1.6e3, 1), ("FAIL", 2e4, 2.6)):
        axes.text(x, y, text, weight="bold")
    axes.axhline(1, color=GREY, linewidth=0.8)
    axes.set_xscale("log")
    axes.set(xlabel="comparisons", ylabel="measured rate / claim", xlim=(1e3, 1e5), ylim=(0, 4))


def _most_that_pass(n: float) -> float:
    def doubt(k: float) -> float:
        return chance_of_at_most(k, n, 2 * CLAIM) - ALPHA

    return float(brentq(doubt, 0, n)) if doubt(0) < 0 else 0.0


def _least_that_fail(n: float) -> float:
    return float(brentq(lambda k: chance_of_at_least(k, n, CLAIM) - ALPHA, 0.01, n))


def shared_people(figure: Figure) -> None:
    """All pairs of simulated people, of whom some draw more false matches than others."""
    draw = np.random.default_rng(SEED)
    crowds = [_all_pairs(people, draw) for people in (100, 300, 1000, 3000)]
    counts = [(int(each.events.sum()) // 2, int(each.comparisons)) for each in crowds]
    designs = [effects(each)[0].design for each in crowds]
    axes = figure.subplots()
    places = np.arange(len(crowds))
    alone = [measured(*count) for count in counts]
    together = [measured(*count, effect) for count, effect in zip(counts, designs, strict=True)]
    _bars(axes, places - 0.12, alone, GREY, "as if independent")
    _bars(axes, places + 0.12, together, BLUE, "with the design effect")
    axes.axhline(0.01, color=RED, linestyle=":", label="true rate")
    axes.set_xticks(
        places,
        [
            f"{crowd.people:,} people\n{n:,} pairs\neffect {effect:.1f}"
            for crowd, (_, n), effect in zip(crowds, counts, designs, strict=True)
        ],
    )
    axes.set(ylabel="false match rate", ylim=(0, None))
    axes.legend()


def _all_pairs(people: int, draw: np.random.Generator) -> Shares:
    """Pairs match at 1 in 100; people's propensities have a coefficient of variation of 0.7."""
    propensity = draw.gamma(1 / 0.49, 0.49, people)
    chance = 0.01 * np.outer(propensity, propensity)
    upper = np.triu(draw.random((people, people)) < chance, 1)
    events = (upper | upper.T).sum(axis=1)
    tried = np.full(people, people - 1)
    return Shares(tried=tried, events=events[None, :], per_comparison=2)


def peeking(figure: Figure) -> None:
    """How many right servers are FAILed by whoever judges again and again and stops at will."""
    looks = np.unique(np.geomspace(1e3, 1e6, 60).round(-1))
    draw = np.random.default_rng(SEED)
    steps = draw.binomial(np.diff(looks, prepend=0).astype(int), CLAIM, (2000, looks.size))
    counts = np.cumsum(steps, axis=1)
    axes = figure.subplots()
    rules = (
        ("an ordinary test at each look", chance_of_at_least, RED),
        ("the confidence sequence", _chance_at_any_time, BLUE),
    )
    for label, chance, colour in rules:
        failed = [_failed(chance, k, n) for k, n in zip(counts.T, looks, strict=True)]
        ever = np.maximum.accumulate(np.transpose(failed), axis=1).mean(axis=0)
        axes.plot(looks, ever, color=colour, label=label)
    axes.axhline(ALPHA, color=GREY, linestyle=":", label="5 %")
    axes.set_xscale("log")
    axes.set(xlabel="comparisons so far", ylabel="right servers FAILed so far", ylim=(0, None))
    axes.legend()


def _chance_at_any_time(k: float, n: float, rate: float) -> float:
    return sequential.chance_above(k, n, rate, rate)


def _failed(chance: Callable[[float, float, float], float], counts: Floats, n: float) -> Floats:
    kinds, places = np.unique(counts, return_inverse=True)
    return np.array([chance(k, n, CLAIM) <= ALPHA for k in kinds])[places]


def _bars(axes: Axes, x: Floats, rates: list[Rate], colour: str, label: str | None = None) -> None:
    values = np.array([rate.rate for rate in rates])
    below = values - [rate.interval.lower for rate in rates]
    above = [rate.interval.upper for rate in rates] - values
    axes.errorbar(x, values, [below, above], fmt="o", color=colour, capsize=4, label=label)


def covered_kinds(figure: Figure) -> None:
    """The share of photos of each kind that are answered 4004: people above portraits."""
    with (HERE / "evidence" / "occlusion.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["kind"] != "all"]
    kinds = list(dict.fromkeys(f"{row['group']}: {row['kind']}" for row in rows))
    figure.set_size_inches(8, 9)
    axes = figure.subplots()
    for who, colour, shift in (("people", BLUE, -0.17), ("portraits", RED, 0.17)):
        own = [row for row in rows if row["photos_of"] == who]
        places = [kinds.index(f"{row['group']}: {row['kind']}") + shift for row in own]
        share, low, high = (
            np.array([float(row[name]) for row in own])
            for name in ("covered_percent", "lower", "upper")
        )
        bars = [share - low, high - share]
        axes.errorbar(share, places, xerr=bars, fmt="o", ms=3, color=colour, label=who)
    axes.set_yticks(range(len(kinds)), kinds, fontsize=7)
    axes.invert_yaxis()
    axes.set(xlabel="answered 4004, %", xlim=(-1, 101))
    axes.legend(loc="center")


def pipeline(figure: Figure) -> None:
    """The CPU time of a comparison by stage; HTTP is what a worker takes beside the pipeline."""
    measured_at = json.loads((HERE / "evidence" / "pipeline.json").read_text(encoding="utf-8"))
    rows = measured_at["pipeline"]
    figure.set_size_inches(8, 2.6)
    axes = figure.subplots()
    longest = max(sum(row["stage_ms"].values()) for row in rows)
    for place, row in enumerate(rows):
        start = 0.0
        for (stage, ms), colour in zip(row["stage_ms"].items(), STAGE_COLOURS, strict=True):
            axes.barh(place, ms, left=start, color=colour, label="" if place else stage)
            if ms > ROOM_FOR_TEXT * longest:
                axes.text(start + ms / 2, place, f"{ms:.1f}", ha="center", va="center", fontsize=8)
            start += ms
    axes.set_yticks(range(len(rows)), [f"{row['pixels']} px" for row in rows])
    axes.invert_yaxis()
    axes.set(xlabel=f"CPU ms of one comparison ({measured_at['processor']})")
    axes.legend(ncols=len(STAGE_COLOURS), loc="lower center", bbox_to_anchor=(0.5, 1), fontsize=8)


PICTURES = (
    *(thresholds, zero_errors, intervals, verdicts, shared_people, peeking, covered_kinds),
    pipeline,
)


if __name__ == "__main__":
    for picture in PICTURES:
        name = picture.__name__.replace("_", "-")
        (HERE / "static" / f"{name}.svg").write_text(
            drawn(picture, width=7.4, height=4.0), encoding="utf-8"
        )
