import hashlib
import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from calibration.counting import naming
from calibration.counting.identities import CountsByPhoto, Identities, Origin, People


def known(names: list[tuple[str, str, bool]], people: dict[str, str] | None = None) -> People:
    """What pairs of photos and their labels tell."""
    identities = Identities()
    for mated in (True, False):
        ours = [pair for pair in names if pair[2] == mated]
        photos = [[pair[end] for pair in ours] for end in (0, 1)]
        given = [people and [people.get(p, "") for p in side] for side in photos]
        numbers = [identities.photos.numbers(side) for side in photos]
        for side, who in zip(numbers, given, strict=True):
            if who:
                told = [identities.number_person(name) for name in who]
                identities.give(side, np.array(told, np.int64))
        identities.see(*numbers, mated=mated)
    return identities.people()


def pairs_of(write, people: int = 6, photos: int = 3, *, mated: bool = True):
    """All pairs of photos that ``write`` names by person and number."""
    every = [(p, n) for p in range(people) for n in range(photos)]
    both = [(a, b) for place, a in enumerate(every) for b in every[place + 1 :]]
    return [
        (write(*a), write(*b), a[0] == b[0]) for a, b in both if mated or a[0] != b[0]
    ]  # fmt: skip


LAYOUTS = {
    "a folder each": lambda p, n: f"p{p}/{n}.jpg",
    "from Windows": lambda p, n: f"C:\\faces\\p{p}\\{n}.jpg",
    "below splits": lambda p, n: f"{('train', 'test')[n % 2]}/p{p}/{n}.jpg",
    "above views": lambda p, n: f"p{p}/{('frontal', 'profile')[n % 2]}/0{n}.jpg",
    "dots and blanks": lambda p, n: f" ./p {p}/{n}.jpg ",
    "doubled slashes": lambda p, n: f"p{p}{('/', '//', '/./')[n]}{n}.jpg",
    "numbers for names": lambda p, n: f"{1000 + p}/{n}",
}
NAMES = {
    "one folder": lambda p, n: f"images/p{p}_{n}.jpg",
    "no folder": lambda p, n: f"person-{p}-{n}.png",
    "like LFW": lambda p, n: f"Ann_Lee{'abcdefgh'[p]}_{n:04d}.jpg",
    "like AgeDB": lambda p, n: f"{10 * p + n}_Name{'abcdefgh'[p]}_{30 + n}_f.jpg",
    "like FG-NET": lambda p, n: f"{p:03d}A{10 + n}.JPG",
    "copies": lambda p, n: f"p{p} ({n}).jpg",
    "folders of days": lambda p, n: f"2024-01-0{n + 1}/p{p}.{n}.jpg",
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_folders_give_people(layout):
    def write(p: int, n: int) -> str:
        return naming.normal(LAYOUTS[layout](p, n))

    found = known(pairs_of(write))
    assert (found.given, found.inferred, found.origin) == (6, 0, Origin.FOLDERS)
    assert found.contradicted == 0


@pytest.mark.parametrize("layout", NAMES)
def test_people_are_inferred_from_file_names_that_the_labels_bear_out(layout):
    found = known(pairs_of(NAMES[layout]))
    assert (found.given, found.inferred, found.origin) == (0, 6, Origin.FILE_NAMES)


SESSIONS = {
    "a photo each": lambda p, n: f"session{n}/p0{p}.jpg",
    "no session's name": lambda p, n: f"{('lab', 'hall', 'yard')[n]}/{100 + p}.png",
}


@pytest.mark.parametrize("layout", SESSIONS)
def test_whole_file_names_that_the_labels_bear_out_tell_people_in_doubt(layout):
    found = known(pairs_of(SESSIONS[layout]))
    assert (found.inferred, found.how) == (6, naming.WHOLE)
    assert "in several folders" in found.doubt
    assert known(pairs_of(SESSIONS[layout], 30, mated=False)).how != naming.WHOLE


def test_file_names_are_believed_without_mated_pairs_only_if_they_keep_photos_apart():
    write = NAMES["one folder"]
    assert known(pairs_of(write, 12, 8, mated=False)).inferred == 12
    assert known(pairs_of(write, 4, 1, mated=False)).origin != Origin.FILE_NAMES


def test_a_folder_of_everybody_gives_nobody():
    found = known(pairs_of(lambda p, n: f"all/{'xyzuvw'[p]}{'abc'[n]}.jpg"))
    assert found.given == 0


def test_mated_labels_bind_photos_and_people_are_known_where_all_were_compared():
    found = known(pairs_of(lambda p, n: f"{(p * 7919 + n * 104729) % 9973:x}"))
    assert (found.inferred, found.origin) == (6, Origin.LABELS)


def test_photos_that_nothing_is_known_of_are_unknown():
    found = known([(f"x{n}", f"y{n}", n % 2 == 0) for n in range(40)])
    assert (found.origin, found.given, found.inferred) == (Origin.UNKNOWN, 0, 0)
    assert found.unknown == 80


def test_labels_that_contradict_the_folders_are_counted():
    pairs = pairs_of(LAYOUTS["a folder each"], 20, 4)
    some = [(a, b, mated != (n % 50 == 0)) for n, (a, b, mated) in enumerate(pairs)]
    found = known(some)
    assert found.origin == Origin.FOLDERS
    assert found.contradicted == sum(x[2] != y[2] for x, y in zip(pairs, some, strict=True))
    assert found.together == sum(x[2] and not y[2] for x, y in zip(pairs, some, strict=True))


def test_folders_that_no_mated_label_bears_out_still_tell_people():
    rng = np.random.default_rng(1)
    mated = [(f"p{p}/1", f"p{p}/2", False) for p in range(100)]
    others = [(f"p{p}/1", f"p{q}/2", q % 10 == 0) for p, q in rng.integers(0, 100, (900, 2))]
    found = known(mated + [pair for pair in others if pair[0][:-2] != pair[1][:-2]])
    assert found.origin == Origin.FOLDERS
    assert found.contradicted > 150


def test_reversed_labels_are_recognised():
    pairs = pairs_of(NAMES["one folder"])
    found = known([(a, b, not mated) for a, b, mated in pairs])
    assert found.labels_reversed or found.contradicted > 0.9 * len(pairs)


def test_given_people_go_before_everything():
    pairs = pairs_of(LAYOUTS["a folder each"])
    people = {f"p{p}/{n}.jpg": f"P{p // 2}" for p in range(6) for n in range(3)}
    found = known(pairs, people)
    assert (found.given, found.origin) == (3, Origin.GIVEN)
    assert found.together == found.contradicted == 3 * 9


def test_a_photo_that_is_given_to_two_people_is_noticed_and_one_given_to_none():
    identities = Identities()
    photos = identities.photos.numbers(["a", "b", "a", "c"])
    people = [identities.number_person(name) for name in ("ann", "bob", "eve", "")]
    identities.give(photos, np.array(people))
    found = identities.people()
    assert (found.clashes, found.clashing) == (1, "a to ann and to eve")
    assert (found.unknown, found.given) == (1, 3)


def test_a_few_wrong_folders_do_not_make_first_names_people():
    """As with the corrected labels of LFW: a mated pair in two folders, of one first name."""
    rng = np.random.default_rng(2)
    photos = [f"{first}_{last}/{first}_{last}_{n:04}.jpg"
              for first in ("ann", "bob", "cy") for last in range(40) for n in (1, 2)]  # fmt: skip
    identities = Identities()
    numbers = identities.written(photos)
    first, second = rng.integers(0, 240, (2, 20_000))
    apart = first // 2 != second // 2
    rare = apart & ((first // 80 != second // 80) | (rng.random(20_000) < 0.002))
    identities.see(numbers[first[rare]], numbers[second[rare]], mated=False)
    mated = np.arange(0, 240, 2)
    other = mated + 1
    other[0] = 3
    identities.see(numbers[mated], numbers[other], mated=True)
    assert identities.people().how == "the folder"
    assert len(identities.people().names) == 120


@given(
    st.lists(st.integers(0, 5), min_size=3, max_size=14).filter(lambda who: len(set(who)) > 1),
    st.randoms(use_true_random=False),
)
def test_whoever_is_on_photos_without_names_is_told_by_all_their_labels(who, random):
    """In any order and orientation; any partition of the photos into people is found again."""
    identities, who = Identities(), np.array(who)
    identities.photos.numbers(hashlib.sha256(bytes([n])).hexdigest() for n in range(who.size))
    pairs = [pair[:: random.choice((1, -1))] for pair in itertools.combinations(range(who.size), 2)]
    random.shuffle(pairs)
    first, second = np.array(pairs).T
    for mated in (True, False):
        chosen = (who[first] == who[second]) == mated
        identities.see(first[chosen], second[chosen], mated=mated)
    person = identities.people().person
    assert np.array_equal(person[:, None] == person, who[:, None] == who)


@given(
    st.lists(
        st.tuples(st.integers(0, 11), st.integers(0, 11), st.sampled_from([0.1, 0.4, 0.5, 0.9])),
        max_size=40,
    ),
    st.booleans(),
    st.integers(0, 40),
)
def test_what_each_person_contributes_is_what_a_plain_loop_counts(pairs, mated, cut):
    """Twelve photos of four people, in two parts that are merged."""
    thresholds = (0.4, 0.6)
    person = np.arange(12) // 3
    counted = CountsByPhoto(thresholds, mated=mated)
    for part in (pairs[:cut], pairs[cut:]):
        other = CountsByPhoto(thresholds, mated=mated)
        columns = [
            np.array([pair[n] for pair in part], kind) for n, kind in enumerate((int, int, float))
        ]
        other.add(*columns)
        counted.merge(other)
    tried, events = np.zeros(4, int), np.zeros((2, 4), int)
    for first, second, score in pairs:
        for photo in (first,) if mated else (first, second):
            tried[person[photo]] += 1
            for row, threshold in enumerate(thresholds):
                events[row, person[photo]] += score < threshold if mated else score >= threshold
    shares = counted.shares(person)
    assert np.array_equal(shares.tried, tried)
    assert np.array_equal(shares.events, events)


@given(
    names=st.lists(
        st.tuples(
            st.lists(st.sampled_from(["ann", "bob", "s1", "7", ""]), max_size=2),
            st.sampled_from(["1.jpg", "ann_1.jpg", "bob_2.jpg", "1_x.png", "3A4.jpg", "x", "4"]),
        ).map(lambda parts: naming.normal("/".join([*parts[0], parts[1]]))),
        min_size=1,
    ),
    how=st.sampled_from([*naming.FOLDERS, *naming.FILES]),
)
def test_names_that_share_folders_or_files_are_read_as_each_alone(names, how):
    alone = [naming.Names([name]).people(how) for name in names]
    found = naming.Names(names).people(how)
    if None in alone:
        assert found is None
        told = [one[1][0] if one else name for one, name in zip(alone, names, strict=True)]
        people, who = naming.Names(names).people_or_photos(how)
    else:
        told = [one[1][0] for one in alone]
        people, who = found
    assert [who[person] for person in people] == told
    assert who == list(dict.fromkeys(told))


@pytest.mark.parametrize("wrong", [0, 1, 12])
def test_a_folder_that_the_labels_bear_out_is_the_person_whatever_file_names_tell(wrong):
    """Each person's photos are of one day and mated with those of nobody else's, but for a few."""
    pairs = pairs_of(lambda p, n: f"p{p}/day{p // 2}_{n}.jpg", 20, 4)
    found = known([(a, b, mated != (n < wrong)) for n, (a, b, mated) in enumerate(pairs)])
    assert (found.how, found.given) == ("the folder", 20)


def test_file_names_tell_people_where_some_folders_are_wrong():
    """One folder holds four people of twenty, whom the names of their files tell apart."""
    found = known(pairs_of(lambda p, n: f"{min(p, 16)}/p{p}_{n}.jpg", 20, 4))
    assert (found.how, found.inferred) == ("the file name before its number", 20)
