"""How often the intervals hold the truth and the verdicts are wrong, by seeded simulation.

Every figure in docs/reference/calibration.md that speaks of coverage comes from here::

    python -m benchmarks.calibration.interval_coverage

Takes a few minutes on one core.
"""

from __future__ import annotations

import argparse
import math
from collections import Counter

import numpy as np
from scipy.stats import norm

from calibration.counting.histogram import Histogram
from calibration.statistics import tail
from calibration.statistics.dependence import Shares
from calibration.statistics.evidence import evidence_of
from calibration.statistics.intervals import Interval, interval
from calibration.statistics.sequential import log_martingale
from calibration.statistics.verdicts import Evidence, Rule, Verdict, decide, judge, overall
from verikit.contract import load_contract

RATES = load_contract().error_rates
CLAIMED = [rate for _, rate in RATES.rows]
PEOPLE = 1000
ALIKE = ((60, 12, 0.5, 4), (60, 12, 0.7, 4), (40, 8, 0.7, 3), (40, 10, 0.7, 2), (60, 20, 0.7, 3))
"""People, photos of each, correlation, and the row."""
LOOKS = np.unique(np.geomspace(10, 1e7, 200).astype(np.int64))


def main() -> None:
    """Run every simulation and print its figures."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--repetitions", type=int, default=400)
    repetitions = parser.parse_args().repetitions
    independent(repetitions)
    shared_people(repetitions)
    alike_photos(repetitions)
    sequences(repetitions)
    tails(repetitions // 2)
    for at_any_time in (False, True):
        verdicts(200, at_any_time=at_any_time)


def independent(repetitions: int) -> None:
    """Clopper-Pearson where comparisons are independent: exact, so never below 95 %."""
    print("\n95 % intervals, independent comparisons, rule of 30 for the sample size")
    rng = np.random.default_rng(1)
    for rate in CLAIMED:
        n = round(30 / rate)
        held = sum(
            holds(interval(int(k), n), rate) for k in rng.binomial(n, rate, repetitions * 10)
        )
        print(f"  rate {rate:.0e}, n {n:>11,}: {share(held, repetitions * 10)}")


def shared_people(repetitions: int) -> None:
    """All pairs of people, some of whom draw false matches far more often than others."""
    print(f"\n95 % intervals, all pairs of {PEOPLE} people whose propensity has cv = 0.7")
    print("  rate      as if independent   with the design effect   median design effect")
    rng = np.random.default_rng(2)
    kept: dict[float, list[tuple[bool, bool, float]]] = {rate: [] for rate in CLAIMED[1:5]}
    for _ in range(repetitions):
        for rate, result in zip(kept, one_population(rng, tuple(kept)), strict=True):
            kept[rate].append(result)
    for rate, results in kept.items():
        naive, careful, effects = zip(*results, strict=True)
        print(
            f"  {rate:.0e}   {share(sum(naive), repetitions):>17}   "
            f"{share(sum(careful), repetitions):>22}   {np.median(effects):>20.2f}"
        )


def one_population(
    rng: np.random.Generator, rates: tuple[float, ...]
) -> list[tuple[bool, bool, float]]:
    """For each rate: whether the naive and the careful interval hold it, and the design effect."""
    propensity = rng.gamma(2.0, 0.5, PEOPLE).astype(np.float32)
    chances = np.outer(propensity, propensity)
    draws = rng.random((PEOPLE, PEOPLE), dtype=np.float32)
    draws[np.tril_indices(PEOPLE)] = 2.0
    ratio = draws / chances
    events = np.array([(wrong := ratio < rate).sum(axis=0) + wrong.sum(axis=1) for rate in rates])
    shares = Shares(
        tried=np.full(PEOPLE, PEOPLE - 1), events=events.astype(np.int64), per_comparison=2
    )
    n = PEOPLE * (PEOPLE - 1) // 2
    return [
        (
            holds(interval(row.k, n), row.claimed),
            holds(row.interval(Rule()), row.claimed),
            row.design_effect,
        )
        for row in evidence_of(shares, rates)
    ]


def alike_photos(repetitions: int) -> None:
    """Wrong PASSes where the scores of one pair of people are correlated, at twice the claim."""
    print("\nPASS at twice the claimed rate (at most 5 %), all photos of few people")
    for people, photos, alike, row in ALIKE:
        rng = np.random.default_rng(6)
        wrong = sum(passes_doubled(rng, people, photos, alike, row) for _ in range(repetitions))
        print(
            f"  {people} people, {photos} photos each, correlation {alike}, "
            f"rate {CLAIMED[row]:.0e}: {share(wrong, repetitions)}"
        )


def passes_doubled(
    rng: np.random.Generator, people: int, photos: int, alike: float, row: int
) -> bool:
    """Whether a row passes whose true rate is twice the claim."""
    first, second = np.triu_indices(people, 1)
    scores = math.sqrt(1 - alike) * rng.standard_normal((first.size, photos**2), np.float32)
    scores += math.sqrt(alike) * rng.standard_normal((first.size, 1), np.float32)
    counts = [(scores >= norm.isf(min(0.4, 2 * rate))).sum(axis=1) for rate in CLAIMED]
    events = [np.bincount(first, k, people) + np.bincount(second, k, people) for k in counts]
    shares = Shares(
        tried=np.full(people, (people - 1) * photos**2),
        events=np.array(events, np.int64),
        per_comparison=2,
    )
    return decide(evidence_of(shares, tuple(CLAIMED)), Rule())[row] == Verdict.PASS


def sequences(repetitions: int) -> None:
    """The confidence sequence, looked at 200 times between 10 and 10 million comparisons."""
    print(
        f"\nConfidence sequences that ever rule out the truth in {LOOKS.size} looks (at most 5 %)"
    )
    rng = np.random.default_rng(3)
    for rate in CLAIMED:
        wrong = 0
        for _ in range(repetitions):
            k = np.cumsum(rng.binomial(np.diff(LOOKS, prepend=0), rate))
            wrong += any(
                log_martingale(int(a), int(n), rate, rate) >= math.log(20)
                for a, n in zip(k, LOOKS, strict=True)
            )
        print(f"  rate {rate:.0e}: {share(wrong, repetitions)}")


def tails(repetitions: int) -> None:
    """Intervals of the tail fit to 300,000 scores that follow the documented table."""
    print("\n95 % intervals of the tail fit, 300,000 scores")
    rng = np.random.default_rng(4)
    fits = []
    for _ in range(repetitions):
        histogram = Histogram(thresholds=RATES.thresholds)
        histogram.add(np.clip(0.3 - np.log10(rng.random(300_000)) / 10, 0, 1))
        fits.append(tail.fit(histogram))
    for threshold, rate in RATES.rows[3:]:
        found = [fit for fit in fits if fit]
        held = sum(holds(fit.interval_at(threshold), rate) for fit in found)
        logs = [math.log10(max(fit.rate_at(threshold), 1e-12) / rate) for fit in found]
        print(
            f"  rate {rate:.0e}: {share(held, len(found))}, "
            f"median log10 of fit / truth {np.median(logs):+.3f}"
        )


def verdicts(repetitions: int, *, at_any_time: bool) -> None:
    """Overall verdicts on streams of two million comparisons."""
    rule = Rule(at_any_time=at_any_time)
    print(f"\nVerdicts in {repetitions} streams, {'sequential' if at_any_time else 'at the end'}")
    for name, generosity in (("right", 0.0), ("0.05 too generous", 0.05), ("0.05 strict", -0.05)):
        rng = np.random.default_rng(5)
        found = Counter(
            str(overall([row.verdict for row in judge(stream(rng, generosity), rule)]))
            for _ in range(repetitions)
        )
        print(f"  {name}: " + ", ".join(f"{v} {c}" for v, c in sorted(found.items())))


def stream(rng: np.random.Generator, generosity: float, n: int = 2_000_000) -> list[Evidence]:
    """What a server whose score is off by ``generosity`` brings at each threshold."""
    rows, k, before = [], n, 1.0
    for threshold, claimed in RATES.rows:
        rate = min(1.0, RATES.rate_at(threshold - generosity))
        k, before = int(rng.binomial(k, rate / before)), rate
        rows.append(Evidence(claimed=claimed, k=k, n=n))
    return rows


def holds(bounds: Interval, rate: float) -> bool:
    """Whether an interval holds the truth."""
    return bounds.lower <= rate <= bounds.upper


def share(events: int, n: int) -> str:
    """A share in percent, with how many it is of."""
    return f"{100 * events / n:.1f} % of {n}"


if __name__ == "__main__":
    main()
