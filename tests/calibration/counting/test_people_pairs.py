"""Every two people count once, however many photos they have."""

import itertools

import numpy as np
import pytest

from calibration.counting.checks import PairCounter
from calibration.counting.people_pairs import EveryPair, mean_rates, smaller_side

THRESHOLDS = (0.2, 0.5, 0.9)


@pytest.fixture
def compared():
    """All pairs of photos of five people, one of whom has most of them."""
    rng = np.random.default_rng(4)
    person = np.repeat(np.arange(5), [9, 3, 2, 2, 1])
    first, second = np.triu_indices(person.size, 1)
    apart = person[first] != person[second]
    first, second = first[apart], second[apart]
    scores = np.where(person[first] == 0, 0.6, 0.1) + 0.35 * rng.random(first.size)
    return person, first, second, scores


def by_hand(person, first, second, scores):
    rates = []
    for threshold in THRESHOLDS:
        each = [
            np.mean(scores[chosen] >= threshold)
            for a, b in itertools.combinations(np.unique(person), 2)
            if (chosen := np.isin(person[first], (a, b)) & np.isin(person[second], (a, b))).any()
        ]
        rates.append(np.mean(each))
    return rates


def test_one_person_of_many_photos_counts_for_no_more(compared):
    rates = mean_rates(*compared, THRESHOLDS)
    np.testing.assert_allclose(rates, by_hand(*compared))
    over_photos = np.mean(compared[3] >= 0.5)
    assert rates[1] == pytest.approx(0.4)  # four of the ten pairs of people
    assert over_photos > 0.6


def test_counts_of_all_pairs_add_up_to_the_same_whatever_the_order(compared):
    person, first, second, scores = compared
    whole = EveryPair(person, THRESHOLDS)
    for part in (slice(0, 40), slice(40, None)):
        counts = EveryPair(person, THRESHOLDS)
        counts.add(second[part], first[part], scores[part])
        whole.merge(counts)
    np.testing.assert_allclose(whole.rates, by_hand(*compared))
    whole.add(first[:1], second[:1], scores[:1], times=-1)
    assert (whole.rates <= by_hand(*compared)).all()


def test_pairs_that_are_remembered_tell_it_without_refusals(compared):
    person, first, second, scores = compared
    counter = PairCounter()
    counter.add(first, second, scores)
    counter.add(second[:20], first[:20], np.full(20, np.nan))
    np.testing.assert_allclose(counter.mean_rates(person, THRESHOLDS), by_hand(*compared))
    counter.drop(first[:30], second[:30])
    rest = (person, first[30:], second[30:], scores[30:])
    np.testing.assert_allclose(counter.mean_rates(person, THRESHOLDS), by_hand(*rest))
    assert np.isnan(PairCounter().mean_rates(person, THRESHOLDS)).all()


ENOUGH = 30


def pairs_of(kind: str) -> tuple[np.ndarray, np.ndarray]:
    if "x" in kind:  # probes against references
        few, many = map(int, kind.split("x"))
        first, second = np.divmod(np.arange(few * many), many)
        return first, second + few
    people = int(kind.rsplit(maxsplit=1)[-1])
    if kind.startswith("pairs"):
        return np.arange(people), people + np.arange(people)
    return np.triu_indices(people, 1)


@pytest.mark.parametrize(
    ("kind", "side"),
    [("1x400", 1), ("5x400", 5), ("400x5", 5), ("29x60", 29), ("20x100", 20)]
    + [(kind, ENOUGH) for kind in ("30x100", "40x40", "all 30", "all 40", "pairs 200")],
)
@pytest.mark.parametrize("photos", [1, 3])
def test_the_smaller_side_is_found_in_any_order_and_beside_a_few_other_pairs(kind, side, photos):
    rng = np.random.default_rng(3)
    first, second = pairs_of(kind)
    person = np.repeat(np.arange(max(first.max(), second.max()) + 1), photos)
    swapped = rng.random(first.size) < 0.5
    first, second = np.where(swapped, second, first), np.where(swapped, first, second)
    assert smaller_side(person, first * photos, second * photos, ENOUGH) == side
    further = rng.integers(0, person.size, (2, first.size // 20))
    both = np.append(first * photos, further[0]), np.append(second * photos, further[1])
    assert smaller_side(person, *both, ENOUGH) == side


@pytest.mark.parametrize("n", [100, 200, 400])
def test_random_pairs_of_few_people_have_no_sides(n):
    rng = np.random.default_rng(5)
    for _ in range(20):
        photos = rng.integers(1, 9, 35)
        person = np.repeat(np.arange(35), photos)
        first, second = rng.integers(0, person.size, (2, n))
        assert smaller_side(person, first, second, ENOUGH) == ENOUGH


def test_no_pairs_have_no_sides():
    nobody = np.zeros(0, np.int64)
    assert smaller_side(nobody, nobody, nobody, ENOUGH) == ENOUGH


def test_one_person_is_in_no_pair():
    assert np.isnan(EveryPair(np.zeros(3, int), THRESHOLDS).rates).all()
