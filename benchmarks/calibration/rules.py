"""False verdicts and power of the rules beside the table's, by seeded simulation.

Thresholds (``verikit threshold``), differentials of groups and of clusters, impostors of the same
group, paired differences, poor photos and look-alikes asked first, on people who differ in how
often they are confused or missed::

    python -m benchmarks.calibration.rules
"""

from __future__ import annotations

import argparse
import itertools
import math
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np
from scipy.stats import norm

from calibration.claims import Claims
from calibration.counting.comparisons import Block, Measurement
from calibration.counting.groups import ChosenImpostors, ImpostorKind
from calibration.judging.by_group import chosen_impostors
from calibration.sources.clusters import clustered
from calibration.statistics.arrays import Counts, Floats
from calibration.statistics.dependence import Shares
from calibration.statistics.differentials import DifferentialEvidence, Ratio, differentials
from calibration.statistics.evidence import evidence_of
from calibration.statistics.intervals import ALPHA, Interval, Rate
from calibration.statistics.paired import difference
from calibration.statistics.rejection import WORST, worst_against_rest
from calibration.statistics.strata import stratified
from calibration.statistics.verdicts import Evidence, Rule, Verdict, decide
from calibration.thresholds import lowest_threshold

SCALE = Claims(title="", rows=((0.0, 0.5),), recommended_above=0.0, lowest=0.0, highest=1.0)
LIMIT = 2.0
"""How many times the lowest rate of a group the highest may be where that is required."""
SPREAD = 2.0
"""The shape of the gamma distribution of people: a coefficient of variation of 0.7."""


def main() -> None:
    """Run every simulation and print its figures."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--repetitions", type=int, default=200)
    repetitions = parser.parse_args().repetitions
    for limit in (1e-2, 1e-3):
        thresholds(repetitions, limit)
    for true in (1.0, 2.0, 4.0):
        groups(repetitions, true)
    for alike in (0.0, 0.35, 0.5):
        clusters(repetitions, alike)
    for people, alike in itertools.product((30, 100, 300), (0.0, 0.5, 1.0)):
        customers(10 * repetitions, people, alike)
    few = (5, 400), (10, 200), (20, 100)  # nothing is judged of these
    for number, references in (*few, (30, 100), (35, 100), (35, 600), (100, 600)):
        probes(3 * repetitions, number, references)
    for true in (1.0, 3.0):
        impostors(repetitions, true)
    for extra in (0.0, 0.01, 0.03):
        paired(repetitions, extra)
    for true in (1.0, 2.0, 4.0):
        quality(repetitions, true)
    for true, caught in itertools.product((1.0, 2.0), (0.9, 0.95, 0.99)):
        strata(repetitions, true, caught)


def propensities(rng: np.random.Generator, people: int) -> Floats:
    """How much more or less often than others each is confused or missed; 1 on average."""
    return rng.gamma(SPREAD, 1 / SPREAD, people)


def thresholds(repetitions: int, limit: float, people: int = 400) -> None:
    """All pairs of people; the true FMR at t is E[min(1, a b 10 ** -(10 t - 3))]."""
    rng = np.random.default_rng(1)
    first, second = np.triu_indices(people, 1)
    mated = np.arange(people)
    wrong = shown = 0
    above = []
    for _ in range(repetitions):
        each = propensities(rng, people)
        chance = rng.random(first.size) / (each[first] * each[second])
        scores = np.clip(0.3 - np.log10(chance) / 10, 0, 1)
        block = Block(
            first=np.append(first, mated),
            second=np.append(second, mated + people),
            mated=np.repeat([False, True], [first.size, people]),
            scores=np.append(scores, rng.uniform(0.5, 1, people)),
            codes=np.zeros(first.size + people, np.int64),
        )
        found = lowest_threshold(partial(count, block), SCALE, limit, Rule(tolerance=1.0))
        if found.threshold is not None:
            shown += 1
            true = 10 ** -(10 * found.threshold - 3)
            wrong += true > limit
            above.append(limit / true)
    print(
        f"threshold for FMR {limit:g}, {people} people: the true FMR is above it in "
        f"{share(wrong, repetitions)}; found in {share(shown, repetitions)}, where the true FMR is "
        f"the limit / {np.median(above) if above else float('nan'):.2f} in the median"
    )


def count(block: Block, claims: Claims) -> Measurement:
    """A block counted at the rows of claims; photo n + people is the second one of person n."""
    measurement = Measurement(claims.rates.thresholds, 4000)
    photos = int(block.second.max()) + 1
    people = photos // 2
    measurement.identities.add(map(str, range(photos)), (str(n % people) for n in range(photos)))
    measurement.add(block)
    return measurement


def groups(repetitions: int, true: float, people: int = 200) -> None:
    """Four groups, all pairs within; one has ``true`` times the FMR of the others, 1e-2."""
    rng = np.random.default_rng(2)
    rates = [0.01 * true, 0.01, 0.01, 0.01]
    truth = {Ratio.OF_LEAST: true, Ratio.OF_MEAN: true**0.75}
    held, differ = dict.fromkeys(truth, 0), dict.fromkeys(truth, 0)
    required: Counter[str] = Counter()
    for _ in range(repetitions):
        bounds = [within(rng, rate, people) for rate in rates]
        for one in differentials([bound(ALPHA / 4) for bound in bounds]):
            held[one.ratio] += one.interval.lower <= truth[one.ratio] <= one.interval.upper
            differ[one.ratio] += one.interval.lower > 1
        evidence = DifferentialEvidence(
            claimed=LIMIT,
            k=1,
            n=1,
            rates_at=lambda alpha: [at(alpha / 4) for at in bounds],  # noqa: B023 - called within this turn
        )
        required[str(decide([evidence], Rule(tolerance=1))[0])] += 1
    print(
        f"groups, one at {true:g} times the others, required: fmr-differential <= {LIMIT:g}: "
        + ", ".join(f"{name} {share(n, repetitions)}" for name, n in sorted(required.items()))
    )
    for ratio in truth:
        print(
            f"groups, one at {true:g} times the others, {ratio}: interval holds the truth in "
            f"{share(held[ratio], repetitions)}, groups are shown to differ in "
            f"{share(differ[ratio], repetitions)}"
        )


def within(rng: np.random.Generator, rate: float, people: int) -> Callable[[float], Rate]:
    """The measured FMR of a group at an alpha, as the report measures it."""
    each = propensities(rng, people)
    wrong = rng.random((people, people)) < rate * np.outer(each, each)
    return bound_of(wrong, rate)[0]


def bound_of(wrong: np.ndarray, rate: float) -> tuple[Callable[[float], Rate], Evidence]:
    """What all pairs of a group come to, (people, people) of which those above the diagonal count:
    its rate at an alpha, and the evidence on a claim of ``rate``."""
    people = len(wrong)
    wrong = np.triu(wrong, 1)
    events = (wrong.sum(axis=0) + wrong.sum(axis=1)).astype(np.int64)
    shares = Shares(tried=np.full(people, people - 1), events=events[None, :], per_comparison=2)
    (evidence,) = evidence_of(shares, (rate,))
    evidence = replace(evidence, shown_effect=math.inf)
    return (lambda alpha: evidence.measured(Rule(alpha=alpha))), evidence


def clusters(repetitions: int, alike: float, people: int = 800, wanted: int = 4) -> None:
    """Clusters by the templates of a system that sees the same looks as the one under test, with
    errors of its own; that one has an FMR of 1e-2.

    Looks are directions that are all as likely, so no kind of people is confused more often: but
    for a quarter of the people, who have the share ``alike`` of their look in common.
    """
    rng = np.random.default_rng(7)
    many, _ = seen(rng, 4000, alike)
    threshold = float(np.quantile((many @ many.T)[np.triu_indices(len(many), 1)], 0.99))
    fails: Counter[str] = Counter()
    factors, confused = [], []
    differ = cluster_fails = 0
    for _ in range(repetitions):
        ours, theirs = seen(rng, people, alike)
        label = clustered(theirs, wanted)
        wrong = ours @ ours.T >= threshold
        found = [bound_of(wrong[np.ix_(label == n, label == n)], 0.01) for n in np.unique(label)]
        bounds, evidence = [one for one, _ in found], [one for _, one in found]
        required = DifferentialEvidence(
            claimed=LIMIT,
            k=1,
            n=1,
            rates_at=lambda alpha: [at(alpha / len(bounds)) for at in bounds],  # noqa: B023 - called within this turn
        )
        fails[str(decide([required], Rule(tolerance=1))[0])] += 1
        rates = [bound(ALPHA / len(bounds)) for bound in bounds]
        differ += differentials(rates)[0].interval.lower > 1
        cluster_fails += "FAIL" in {str(one) for one in decide(evidence, Rule())}
        within = sum(one.k for one in evidence) / sum(one.n for one in evidence)
        factors.append(within / 0.01)
        confused.append(max(one.rate for one in rates) / min(one.rate for one in rates))
    told = ", ".join(f"{name} {share(n, repetitions)}" for name, n in sorted(fails.items()))
    print(
        f"{wanted} clusters of {people} people, a quarter with {alike:g} of their looks in common: "
        f"FMR within clusters {np.median(factors):.1f} times that of random pairs, highest / "
        f"lowest {np.median(confused):.2f} (medians); a cluster FAILs the claim in "
        f"{share(cluster_fails, repetitions)}; groups differ in {share(differ, repetitions)}; "
        f"fmr-differential <= {LIMIT:g}: {told}",
        flush=True,
    )


def seen(rng: np.random.Generator, people: int, alike: float) -> tuple[Floats, Floats]:
    """The templates of people in two systems, unit vectors (people, 32) each."""
    looks = rng.normal(size=(people, 32))
    looks[: people // 4, 0] += alike * np.sqrt(32)
    views = [looks + 0.5 * rng.normal(size=looks.shape) for _ in range(2)]
    ours, theirs = (view / np.linalg.norm(view, axis=1, keepdims=True) for view in views)
    return ours, theirs


def impostors(repetitions: int, true: float, people: int = 240) -> None:
    """Four groups, all pairs of people; pairs within a group match ``true`` times as often as
    pairs across groups, which do at 1e-2."""
    rng = np.random.default_rng(4)
    first, second = np.triu_indices(people, 1)
    same = first % 4 == second % 4
    share_within = float(same.mean())
    factor = true / (share_within * true + 1 - share_within)
    labels = [f"{a % 4}" if alike else "|".join(sorted((f"{a % 4}", f"{b % 4}")))
              for a, b, alike in zip(first, second, same, strict=True)]  # fmt: skip
    held = above = 0
    for _ in range(repetitions):
        each = propensities(rng, people)
        rate = np.where(same, 0.01 * true, 0.01) * each[first] * each[second]
        measurement = Measurement((0.5,), 4000)
        measurement.identities.add(map(str, range(people)), map(str, range(people)))
        measurement.impostors = ChosenImpostors(kind=ImpostorKind.SAME_GROUP, share=share_within)
        measurement.add(
            Block(
                first=first,
                second=second,
                mated=np.zeros(first.size, bool),
                scores=np.where(rng.random(first.size) < rate, 0.9, 0.1),
                codes=np.zeros(first.size, np.int64),
                groups=measurement.labels.numbers(labels),
            )
        )
        found = chosen_impostors(measurement, (0.01,), Rule())
        ends = found.rows[0].interval if found else Interval(0, 0)
        held += ends.lower <= factor <= ends.upper
        above += ends.lower > 1
    print(
        f"impostors of the same group, factor {factor:.2f}, {people} people: interval holds the "
        f"truth in {share(held, repetitions)}, lies above 1 in {share(above, repetitions)}"
    )


def paired(repetitions: int, extra: float, people: int = 500, photos: int = 4) -> None:
    """Mated pairs; both systems miss a person at 5 % on average, the new one at ``extra`` more."""
    rng = np.random.default_rng(3)
    worse = better = held = 0
    for _ in range(repetitions):
        each = np.minimum(0.05 * propensities(rng, people), 0.9)
        missed = [misses(rng, each, photos, more) for more in (extra, 0.0)]
        new, old = missed[0] & ~missed[1], missed[1] & ~missed[0]
        tried: Counts = np.full(people, photos)
        found = difference(tried, new.sum(axis=1), old.sum(axis=1), 1, Rule())
        worse += found.interval.lower > 0
        better += found.interval.upper < 0
        held += found.interval.lower <= extra <= found.interval.upper
    print(
        f"paired, the new one at {100 * extra:g} % more, {people} people x {photos}: worse in "
        f"{share(worse, repetitions)}, better in {share(better, repetitions)}, interval holds the "
        f"truth in {share(held, repetitions)}"
    )


def misses(rng: np.random.Generator, each: Floats, photos: int, more: float) -> np.ndarray:
    """Which photos of which person a system misses: half of all depends on the person alone."""
    whole = rng.random(each.size) < each / 2 + more / 2
    single = rng.random((each.size, photos)) < (each / 2 + more / 2)[:, None]
    chance = 1 - (1 - each / 2 - more / 2) ** 2  # of both together, a little less than their sum
    lost = rng.random((each.size, photos)) < ((each + more - chance) / (1 - chance))[:, None]
    missed: np.ndarray = whole[:, None] | single | lost
    return missed


def probes(repetitions: int, number: int, references: int, unlike: float = 0.3) -> None:
    """Probes that are all compared with references alone; the probe has a share of ``unlike`` in
    what decides a comparison. The rows 1e-1, 1e-2 and 1e-3 at their claim, and at twice it."""
    rng = np.random.default_rng(1)
    claimed = (1e-1, 1e-2, 1e-3)
    tried = np.r_[np.full(number, references), np.full(references, number)]
    passed, failed = np.zeros(len(claimed)), 0
    for _, times in itertools.product(range(repetitions), (1.0, 2.0)):
        score = math.sqrt(unlike) * rng.normal(size=(number, 1))
        score = score + math.sqrt(1 - unlike) * rng.normal(size=(number, references))
        matches = [score >= norm.isf(times * rate) for rate in claimed]
        events = np.array([np.r_[one.sum(axis=1), one.sum(axis=0)] for one in matches])
        found = decide(
            evidence_of(Shares(tried=tried, events=events, per_comparison=2), claimed), Rule()
        )
        if times == 1:
            failed += Verdict.FAIL in found
        else:
            passed += [verdict == Verdict.PASS for verdict in found]
    rows = ", ".join(share(int(n), repetitions) for n in passed)
    print(
        f"{number} probes against {references} references: right table failed in "
        f"{share(failed, repetitions)}; rows at twice their claim passed in {rows}"
    )


def customers(
    repetitions: int, people: int, alike: float, photos: int = 6, limit: float = 0.05
) -> None:
    """A required FNMR that is the true one: ``alike`` of the people have one outcome for all their
    comparisons, as many as the photos of a person (1 to ``photos``) have pairs."""
    rng = np.random.default_rng(7)
    verdicts: Counter[str] = Counter()
    held = 0
    for _ in range(repetitions):
        tried = rng.integers(1, photos + 1, people)
        tried = np.maximum(1, tried * (tried - 1) // 2)
        each = rng.beta(0.5, 0.5 / limit - 0.5, people)
        once = tried * (rng.random(people) < limit)
        events = np.where(rng.random(people) < alike, once, rng.binomial(tried, each))
        shares = Shares(tried=tried, events=events[None, :], per_comparison=1)
        (row,) = evidence_of(shares)
        verdicts[str(decide([replace(row, claimed=limit)], Rule(tolerance=1))[0])] += 1
        ends = row.interval(Rule())
        held += ends.lower <= limit <= ends.upper
    print(
        f"required: FNMR at most {limit:g}, which it is, {people} people, {alike:g} of them with "
        f"one outcome: wrong PASS {share(verdicts['PASS'], repetitions)}, wrong FAIL "
        f"{share(verdicts['FAIL'], repetitions)}, interval holds the truth in "
        f"{share(held, repetitions)}"
    )


def quality(repetitions: int, true: float, people: int = 500, photos: int = 4) -> None:
    """The worst tenth of mated comparisons is missed at ``true`` times the 5 % of all others."""
    rng = np.random.default_rng(6)
    held = above = 0
    for _ in range(repetitions):
        person = np.repeat(np.arange(people), photos)
        worth = rng.random(person.size)
        poor = worth < np.quantile(worth, WORST)
        each = 0.05 * propensities(rng, people)[person] * np.where(poor, true, 1)
        found = worst_against_rest(worth, rng.random(person.size) < each, person, Rule())
        ends = found[1].interval if found else Interval(0, 0)
        held += ends.lower <= true <= ends.upper
        above += ends.lower > 1
    print(
        f"quality, the worst tenth missed {true:g} times as often, {people} people x {photos}: "
        f"interval holds the truth in {share(held, repetitions)}, lies above 1 in "
        f"{share(above, repetitions)}"
    )


def strata(  # noqa: PLR0913, PLR0917 - what a run and its people are
    repetitions: int,
    true: float,
    caught: float,
    people: int = 20_000,
    near: int = 250_000,
    asked: int = 4_500_000,
    claimed: float = 1e-6,
) -> None:
    """The row 1e-6 of all pairs of people: look-alikes are all asked, and hold ``caught`` of the
    false matches; the rest is a random sample. Rows are judged by themselves.

    Only false matches are drawn: who takes part in how many comparisons is as on average.
    """
    rng = np.random.default_rng(5)
    pairs = people * (people - 1) // 2
    rows = (10 * claimed, claimed)
    kept = {True: 1.0, False: (asked - near) / (pairs - near)}
    verdicts: Counter[tuple[str, bool]] = Counter()
    for _ in range(repetitions):
        each = propensities(rng, people)
        chances = each / each.sum()
        events = {}
        for top, part in ((True, caught), (False, 1 - caught)):
            n = rng.poisson(true * rows[0] * pairs * part * kept[top])
            strict = rng.random(n) < claimed / rows[0]
            ends = rng.choice(people, (2, n), p=chances)
            events[top] = np.array([
                np.bincount(ends[:, which].ravel(), minlength=people)
                for which in (np.ones(n, bool), strict)
            ])  # fmt: skip
        tried = {True: 2 * near / people, False: 2 * (asked - near) / people}
        shares = [
            Shares(tried=np.full(people, tried[top]), events=events[top], per_comparison=2)
            for top in (True, False)
        ]
        above = replace(shares[0], pairs=near)
        row = stratified(rows, above, shares[1], near / pairs, repeats=1.0)[1]
        for at_any_time in (False, True):
            verdicts[str(decide([row], Rule(at_any_time=at_any_time))[0]), at_any_time] += 1
    told = ", ".join(
        f"{name}{' (valid at any time)' if at_any_time else ''} {share(n, repetitions)}"
        for (name, at_any_time), n in sorted(verdicts.items(), key=lambda one: one[0][::-1])
    )
    print(
        f"strata, {true:g} times 1e-6, {asked:,} comparisons of {people:,} people, all of "
        f"{near:,} look-alikes with {100 * caught:g} % of the false matches: {told}",
        flush=True,
    )


def share(events: int, n: int) -> str:
    """A share in percent, with how many it is of."""
    return f"{100 * events / n:.1f} % of {n}"


if __name__ == "__main__":
    main()
