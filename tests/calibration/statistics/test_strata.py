"""Exact tails of a rate over two strata: never too small, whatever the split."""

import numpy as np
import pytest
import scipy

from calibration.statistics.dependence import Shares, joint_effects
from calibration.statistics.split_tails import log_above
from calibration.statistics.strata import StratifiedEvidence, stratified
from calibration.statistics.verdicts import Evidence, Rule, Verdict, decide, judge
from tests.support.effects import design_effects


def row(  # noqa: PLR0917 - counts of two strata
    k_top, n_top, k_rest, n_rest, share, claimed=0.1, **more
) -> StratifiedEvidence:
    return StratifiedEvidence(
        claimed=claimed,
        k=k_top + k_rest,
        n=n_top + n_rest,
        share=share,
        top=Evidence(claimed=min(1, claimed / share), k=k_top, n=n_top),
        rest=Evidence(claimed=claimed, k=k_rest, n=n_rest),
        **more,
    )


def chance_at(split, one: StratifiedEvidence, limit: float, *, low: bool) -> float:
    """By enumeration: P(an estimate as low, or as high) at a split of the limit."""
    p_top, p_rest = split / one.share, (limit - split) / (1 - one.share)
    tops, rests = np.arange(one.top.n + 1), np.arange(one.rest.n + 1)
    estimates = (
        one.share * tops[:, None] / one.top.n + (1 - one.share) * rests[None, :] / one.rest.n
    )
    counted = estimates <= one.rate + 1e-12 if low else estimates >= one.rate - 1e-12
    pmf = scipy.stats.binom.pmf
    chances = pmf(tops, one.top.n, p_top)[:, None] * pmf(rests, one.rest.n, p_rest)
    return float(chances[counted].sum())


@pytest.mark.parametrize("low", [True, False])
@pytest.mark.parametrize(
    ("k_top", "k_rest", "share", "limit"),
    [(3, 1, 0.2, 0.2), (0, 0, 0.1, 0.1), (8, 2, 0.05, 0.03), (20, 5, 0.3, 0.2), (1, 9, 0.02, 0.2)],
)
def test_the_chance_is_the_largest_over_splits(k_top, k_rest, share, limit, low):
    """Not below what enumeration finds, and where it counts within a hundredth of it."""
    one = row(k_top, 30, k_rest, 40, share, claimed=limit)
    rule = Rule(tolerance=1, alpha=0.05)
    found = one.chance_of_so_few(rule) if low else one.chance_of_so_many(rule)
    part = 0.02 * rule.alpha
    ends = one._top_within(limit, part, at_any_time=False)
    lowest = max(ends.lower * share, limit - (1 - share))
    splits = np.linspace(lowest, min(ends.upper * share, limit, share), 400)
    largest = max(chance_at(split, one, limit, low=low) for split in splits)
    assert found >= min(1, largest + part) - 1e-9
    assert found <= min(1, 1.011 * largest + part + 1e-9)


def test_a_stratum_that_is_empty_shows_nothing():
    for one in (row(0, 0, 1, 1000, 0.1), row(1, 1000, 0, 0, 0.1)):
        assert one.chance_of_so_few(Rule()) == one.chance_of_so_many(Rule()) == 1
        judged = judge([one], Rule())[0]
        assert (judged.verdict, judged.interval.lower, judged.interval.upper) == (
            Verdict.INCONCLUSIVE, 0, 1
        )  # fmt: skip
        assert judged.still_needed == 0, "of the rest alone, nothing decides"


@pytest.mark.parametrize("at_any_time", [False, True])
@pytest.mark.parametrize(
    ("counts", "verdict"),
    [
        ((200, 1000, 20, 20_000), Verdict.PASS),
        ((900, 1000, 900, 20_000), Verdict.FAIL),
        ((10, 1000, 22, 1_000), Verdict.INCONCLUSIVE),
    ],
)
def test_verdicts_and_bounds_agree(counts, verdict, at_any_time):
    one = row(*counts, 0.01, claimed=0.02 if verdict != Verdict.INCONCLUSIVE else 0.015)
    rule = Rule(at_any_time=at_any_time)
    judged = judge([one], rule)[0]
    assert judged.verdict == verdict
    assert judged.interval.lower <= one.rate <= judged.interval.upper
    if verdict == Verdict.PASS:
        assert judged.interval.upper < 2 * one.claimed
    if verdict == Verdict.FAIL:
        assert judged.interval.lower > one.claimed


def test_what_is_still_needed_of_the_rest_decides():
    needed = row(10, 1000, 22, 1000, 0.01, claimed=0.015).still_needed(Rule())
    for part, decides in ((0, False), (1, True)):
        times = 1 + part * needed / 1000
        longer = row(10, 1000, round(22 * times), round(1000 * times), 0.01, claimed=0.015)
        assert (decide([longer], Rule()) != [Verdict.INCONCLUSIVE]) is decides


@pytest.mark.parametrize("at_any_time", [False, True])
@pytest.mark.parametrize("counts", [(20, 70, 60, 7000), (0, 40, 3, 3000), (30, 60, 0, 2000)])
def test_bounds_are_the_first_rates_ruled_out(counts, at_any_time):
    """To a thousandth of them; each has half of alpha."""
    one, rule = row(*counts, 0.05, claimed=0.01), Rule(at_any_time=at_any_time)
    found, each = one.interval(rule), rule.alpha / 2
    assert one.chance_low(found.upper, rule) <= each < one.chance_low(found.upper / 1.001, rule)
    assert one.chance_high(found.lower, rule) <= each < one.chance_high(found.lower * 1.001, rule)


def test_what_is_open_counts_where_it_weighs_most():
    """The rest was sampled thinly: ten open comparisons may undo a PASS."""
    one = row(50, 1000, 1, 3_000, 0.01, claimed=0.002)
    assert decide([one], Rule()) == [Verdict.PASS]
    doubtful = row(50, 1000, 1, 3_000, 0.01, claimed=0.002, open_still=15)
    assert doubtful.most_rate == pytest.approx(0.01 * 50 / 1000 + 0.99 * 16 / 3_000)
    judged = judge([doubtful], Rule())[0]
    assert (judged.verdict, judged.answers_missing) == (Verdict.INCONCLUSIVE, True)


def test_events_in_doubt_are_taken_from_the_top():
    one = row(50, 1000, 1, 3_000, 0.01)
    without = one.without(2)  # of 4,000 random ones; each of the top stands for 0.04
    assert without.top.k == 0
    assert row(500, 1000, 1, 3_000, 0.01).without(2).top.k == 450


@pytest.mark.parametrize(("at_any_time", "most"), [(False, 0.05), (True, 0.05)])
def test_a_rate_at_the_limit_passes_seldom(at_any_time, most):
    """And one that is right FAILs seldom; over splits that the rule does not know."""
    rng = np.random.default_rng(6)
    rule, passed, failed, reps = Rule(at_any_time=at_any_time), 0, 0, 120
    for caught in (0.1, 0.6, 0.95):
        for _ in range(reps // 3):
            for times in (1, 2):
                rate = times * 0.01
                top = rng.binomial(2_000, caught * rate / 0.02)
                rest = rng.binomial(4_000, (1 - caught) * rate / 0.98)
                verdict = decide([row(top, 2_000, rest, 4_000, 0.02, claimed=0.01)], rule)[0]
                passed += times == 2 and verdict == Verdict.PASS
                failed += times == 1 and verdict == Verdict.FAIL
    error = 3 * (most * (1 - most) / reps) ** 0.5
    assert passed / reps < most + error
    assert failed / reps < most + error


def test_people_who_draw_events_in_both_strata_are_known():
    """One person draws everything in both: together that is more variance than in either."""
    tried = np.full(50, 40)
    events = np.full((1, 50), 1)
    events[0, :2] = 20
    shares = Shares(tried=tried, events=events, per_comparison=2)
    joint = joint_effects(shares, shares, 0.5)[0]
    assert joint > 1.5 * design_effects(shares)[0]
    even = Shares(tried=tried, events=np.full((1, 50), 2), per_comparison=2)
    assert joint_effects(even, even, 0.5) == [1]
    found = stratified((0.05,), shares, shares, 0.5, 1.0)[0]
    assert (found.k, found.n) == (2 * events.sum() / 2, 2 * tried.sum() / 2)
    assert found.top.design_effect >= joint
    assert found.rest.design_effect >= joint


@pytest.mark.parametrize("rate", [0.5, 0.7])
def test_nothing_speaks_against_a_rate_that_cannot_double(rate):
    assert log_above(9, 10, rate, 0.01) == 0


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_both_strata_count_by_their_shares(share):
    uneven = np.full((1, 50), 1)
    uneven[0, :2] = 20
    one = Shares(tried=np.full(50, 40), events=uneven, per_comparison=2)
    other = Shares(tried=np.full(50, 40), events=np.full((1, 50), 2), per_comparison=2)
    joint = joint_effects(one, other, share)
    assert joint == pytest.approx(joint_effects(other, one, 1 - share))
    assert joint_effects(one, other, 1.0) == pytest.approx(design_effects(one))
    assert 1 <= joint[0] < design_effects(one)[0]


@pytest.mark.parametrize("at_any_time", [False, True])
@pytest.mark.parametrize(("k_top", "k_rest"), [(200, 50), (190, 30), (199, 1_000), (150, 120)])
def test_a_top_that_alone_brings_more_than_the_limit_never_passes(k_top, k_rest, at_any_time):
    one = row(k_top, 200, k_rest, 19_800, 0.01, claimed=0.003)
    rule = Rule(tolerance=2, alpha=0.05, at_any_time=at_any_time)
    assert one.rate > rule.limit(one.claimed)
    assert one.chance_of_so_few(rule) > 0.5
    assert judge([one], rule)[0].verdict == Verdict.FAIL


def test_people_are_a_sample_of_all_people_even_if_their_look_alikes_are_counted_whole():
    """A system at twice its claim whose look-alikes match one and all, whoever takes part."""
    people, passed, runs = 120, 0, 40
    first, second = np.triu_indices(people, 1)
    for seed in range(runs):
        rng = np.random.default_rng(seed)
        weight = np.exp(0.7 * rng.standard_normal(people) - 0.245)
        score = weight[first] * weight[second] / rng.random(first.size)
        top = score >= np.quantile(score, 0.98)
        matches = score >= 1 / 0.02  # the rate of all people is 0.02
        shares = [
            Shares(
                tried=counted(first, second, some, people),
                events=counted(first, second, some & matches, people)[None, :],
                per_comparison=2,
            )
            for some in (top, ~top)
        ]
        (one,) = stratified((0.01,), *shares, 0.02, 1.0)
        passed += decide([one], Rule()) == [Verdict.PASS]
    assert passed <= 0.15 * runs  # few people: a twentieth, and the error of 40 runs


def counted(first, second, chosen, people):
    return sum(np.bincount(side[chosen], minlength=people) for side in (first, second))
