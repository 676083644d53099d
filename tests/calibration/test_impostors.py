"""Impostors of the same group: which pairs are asked, what is judged, and the factor."""

import csv
import itertools
import json
import math
from collections import Counter

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from calibration.asking.store import FILE, Store
from calibration.counting.comparisons import Block, Measurement
from calibration.counting.groups import ChosenImpostors, ImpostorKind
from calibration.counting.identities import Identities
from calibration.judging.by_group import chosen_impostors
from calibration.sources.formats.run_file import open_run
from calibration.sources.pairs.impostors import SameGroup
from calibration.sources.pairs.sampling import Plan, Pool
from calibration.statistics.differentials import against_random
from calibration.statistics.verdicts import Rule
from tests.support.effects import design_effects
from verikit.cli import main
from verikit.errors import WrongUse

FAST = ["--rate", "100000", "--quiet"]


def pairs_of(people: dict[str, str], groups: dict[str, str], seed: int = 1) -> SameGroup:
    return SameGroup(people, groups, seed)


@given(st.lists(st.tuples(st.integers(1, 3), st.sampled_from("abc")), min_size=3, max_size=9))
def test_all_pairs_within_groups_and_at_most_as_many_across(shape):
    people = {f"p{p}/{n}": f"p{p}" for p, (photos, _) in enumerate(shape) for n in range(photos)}
    groups = {f"p{p}": group for p, (_, group) in enumerate(shape)}
    expected = {"within": set(), "across": set(), "mated": set()}
    for pair in itertools.combinations(sorted(people), 2):
        first, second = (people[photo] for photo in pair)
        kind = "within" if groups[first] == groups[second] else "across"
        expected["mated" if first == second else kind].add(frozenset(pair))
    if not (expected["within"] and expected["across"]):
        with pytest.raises(WrongUse, match="two groups or more"):
            pairs_of(people, groups)
        return
    pairs = pairs_of(people, groups)
    found = {"within": [], "across": []}
    for number in range(pairs.size(mated=False)):
        pair = pairs.pair(number, mated=False)
        kind = "across" if "|" in pair.group else "within"
        assert not pair.mated
        assert set(pair.group.split("|")) == {groups[people[p]] for p in (pair.first, pair.second)}
        found[kind].append(frozenset((pair.first, pair.second)))
    assert Counter(found["within"]) == Counter(expected["within"])
    assert len(set(found["across"])) == len(found["across"])
    assert set(found["across"]) <= expected["across"]
    assert len(found["across"]) == min(len(expected["within"]), len(expected["across"]))
    mated = [pairs.pair(n, mated=True) for n in range(pairs.size(mated=True))]
    assert {frozenset((pair.first, pair.second)) for pair in mated} == expected["mated"]
    sizes = len(expected["within"]), len(expected["across"])
    assert pairs.share == pytest.approx(sizes[0] / sum(sizes))


def test_other_groups_are_other_pairs():
    people = {f"p{p}/0": f"p{p}" for p in range(6)}
    halves = {f"p{p}": "a" if p < 3 else "b" for p in range(6)}
    other = halves | {"p0": "b"}
    assert pairs_of(people, halves).digest() == pairs_of(people, halves).digest()
    assert pairs_of(people, halves).digest() != pairs_of(people, other).digest()
    plans = [Plan(pairs_of(people, halves, s), seed=s, mated_share=0) for s in (1, 1, 2)]
    first, again, third = ([plan[n] for n in range(len(plan))] for plan in plans)
    assert first == again != third


@pytest.fixture(scope="module")
def groups(tmp_path_factory):
    """Three groups of people; two people have none."""
    path = tmp_path_factory.mktemp("groups") / "groups.csv"
    rows = (f"p{p:02},{'abc'[p % 3]}\n" for p in range(58))
    path.write_text("person,group\n" + "".join(rows))
    return path


def run(stub, people, out, *options):
    command = [stub.url, "--data", str(people), "--out", str(out), *FAST, *options]
    return CliRunner().invoke(main, ["calibrate", *command], catch_exceptions=False)


@pytest.mark.live
def test_a_run_judges_the_same_group_alone_and_tells_the_factor(stub, people, groups, tmp_path):
    out = tmp_path / "out"
    options = ["--groups", str(groups), "--impostors", "same-group", "--up-to", "0.4"]
    result = run(stub, people, out, *options, "--budget", "1000")
    told = " ".join(result.output.split())
    assert "strangers of the same group" in told
    assert "; impostors of the same group." in told
    assert "Impostors of the same group (" in told
    assert "2 people without a group are left out: p58, p59." in told
    found = json.loads((out / "report.json").read_text())
    impostors, row = found["impostors"], found["rows"][0]
    assert row["n"] == impostors["n"] < found["non_mated"] + impostors["n_across"]
    assert row["k"] == impostors["rows"][0]["k"]
    assert abs(impostors["n"] - impostors["n_across"]) < 120
    rates = row["k"] / row["n"], impostors["rows"][0]["k_across"] / impostors["n_across"]
    random = impostors["share"] * rates[0] + (1 - impostors["share"]) * rates[1]
    assert impostors["rows"][0]["factor"] == pytest.approx(rates[0] / random)
    ends = impostors["rows"][0]["interval"]
    assert ends["lower"] < 1 < ends["upper"]
    assert "impostors of the same group" in (out / "report.html").read_text()
    assert found["provenance"]["impostors"] == "of the same group"

    before = stub.asked.total()
    assert run(stub, people, out, *options, "--budget", "1000").exit_code == result.exit_code
    assert stub.asked.total() == before
    refused = run(stub, people, out, "--groups", str(groups), "--budget", "1000")
    assert refused.exit_code == 2

    again = CliRunner().invoke(
        main,
        [
            "calibrate",
            str(out / FILE),
            "--up-to",
            "0.4",
            "--json",
            "--out",
            str(tmp_path / "again"),
        ],
    )
    rejudged = json.loads(again.stdout)
    assert rejudged["impostors"] == impostors
    assert rejudged["groups"] == found["groups"]
    assert all(0 < row["median"] <= row["slowest"] for row in found["groups"])
    assert "Seconds to an answer" in told
    assert "seconds to an answer" in (out / "report.html").read_text()
    assert rejudged["rows"] == found["rows"]
    other = [str(out / FILE), "--groups", str(groups), "--out", str(tmp_path / "again")]
    assert "chosen by other groups" in " ".join(
        CliRunner().invoke(main, ["calibrate", *other]).output.split()
    )


@pytest.mark.live
def test_refusals_across_groups_are_not_those_of_the_same_group(stub, people, groups, tmp_path):
    """The photo without a face is refused in both; only what is within a group is told."""
    out = tmp_path / "out"
    options = ["--groups", str(groups), "--impostors", "same-group", "--budget", "3000"]
    run(stub, people, out, *options)
    found = json.loads((out / "report.json").read_text())
    assert sum(found["refused"].values()) == found["refused_non_mated"] + found["refused_mated"]
    assert found["acquired"]["failed"] == ["p07/1.jpg"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ([], "needs --groups"),
        (["--groups", "GROUPS", "--by-person"], "use --one-photo-each"),
        (["--groups", "NOBODY"], "names nobody of those on the photos, such as p00"),
        (["--groups", "ONE"], "needs two groups or more"),
    ],
)
def test_what_cannot_be_asked(people, groups, tmp_path, options, message):
    nobody = tmp_path / "nobody.csv"
    nobody.write_text("person,group\nx,a\ny,b\n")
    one = tmp_path / "one.csv"
    one.write_text("person,group\np00,a\np01,a\n")
    named = {"GROUPS": str(groups), "NOBODY": str(nobody), "ONE": str(one)}
    command = ["http://127.0.0.1:9", "--data", str(people), "--impostors", "same-group"]
    result = CliRunner().invoke(
        main,
        ["calibrate", *command, "--out", str(tmp_path / "o"), *(named.get(o, o) for o in options)],
    )
    assert result.exit_code == 2
    assert message in " ".join(result.output.split())


def scores_of_all(path, people: int, rates: tuple[float, float], groups: int = 3) -> None:
    """All pairs of people with one photo, and one mated pair each; false matches at these rates
    within a group and across two."""
    rng = np.random.default_rng(3)
    with path.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(("first", "second", "mated", "score"))
        for a, b in itertools.combinations(range(people), 2):
            rate = rates[a % groups != b % groups]
            score = 0.65 if rng.random() < rate else 0.1
            rows.writerow((f"p{a:02}/1.jpg", f"p{b:02}/1.jpg", 0, score))
        rows.writerows((f"p{p:02}/1.jpg", f"p{p:02}/2.jpg", 1, 0.95) for p in range(people))


def test_a_file_of_scores_is_judged_by_impostors_of_the_same_group(groups, tmp_path):
    scores_of_all(tmp_path / "s.csv", 58, (0.08, 0.02))
    command = [str(tmp_path / "s.csv"), "--groups", str(groups), "--impostors", "same-group"]
    result = CliRunner().invoke(
        main,
        ["calibrate", *command, "--json", "--out", str(tmp_path / "o")],
        catch_exceptions=False,
    )
    found = json.loads(result.stdout)
    impostors, row = found["impostors"], found["rows"][0]
    within = sum(a % 3 == b % 3 for a, b in itertools.combinations(range(58), 2))
    assert (impostors["n"], impostors["n_across"]) == (within, math.comb(58, 2) - within)
    # each person has a second photo, which takes part in no non-mated comparison
    pairs = sum(
        (a != b) and a % 3 == b % 3
        for (a, _), (b, _) in itertools.combinations(itertools.product(range(58), "xy"), 2)
    )
    assert impostors["share"] == pytest.approx(pairs / (math.comb(116, 2) - 58))
    assert (row["k"], row["n"]) == (impostors["rows"][0]["k"], within)
    assert impostors["rows"][0]["factor"] > 1.5


@pytest.mark.parametrize("share", [0.1, 0.5])
def test_the_factor_is_against_random_pairs(share):
    for within, across in ((0.11, 0.01), (0.02, 0.02), (0.0, 0.1)):
        random = share * within + (1 - share) * across
        assert against_random(within / across, share) == pytest.approx(within / random)
    assert against_random(math.inf, share) == 1 / share


def same_group(share: float) -> ChosenImpostors:
    return ChosenImpostors(kind=ImpostorKind.SAME_GROUP, share=share)


def measured_people(rng, people: int, rates: tuple[float, float]) -> Measurement:
    """Every pair once, with false matches at these rates within and across, by lamb-like people."""
    measurement = Measurement((0.5,), 4000)
    names = [f"p{p}/1" for p in range(people)]
    measurement.identities = Identities.known({name: name[:-2] for name in names}, "test")
    measurement.impostors = same_group(0.5)
    first, second = np.triu_indices(people, 1)
    within = first % 2 == second % 2
    ease = rng.gamma(4, 1 / 4, people)
    rate = np.where(within, *rates) * ease[first] * ease[second]
    labels = np.where(within, "a", "a|b").tolist()
    measurement.add(
        Block(
            first=measurement.identities.add([names[p] for p in first]),
            second=measurement.identities.add([names[p] for p in second]),
            mated=np.zeros(first.size, bool),
            scores=np.where(rng.random(first.size) < rate, 0.9, 0.1),
            codes=np.zeros(first.size, np.int64),
            groups=measurement.labels.numbers(labels),
        )
    )
    return measurement


@pytest.mark.parametrize("at_any_time", [False, True])
def test_the_interval_holds_the_true_factor_whoever_draws_false_matches(at_any_time):
    """At 90 %, over people who differ in how easily they are confused."""
    rng = np.random.default_rng(11)
    true, missed, reps = 0.03 / (0.5 * 0.03 + 0.5 * 0.01), 0, 30
    for _ in range(reps):
        measurement = measured_people(rng, 80, (0.03, 0.01))
        found = chosen_impostors(measurement, (0.02,), Rule(alpha=0.1, at_any_time=at_any_time))
        ends = found.rows[0].interval
        missed += not ends.lower <= true <= ends.upper
        assert found.n + found.n_across == math.comb(80, 2)
        assert measurement.non_mated.histogram.n == found.n
    assert missed <= reps * 0.2


def test_few_people_show_no_factor():
    measurement = measured_people(np.random.default_rng(1), 20, (0.3, 0.05))
    found = chosen_impostors(measurement, (0.02,), Rule())
    assert (found.rows[0].interval.lower, found.rows[0].interval.upper) == (0, 2)


@pytest.mark.parametrize("share", [0, 1, -3, "many", [0.5]])
def test_a_stored_share_that_is_none_is_refused(tmp_path, share):
    with Store(tmp_path, {}) as store:
        store.describe(Identities.known({"a": "a", "b": "b"}, "test"), {"same_group_share": share})
    with pytest.raises(WrongUse, match="is damaged"):
        open_run(tmp_path / FILE)


def test_photos_of_the_same_two_people_are_no_more_evidence_than_the_two():
    """Four people, two of each group, nine comparisons of every two: two and four pairs of people,
    which bound the design effect of rows without a false match by nine each."""
    measurement = Measurement((0.5,), 4000)
    people = {f"p{p}/{n}": f"p{p}" for p in range(4) for n in range(3)}
    groups = {"p0": "a", "p1": "a", "p2": "b", "p3": "b"}
    pairs = SameGroup(people, groups, 1)
    pool = Pool(people, groups)
    measurement.impostors = same_group(pairs.share)
    every = [pool.pair(n, mated=False) for n in range(pool.size(mated=False))]
    measurement.identities = Identities.known(people, "test")
    measurement.add(
        Block(
            first=measurement.identities.add([pair.first for pair in every]),
            second=measurement.identities.add([pair.second for pair in every]),
            mated=np.zeros(len(every), bool),
            scores=np.zeros(len(every)),
            codes=np.zeros(len(every), np.int64),
            groups=measurement.labels.numbers(pair.group for pair in every),
        )
    )
    assert measurement.non_mated.histogram.n == 18
    assert design_effects(measurement.shares(measurement.non_mated), (0.1,)) == [9]
    person = measurement.identities.people().person
    names = measurement.labels.names
    for labels in (["a"], ["a|b"], ["a", "b"], ["a", "b", "a|b"]):
        numbers = np.array([names.index(label) for label in labels])
        shares = measurement.groups[False].shares(numbers, person)
        assert design_effects(shares, (0.1,)) == [9], labels
