import numpy as np
import pytest

from calibration.statistics.intervals import lower_bound, upper_bound
from calibration.statistics.verdicts import Evidence, Rule, Verdict, holm, judge, overall
from verikit.contract import load_contract

RATES = [rate for _, rate in load_contract().error_rates.rows]


def one(k: int, n: int, claimed: float, **rule: object) -> Verdict:
    return judge([Evidence(claimed=claimed, k=k, n=n)], Rule(**rule))[0].verdict


def stream(rng: np.random.Generator, factor: float, n: int = 2_000_000) -> list[Evidence]:
    """False matches of one stream of scores: each row's are among those of the row before."""
    rows, k, before = [], n, 1.0
    for claimed in RATES:
        k = int(rng.binomial(k, min(1.0, factor * claimed) / before))
        before = min(1.0, factor * claimed)
        rows.append(Evidence(claimed=claimed, k=k, n=n))
    return rows


@pytest.mark.parametrize(
    ("k", "n", "verdict"),
    [
        (0, 1_498, Verdict.PASS),
        (0, 1_496, Verdict.INCONCLUSIVE),
        (13, 13_000, Verdict.PASS),
        (8, 3_000, Verdict.FAIL),
        (3, 3_000, Verdict.INCONCLUSIVE),
        (0, 0, Verdict.INCONCLUSIVE),
    ],
)
def test_one_row(k, n, verdict):
    assert one(k, n, 1e-3) == verdict


@pytest.mark.parametrize("k", range(0, 60, 3))
def test_verdicts_are_those_of_the_bounds(k):
    n, claimed = 20_000, 1e-3
    passes, fails = upper_bound(k, n) <= 2 * claimed, lower_bound(k, n) > claimed
    expected = "PASS" if passes else "FAIL" if fails else "INCONCLUSIVE"
    assert one(k, n, claimed) == expected


def test_dependence_makes_verdicts_more_careful():
    row = Evidence(claimed=1e-3, k=13, n=13_000, design_effect=4.0)
    judged = judge([row], Rule())[0]
    assert judged.verdict == Verdict.INCONCLUSIVE
    assert judged.still_needed > 30_000


def test_comparisons_that_count_for_a_quarter_are_needed_four_times():
    alone = Evidence(claimed=1e-3, k=1, n=500)
    shared = Evidence(claimed=1e-3, k=4, n=2000, design_effect=4.0)
    for rule in (Rule(), Rule(tolerance=1)):
        assert shared.still_needed(rule) == pytest.approx(4 * alone.still_needed(rule), abs=4)


@pytest.mark.parametrize(("few", "left"), [(0, 2), (1, 1), (2, 0), (3, 0)])
def test_no_fewer_events_than_none_are_left(few, left):
    assert Evidence(claimed=1e-3, k=2, n=100).without(few).k == left


@pytest.mark.parametrize(("claimed", "limit"), [(0.1, 0.2), (0.5, 1.0), (0.7, 1.0)])
def test_no_limit_is_above_one(claimed, limit):
    assert Rule(tolerance=2).limit(claimed) == limit


def test_holm_holds_the_family():
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.5, 0.9]) == pytest.approx([1.0, 1.0])


def test_overall():
    assert overall([Verdict.PASS, Verdict.PASS]) == Verdict.PASS
    assert overall([Verdict.PASS, Verdict.INCONCLUSIVE]) == Verdict.INCONCLUSIVE
    assert overall([Verdict.FAIL, Verdict.INCONCLUSIVE]) == Verdict.FAIL
    assert overall([]) == Verdict.INCONCLUSIVE


@pytest.mark.parametrize("at_any_time", [False, True])
def test_a_score_that_is_too_generous_by_005_fails_and_a_right_one_seldom(at_any_time):
    rng = np.random.default_rng(11)
    rule = Rule(at_any_time=at_any_time)

    def failed(factor: float) -> int:
        verdicts = [
            overall([row.verdict for row in judge(stream(rng, factor), rule)]) for _ in range(200)
        ]
        return verdicts.count(Verdict.FAIL)

    assert failed(10**0.5) == 200
    assert failed(1.0) <= 10


def test_what_is_still_needed_decides_a_right_server():
    row = Evidence(claimed=1e-3, k=3, n=3_000)
    needed = judge([row], Rule())[0].still_needed
    assert row.n + needed == 12_746
    assert one(round((row.n + needed) * 1e-3), row.n + needed, 1e-3) == Verdict.PASS
