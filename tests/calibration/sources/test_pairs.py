import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calibration.sources.pairs.sampling import ByPerson, Pair, PairList, Plan, Pool, one_photo_each

FOLDERS = st.lists(st.integers(1, 4), min_size=2, max_size=8)


def by_folder(photos):
    return {photo: photo.rpartition("/")[0] for photo in photos}


def pool_of(counts: list[int], **options: object) -> Pool:
    return Pool(by_folder(f"p{p}/{n}" for p, c in enumerate(counts) for n in range(c)), **options)


@given(FOLDERS)
def test_a_pool_numbers_every_pair_once(counts):
    pool = pool_of(counts)
    for mated in (True, False):
        pairs = [pool.pair(number, mated=mated) for number in range(pool.size(mated=mated))]
        expected = [
            (a, b)
            for a, b in itertools.combinations(pool.photos, 2)
            if (a.split("/")[0] == b.split("/")[0]) == mated
        ]
        assert [(pair.first, pair.second) for pair in pairs] == expected
        assert all(pair.mated == mated for pair in pairs)


@given(counts=FOLDERS, seed=st.integers(0, 1000), share=st.floats(0, 1))
def test_a_plan_asks_every_pair_once_and_spreads_the_mated_ones(counts, seed, share):
    pool = pool_of(counts)
    plan = Plan(pool, seed=seed, mated_share=share)
    asked = [plan[place] for place in range(len(plan))]
    assert len(asked) == pool.size(mated=True) + pool.size(mated=False) == len(set(asked))
    running = list(itertools.accumulate(pair.mated for pair in asked))
    for place, mated in enumerate(running, start=1):
        non_mated = place - mated
        if mated < pool.size(mated=True) and non_mated < pool.size(mated=False):
            assert mated == int(place * share)


def test_the_same_seed_makes_the_same_plan():
    plans = [Plan(pool_of([3] * 9), seed=seed, mated_share=0.1) for seed in (4, 4, 5)]
    first, same, other = ([plan[p] for p in range(40)] for plan in plans)
    assert first == same != other
    with pytest.raises(IndexError):
        plans[0][len(plans[0])]


def test_groups_label_pairs_within_and_across():
    pool = pool_of([1, 1, 1], groups={"p0": "a", "p1": "b", "p2": "b"})
    assert [pool.pair(n, mated=False).group for n in range(3)] == ["a|b", "a|b", "b"]


def test_digests_tell_pairs_apart():
    assert pool_of([2, 2]).digest() == pool_of([2, 2]).digest() != pool_of([2, 3]).digest()
    pairs = [Pair("a", "b", True), Pair("a", "c", False)]
    assert PairList(pairs).digest() != PairList(pairs[:1]).digest()


def test_one_photo_each_depends_on_the_seed_alone():
    people = by_folder(f"p{p}/{n}" for p in range(30) for n in range(5))
    chosen = one_photo_each(people, 1)
    assert sorted(chosen.values()) == sorted(set(people.values()))
    assert chosen == one_photo_each(dict(reversed(people.items())), 1) != one_photo_each(people, 2)


@given(counts=FOLDERS, seed=st.integers(0, 1000))
def test_by_person_everybody_brings_as_many_pairs_and_none_twice(counts, seed):
    pairs = ByPerson(pool_of(counts), seed)
    for mated in (True, False):
        every = [pairs.pair(number, mated=mated) for number in range(pairs.size(mated=mated))]
        photos = [frozenset((pair.first, pair.second)) for pair in every]
        assert len(set(photos)) == len(photos)
        assert all(len(both) == 2 for both in photos)
        people = [frozenset(photo.split("/")[0] for photo in both) for both in photos]
        assert all((len(both) == 1) == mated for both in people)
        times = {both: people.count(both) for both in people}
        able = sum(count > 1 for count in counts) if mated else len(counts) * (len(counts) - 1) / 2
        assert len(times) == able
        assert len(set(times.values())) <= 1


def test_by_person_nobody_counts_for_more_and_a_plan_can_be_gone_on_with():
    """One of ten people has 60 photos: who has 99 % of all mated pairs."""
    pool = pool_of([60] + [2] * 9)
    pairs = ByPerson(pool, 3)
    assert (pairs.size(mated=True), pairs.size(mated=False)) == (10, 180)
    assert pairs.digest() != pool.digest()
    plans = [Plan(ByPerson(pool_of([60] + [2] * 9), 3), seed=3, mated_share=0.1) for _ in range(2)]
    assert [plans[0][place] for place in range(50)] == [plans[1][place] for place in range(50)]
    asked = {pairs.pair(n, mated=False).first for n in range(180)}
    assert len([photo for photo in asked if photo.startswith("p0/")]) > 10
