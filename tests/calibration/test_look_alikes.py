"""Look-alikes by the templates of another system: which pairs they are, and what is judged."""

import csv
import itertools
import json
import math

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from calibration.asking.store import FILE
from calibration.counting.groups import LOOK_ALIKE, OTHERS
from calibration.sources.pairs import look_alikes
from calibration.sources.pairs.look_alikes import LookAlikes, LookAlikesFirst
from calibration.sources.pairs.sampling import Plan
from calibration.sources.templates import OfPhotos
from verikit.cli import main
from verikit.errors import WrongUse

pytestmark = pytest.mark.composed
FAST = ["--rate", "100000", "--quiet"]


def written(path, people: dict[str, str], vectors: np.ndarray, **more: np.ndarray):
    names = list(people)
    np.savez(
        path,
        vectors=vectors,
        people=np.array(list(people.values())),
        photos=np.array(names),
        **more,
    )
    return path


def photos_of(people: int, each: int) -> dict[str, str]:
    return {f"p{p:02}/{n}.jpg": f"p{p:02}" for p in range(people) for n in range(each)}


@given(st.integers(0, 1000), st.booleans())
@settings(max_examples=10)
def test_the_nearest_pairs_are_look_alikes_whatever_the_order_of_the_file(
    tmp_path_factory, seed, grouped
):
    rng = np.random.default_rng(seed)
    people = photos_of(20, 2)
    vectors = rng.normal(size=(40, 6))
    order = rng.permutation(40)
    names = np.array(list(people))
    more = {"groups": rng.choice(["a", "b"], 20)[order // 2]} if grouped else {}
    path = written(
        tmp_path_factory.mktemp("t") / "t.npz",
        {names[n]: people[names[n]] for n in order},
        vectors[order],
        **more,
    )
    near = LookAlikes(OfPhotos.load(path, list(people)), np.arange(40) // 2)
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    apart = [(a, b) for a, b in itertools.combinations(range(40), 2) if a // 2 != b // 2]
    ranked = sorted(apart, key=lambda pair: -unit[pair[0]] @ unit[pair[1]])
    assert near.size == len(apart) == 760
    expected = ranked[: near.keys.size]
    assert 1 <= near.keys.size <= 7
    first, second = np.array(apart).T
    have = {pair for pair, alike in zip(apart, near.have(first, second), strict=True) if alike}
    assert have == set(expected)
    assert near.have(second, first).sum() == len(have)
    assert near.pairs_of_people == len({(a // 2, b // 2) for a, b in have})


def test_every_pair_is_asked_once_look_alikes_in_every_second_place(tmp_path, monkeypatch):
    monkeypatch.setattr(look_alikes, "SHARE", 0.2)
    people = photos_of(9, 2)
    rng = np.random.default_rng(1)
    path = written(tmp_path / "t.npz", people, rng.normal(size=(18, 5)))
    pairs = LookAlikesFirst(people, path, seed=4)
    near = pairs.near.keys.size
    plan = Plan(pairs, seed=4, mated_share=0)
    asked = [plan[n] for n in range(len(plan)) if not plan[n].mated]
    assert [pair.group for pair in asked[: 2 * near]] == [LOOK_ALIKE, OTHERS] * near
    assert {pair.group for pair in asked[2 * near :]} == {OTHERS}
    found = {frozenset((pair.first, pair.second)) for pair in asked}
    every = {
        frozenset(pair)
        for pair in itertools.combinations(people, 2)
        if people[pair[0]] != people[pair[1]]
    }
    assert found == every
    assert len(asked) == len(every)
    names = list(pairs.pool.photos)
    for pair in asked:
        ends = np.array([names.index(pair.first)]), np.array([names.index(pair.second)])
        assert pairs.near.have(*ends)[0] == (pair.group == LOOK_ALIKE)
    again, other = (LookAlikesFirst(people, path, seed=s) for s in (4, 5))
    assert again.digest() == pairs.digest()
    assert asked != [Plan(other, seed=5, mated_share=0)[n] for n in range(len(asked))]


def test_photos_without_a_template_are_in_the_rest(tmp_path):
    people = photos_of(12, 2)
    some = dict(list(people.items())[:10])
    path = written(tmp_path / "t.npz", some, np.random.default_rng(1).normal(size=(10, 4)))
    near = LookAlikes(OfPhotos.load(path, list(people)), np.arange(24) // 2)
    assert near.size == math.comb(24, 2) - 12
    assert near.keys.max() < 10 * 24
    assert "14 of 24 photos have no template" in near.objections()[0].text


@pytest.mark.parametrize(
    ("people", "message"),
    [
        ({"x/1.jpg": "x", "y/1.jpg": "y"}, "fewer than two of these people"),
        ({"p00/0.jpg": "p00", "./p00/0.jpg": "p01", "p01/0.jpg": "p01"}, "two templates"),
    ],
)
def test_templates_of_others_are_a_sentence(tmp_path, people, message):
    path = written(tmp_path / "t.npz", people, np.eye(len(people)) + 0.1)
    with pytest.raises(WrongUse, match=message):
        LookAlikes(OfPhotos.load(path, list(photos_of(3, 1))), np.arange(3))


@pytest.fixture(scope="module")
def templates(tmp_path_factory):
    """Of the 60 people of the stub, at random: so look-alikes match as often as all others."""
    rng = np.random.default_rng(8)
    people = photos_of(60, 2)
    names = {name.replace("/0.jpg", "/0.jpg"): person for name, person in people.items()}
    return written(tmp_path_factory.mktemp("t") / "t.npz", names, rng.normal(size=(120, 8)))


@pytest.mark.live
def test_a_run_asks_look_alikes_and_judges_random_pairs(stub, people, templates, tmp_path):
    """All 7,080 pairs: the rate is that of all pairs, however often each kind was asked."""
    out = tmp_path / "out"
    options = ["--impostors", "look-alike", "--templates", str(templates), "--up-to", "0.4"]
    command = [stub.url, "--data", str(people), "--out", str(out), *FAST, *options]
    result = CliRunner().invoke(
        main, ["calibrate", *command, "--budget", "2000"], catch_exceptions=False
    )
    told = " ".join(result.output.split())
    found = json.loads((out / "report.json").read_text())
    impostors, row = found["impostors"], found["rows"][0]
    assert impostors["kind"] == "look-alike"
    assert impostors["n"] + impostors["n_across"] == row["n"] == found["non_mated"]
    assert 60 <= impostors["n"] <= 71  # a few were refused
    rates = [
        impostors["rows"][0]["k"] / impostors["n"],
        impostors["rows"][0]["k_across"] / impostors["n_across"],
    ]
    weighted = impostors["share"] * rates[0] + (1 - impostors["share"]) * rates[1]
    assert row["fmr"] == pytest.approx(weighted)
    assert row["interval"]["lower"] < 0.1 < row["interval"]["upper"]
    assert row["gfar"] < row["fmr"]
    assert found["operating_points"] == []
    assert found["equal_error"] is None
    assert found["groups"] == found["differentials"] == []
    assert "Look-alikes (" in told
    assert "look-alikes first" in told
    page = (out / "report.html").read_text()
    assert "Look-alikes against random ones" in page
    assert "Detection error tradeoff" not in page

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
        catch_exceptions=False,
    )
    rejudged = json.loads(again.stdout)
    assert rejudged["impostors"] == impostors
    assert rejudged["rows"] == found["rows"]
    for option in (["--adjudicated", str(out / "look.csv")], ["--against", str(out)]):
        refused = CliRunner().invoke(
            main, ["calibrate", str(out / FILE), *option, "--out", str(tmp_path / "again")]
        )
        assert "does not apply to --impostors look-alike" in " ".join(refused.output.split())
    other = CliRunner().invoke(
        main, ["calibrate", stub.url, "--data", str(people), "--out", str(out)]
    )
    assert other.exit_code == 2
    both = CliRunner().invoke(main, ["calibrate", "--combine", str(out), str(out)])
    assert "does not apply to runs that ask look-alikes first" in " ".join(both.output.split())


@pytest.mark.live
def test_a_run_stops_where_it_is_decided(stub, people, templates, tmp_path):
    """A server far above its claim FAILs early, by look-alikes and others together."""
    stub.generosity = 0.1
    options = ["--impostors", "look-alike", "--templates", str(templates), "--up-to", "0.4"]
    command = [stub.url, "--data", str(people), "--out", str(tmp_path / "o"), *FAST, *options]
    result = CliRunner().invoke(
        main, ["calibrate", *command, "--budget", "3000", "--until", "decided"]
    )
    assert result.exit_code == 1, result.output
    assert json.loads((tmp_path / "o/report.json").read_text())["non_mated"] < 2000


def scores(path, vectors: np.ndarray, rates: tuple[float, float], kept: float) -> None:
    """All look-alikes and ``kept`` of the others; false matches at these rates."""
    people = photos_of(len(vectors), 1)
    table = written(path.with_suffix(".npz"), people, vectors)
    near = LookAlikes(OfPhotos.load(table, list(people)), np.arange(len(vectors)))
    first, second = np.triu_indices(len(vectors), 1)
    alike = near.have(first, second)
    rng = np.random.default_rng(2)
    names = list(people)
    with path.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(("first", "second", "mated", "score"))
        for a, b, close in zip(first, second, alike, strict=True):
            if close or rng.random() < kept:
                score = 0.65 if rng.random() < rates[not close] else 0.3 * rng.random()
                rows.writerow((names[a], names[b], 0, score))
        rows.writerows((name, name.replace("/0", "/1"), 1, 0.95) for name in names)


def test_a_file_of_look_alikes_is_weighed_by_what_all_pairs_hold(tmp_path):
    """A tenth of the others: read as random pairs, the file would say twice the rate."""
    vectors = np.random.default_rng(5).normal(size=(200, 8))
    scores(tmp_path / "s.csv", vectors, (0.6, 0.05), 0.1)
    command = [str(tmp_path / "s.csv"), "--json", "--out", str(tmp_path / "o"), "--up-to", "0.4"]
    plain = json.loads(CliRunner().invoke(main, ["calibrate", *command]).stdout)["rows"][0]
    weighed = ["--impostors", "look-alike", "--templates", str(tmp_path / "s.npz")]
    result = CliRunner().invoke(main, ["calibrate", *command, *weighed], catch_exceptions=False)
    found = json.loads(result.stdout)
    row, true = found["rows"][0], 0.01 * 0.6 + 0.99 * 0.05
    assert plain["interval"]["lower"] > true
    assert row["interval"]["lower"] < true < row["interval"]["upper"]
    required = ["--require", "fmr@0.4<=0.2", "--require", "fmr@0.6<=0.9"]
    result = CliRunner().invoke(main, ["calibrate", *command[:-2], *weighed, *required])
    rates = json.loads(result.stdout)["required"]
    assert [one["verdict"] for one in rates] == ["PASS", "PASS"]
    assert rates[0]["rate"] == row["fmr"]
    between = ["--require", "fmr-differential@0.4<=3"]
    result = CliRunner().invoke(main, ["calibrate", *command, *weighed, *between])
    assert "does not go with --impostors look-alike" in " ".join(result.output.split())
    factor = found["impostors"]["rows"][0]
    assert factor["interval"]["lower"] > 1
    assert factor["interval"]["lower"] < 0.6 / true < factor["interval"]["upper"]


def judged_look_alikes(tmp_path, lines, templates):
    """The findings on a table of comparisons whose look-alikes these templates name."""
    (tmp_path / "s.csv").write_text("\n".join(lines))
    run = ["calibrate", str(tmp_path / "s.csv"), "--out", str(tmp_path / "o"), "--json"]
    options = ["--impostors", "look-alike", "--templates", str(templates)]
    return json.loads(CliRunner().invoke(main, [*run, *options]).stdout)


def of_the_rest(found):
    """The effects of the objection to a rest that is no random sample."""
    return [o["effect"] for o in found["objections"] if o["kind"] == "rest not at random"]


def test_templates_that_tell_nothing_of_the_scores_support_no_verdict(tmp_path):
    """What they call the rest may have been chosen by others, which know who looks alike."""
    rng = np.random.default_rng(3)
    names = [f"p{n:02}" for n in range(60)]
    photos = {f"{name}/0.jpg": name for name in names}
    path = written(tmp_path / "t.npz", photos, rng.normal(size=(60, 16)))
    lines = ["first,second,mated,score"]
    lines += [f"{name}/0.jpg,{name}/1.jpg,1,0.9{n}" for n, name in enumerate(names)]
    pairs = zip(*np.triu_indices(60, 1), strict=True)
    lines += [f"{names[a]}/0.jpg,{names[b]}/0.jpg,0,{rng.random() / 2}" for a, b in pairs]
    found = judged_look_alikes(tmp_path, lines, path)
    (told,) = [o for o in found["objections"] if o["kind"] == "unrelated templates"]
    assert told["effect"] == "no verdict"
    assert found["verdict"] == "INCONCLUSIVE"


@pytest.mark.parametrize(
    ("chosen", "objected"),
    [
        ("least alike half", True),
        ("most alike two fifths", True),
        ("without the most alike tenth", True),
        ("half, at random", False),
        ("of half of the people", False),
        ("of few people with all", False),
        ("all", False),
    ],
)
def test_a_rest_that_is_no_random_sample_supports_no_verdict(tmp_path, chosen, objected):
    """The score is of a system that keeps the claim, and sees looks as the templates do."""
    rng = np.random.default_rng(5)
    people = 120
    looks = rng.normal(size=(people, 32))
    other, own = (looks + 0.5 * rng.normal(size=looks.shape) for _ in range(2))
    names = [f"p{n:03}" for n in range(people)]
    path = written(tmp_path / "t.npz", {f"{name}/0.jpg": name for name in names}, other)
    first, second = np.triu_indices(people, 1)
    other, own = (one / np.linalg.norm(one, axis=1, keepdims=True) for one in (other, own))
    alike, score = ((one @ one.T)[first, second] for one in (other, own))
    rank = np.argsort(np.argsort(-alike)) / alike.size
    some = rng.permutation(people)
    taken = {
        "least alike half": rank >= 0.5,
        "most alike two fifths": rank < 0.4,
        "without the most alike tenth": rank >= 0.1,
        "half, at random": rng.random(rank.size) < 0.5,
        "of half of the people": (some[first] < 60) & (some[second] < 60),
        "of few people with all": (some[first] < 5) | (some[second] < 5),
        "all": rank >= 0,
    }[chosen] | (rank < 0.01)
    lines = ["first,second,mated,score"]
    lines += [f"{name}/0.jpg,{name}/1.jpg,1,0.9{n}" for n, name in enumerate(names)]
    scored = zip(first[taken], second[taken], 0.5 + score[taken] / 2, strict=True)
    lines += [f"{names[a]}/0.jpg,{names[b]}/0.jpg,0,{one}" for a, b, one in scored]
    found = judged_look_alikes(tmp_path, lines, path)
    assert of_the_rest(found) == ["no verdict"] * objected
    assert found["verdict"] == "INCONCLUSIVE" or not objected


@pytest.mark.parametrize(
    ("chosen", "objected"), [("a fifth, at random", False), ("least alike half", True)]
)
def test_probes_are_compared_with_references_and_with_no_probe(tmp_path, chosen, objected):
    """Portraits and selfies look like their own kind, which is compared with the other alone."""
    rng = np.random.default_rng(6)
    people = 80
    looks = rng.normal(size=(people, 32))
    sides = [
        looks + noise * rng.normal(size=looks.shape) + rng.normal(size=32) for noise in (0.3, 1.2)
    ]
    names = [f"p{n:02}/{side}.jpg" for side in ("id", "selfie") for n in range(people)]
    vectors = np.concatenate(sides)
    path = written(tmp_path / "t.npz", {name: name[:3] for name in names}, vectors)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    alike = vectors[:people] @ vectors[people:].T
    first, second = np.nonzero(~np.eye(people, dtype=bool))
    rank = np.argsort(np.argsort(-alike[first, second])) / first.size
    taken = rng.random(rank.size) < 0.2 if not objected else rank >= 0.5
    taken |= rank < 0.01
    score = 0.5 + 0.3 * alike[first, second] + 0.05 * rng.normal(size=rank.size)
    lines = ["first,second,mated,score"]
    lines += [f"{names[n]},{names[people + n]},1,0.9{n}" for n in range(people)]
    scored = zip(first[taken], second[taken], score[taken], strict=True)
    lines += [f"{names[a]},{names[people + b]},0,{one}" for a, b, one in scored]
    found = judged_look_alikes(tmp_path, lines, path)
    assert of_the_rest(found) == ["no verdict"] * objected
    assert found["impostors"]["share"] == pytest.approx(0.01, rel=0.01)
    assert found["impostors"]["n"] == 63 == int(0.01 * first.size)


def test_a_file_of_look_alikes_alone_says_that_the_others_are_missing(tmp_path):
    vectors = np.random.default_rng(5).normal(size=(120, 8))
    scores(tmp_path / "s.csv", vectors, (0.3, 0.05), 0.0)
    options = ["--impostors", "look-alike", "--templates", str(tmp_path / "s.npz")]
    result = CliRunner().invoke(
        main, ["calibrate", str(tmp_path / "s.csv"), *options, "--out", str(tmp_path / "o")]
    )
    assert result.exit_code == 3, result.output
    assert "No comparison of people who do not look alike has a score" in " ".join(
        result.output.split()
    )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--impostors", "look-alike"], "needs --templates"),
        (["--templates", "T"], "add --impostors look-alike"),
        (["--impostors", "look-alike", "--templates", "T", "--groups", "G"], "--groups does not"),
        (["--impostors", "same-group", "--templates", "T", "--groups", "G"], "add --imp"),
        (["--impostors", "same-group"], "needs --groups"),
    ],
)
@pytest.mark.parametrize("source", ["http://127.0.0.1:9", "S"])
def test_what_does_not_go_together(  # noqa: PLR0917 - two parameters, three fixtures
    tmp_path, people, templates, source, options, message
):
    (tmp_path / "g.csv").write_text("person,group\np00,a\n")
    (tmp_path / "s.csv").write_text("first,second,mated,score\na/1,b/1,0,0.1\n")
    named = {"T": str(templates), "G": str(tmp_path / "g.csv"), "S": str(tmp_path / "s.csv")}
    data = ["--data", str(people)] if source.startswith("http") else []
    command = [named.get(one, one) for one in (source, *data, *options)]
    result = CliRunner().invoke(main, ["calibrate", *command, "--out", str(tmp_path / "o")])
    assert result.exit_code == 2
    assert message in " ".join(result.output.split())
