"""Every two people count once, however many photos they have."""

import itertools

import numpy as np
import pytest

from calibration.counting.checks import PairCounter
from calibration.counting.people_pairs import EveryPair, mean_rates

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
