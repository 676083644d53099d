"""Groups that nobody gave: clusters of look-alike people by the templates of another system."""

import csv
import io
import json
from functools import cache

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from calibration.asking.store import FILE
from calibration.sources.clusters import Clustering, cluster_people
from calibration.sources.independence import concordance
from calibration.sources.templates import OfPhotos
from verikit.cli import main
from verikit.errors import WrongUse

FAST = ["--rate", "100000", "--quiet"]


def blobs(rng, sizes, dimensions: int = 8) -> np.ndarray:
    """Directions of people, each kind around another axis."""
    kind = np.repeat(np.arange(len(sizes)), sizes)
    return 4 * np.eye(dimensions)[kind] + rng.normal(size=(kind.size, dimensions)) / 2


def written(path, people: dict[str, str], vectors: np.ndarray):
    names = list(people)
    np.savez(path, vectors=vectors, people=list(people.values()), photos=names)
    return path


def photos_of(people: int, each: int) -> dict[str, str]:
    return {f"p{p:03}/{n}.jpg": f"p{p:03}" for p in range(people) for n in range(each)}


def clusters_of(path, people, wanted):
    return cluster_people(OfPhotos.load(path, list(people)), list(people.values()), wanted)


@given(st.integers(0, 1000))
@settings(max_examples=8)
def test_people_who_look_alike_are_a_cluster_whatever_the_order(tmp_path_factory, seed):
    rng = np.random.default_rng(seed)
    people = photos_of(160, 2)
    looks = np.repeat(blobs(rng, (70, 50, 40)), 2, axis=0) + rng.normal(size=(320, 8)) / 5
    folder, names = tmp_path_factory.mktemp("t"), list(people)
    order = rng.permutation(320)
    found = [
        clusters_of(path, some, Clustering(3))
        for path, some in (
            (written(folder / "a.npz", people, looks), people),
            (
                written(
                    folder / "b.npz", {names[n]: people[names[n]] for n in order}, looks[order]
                ),
                {names[n]: people[names[n]] for n in order[::-1]},
            ),
        )
    ]
    assert found[0][0] == found[1][0]
    labels, clusters = found[0]
    assert [labels[f"p{p:03}"] for p in range(160)] == (
        ["cluster 1"] * 70 + ["cluster 2"] * 50 + ["cluster 3"] * 40
    )
    assert (clusters.number, clusters.people, clusters.without_template) == (3, 160, 0)


@pytest.mark.parametrize(("people", "number"), [(61, 2), (250, 2), (450, 4), (1000, 8)])
def test_there_is_a_cluster_for_every_hundred_people(tmp_path, people, number):
    rng = np.random.default_rng(1)
    path = written(tmp_path / "t.npz", photos_of(people, 1), rng.normal(size=(people, 2)))
    labels, clusters = clusters_of(path, photos_of(people, 1), Clustering())
    sizes = np.unique(list(labels.values()), return_counts=True)[1]
    assert clusters.number == len(sizes) <= number
    assert len(sizes) >= number - (number > 2)
    assert sizes.min() >= 30


def test_a_cluster_too_small_to_be_judged_joins_the_nearest(tmp_path):
    rng = np.random.default_rng(1)
    looks = blobs(rng, (60, 60, 10))
    looks[-10:, 1] += 3  # nearer to the second kind
    path = written(tmp_path / "t.npz", photos_of(130, 1), looks)
    labels, clusters = clusters_of(path, photos_of(130, 1) | {"x/0.jpg": "x"}, Clustering(3))
    assert clusters.number == 2
    assert clusters.without_template == 1
    assert "x" not in labels
    assert len({labels[f"p{p:03}"] for p in range(60, 130)}) == 1


@pytest.mark.parametrize(
    ("sizes", "wanted", "message"),
    [
        ((30, 29), Clustering(), "2 clusters of at least 30 take 60"),
        ((60, 50), Clustering(4), "4 clusters of at least 30 take 120"),
        ((60, 5), Clustering(2), "of 2 clusters of its 65 people only one had at least 30"),
    ],
)
def test_too_few_people_are_a_sentence(tmp_path, sizes, wanted, message):
    people = photos_of(sum(sizes), 1)
    path = written(tmp_path / "t.npz", people, blobs(np.random.default_rng(1), sizes))
    with pytest.raises(WrongUse, match=message):
        clusters_of(path, people, wanted)


def test_people_without_templates_at_all_are_a_sentence(tmp_path):
    path = written(tmp_path / "t.npz", {"other.jpg": "o", "more.jpg": "m"}, np.eye(2))
    with pytest.raises(WrongUse, match="fewer than two of these people"):
        clusters_of(path, photos_of(80, 1), Clustering())


@given(st.integers(0, 10_000), st.sampled_from([np.cbrt, np.arctan, lambda x: np.round(x, 1)]))
@settings(max_examples=20)
def test_scores_that_rise_with_similarity_agree_with_it_rounded_or_not(seed, rising):
    rng = np.random.default_rng(seed)
    similarity, other = rng.normal(size=(2, 5000))
    assert concordance(similarity, rising(similarity)) == 1
    assert concordance(similarity, -rising(similarity)) == 0
    assert 0.45 < concordance(similarity, rising(other)) < 0.55
    assert np.isnan(concordance(similarity, np.zeros(5000)))


@cache
def seen(look: float, people: int) -> tuple[str, np.ndarray, np.ndarray]:
    """A file of all pairs, the looks of the people, and how the system under test sees them."""
    rng = np.random.default_rng(3)
    looks = blobs(rng, (people // 2, people - people // 2)) / 4
    views = [looks + look * rng.normal(size=looks.shape) for _ in range(2)]
    ours, again = (view / np.linalg.norm(view, axis=1, keepdims=True) for view in views)
    names = list(photos_of(people, 1))
    file = io.StringIO()
    rows = csv.writer(file)
    rows.writerow(("first", "second", "mated", "score"))
    for a, b in zip(*np.triu_indices(people, 1), strict=True):
        rows.writerow((names[a], names[b], 0, max(0, ours[a] @ ours[b])))
    for a, name in enumerate(names):
        rows.writerow((name, name.replace("/0", "/1"), 1, max(0, ours[a] @ again[a])))
    return file.getvalue(), looks, ours


def scores(folder, look: float, people: int = 130) -> list[str]:
    """All pairs, by a system that sees looks as the templates do but for noise of its own."""
    text, looks, ours = seen(look, people)
    written(folder / "other.npz", photos_of(people, 1), looks)
    written(folder / "own.npz", photos_of(people, 1), ours)
    (folder / "s.csv").write_text(text, newline="")
    return [str(folder / "s.csv"), "--out", str(folder / "o"), "--up-to", "0.5"]


def calibrate(*command):
    return CliRunner().invoke(main, ["calibrate", *map(str, command)], catch_exceptions=False)


def test_a_file_of_scores_is_judged_by_cluster_and_says_what_clusters_are(tmp_path):
    command = [
        *scores(tmp_path, 0.3),
        "--groups",
        "clusters",
        "--templates",
        tmp_path / "other.npz",
    ]
    result = calibrate(*command, "--require", "fmr-differential@0.5<=3")
    told = " ".join(result.output.split())
    found = json.loads((tmp_path / "o/report.json").read_text())
    rows = {row["label"]: row for row in found["groups"]}
    assert {"cluster 1", "cluster 1|cluster 2", "cluster 2"} < set(rows)
    assert rows["cluster 1"]["people"] == rows["cluster 2"]["people"] == 65
    assert rows["within a group"]["fmr"][1]["rate"] > 3 * rows["across groups"]["fmr"][1]["rate"]
    assert found["clusters"] == {
        "source": "other.npz", "number": 2, "people": 130, "without_template": 0,
    }  # fmt: skip
    assert found["required"][0]["verdict"] == "PASS"
    page = " ".join((tmp_path / "o/report.html").read_text().split())
    for text in (told, page):
        assert (
            "2 clusters of look-alike people made from other.npz&#39;s templates, not demographic "
            "groups".replace("&#39;", "'" if text is told else "&#39;")
        ) in text
        assert "People of a cluster look alike" in text
    again = calibrate(*command)
    assert json.loads((tmp_path / "o/report.json").read_text())["groups"] == found["groups"]
    told = " ".join(again.output.split())
    assert "Cluster 1 and cluster 2 FAIL at 0.7. Clusters are of look-alikes" in told


def test_the_templates_of_the_system_under_test_are_refused(tmp_path):
    command = scores(tmp_path, 0.3)
    own = ["--templates", tmp_path / "own.npz"]
    result = calibrate(*command, "--groups", "clusters", *own)
    assert result.exit_code == 2
    assert "templates of the system under test" in " ".join(result.output.split())
    result = calibrate(*command, "--impostors", "look-alike", *own, "--json")
    told = [one for one in json.loads(result.stdout)["objections"] if one["kind"] == "same system"]
    assert [one["effect"] for one in told] == ["no PASS"]
    assert "as their scores do in 100 % of cases" in told[0]["text"]
    result = calibrate(*command, "--impostors", "look-alike", "--templates", tmp_path / "other.npz")
    assert "under test" not in result.output


@pytest.mark.parametrize("rule", ["distance", "product"])
def test_own_templates_of_any_length_are_noticed_by_distance_and_product(tmp_path, rule):
    """A system whose vectors differ in length, and that does not compare cosines."""
    rng = np.random.default_rng(4)
    people = 130
    vectors = rng.normal(size=(people, 8)) * rng.lognormal(0, 0.6, (people, 1))
    path = written(tmp_path / "own.npz", photos_of(people, 1), vectors)
    apart = np.linalg.norm(vectors[:, None] - vectors[None], axis=2)
    score = np.exp(-apart / 3) if rule == "distance" else 1 / (1 + np.exp(-(vectors @ vectors.T)))
    first, second = np.triu_indices(people, 1)
    lines = ["first,second,mated,score"]
    lines += [f"p{n:03}/0.jpg,p{n:03}/1.jpg,1,1" for n in range(people)]
    scored = zip(first, second, score[first, second], strict=True)
    lines += [f"p{a:03}/0.jpg,p{b:03}/0.jpg,0,{one:.9f}" for a, b, one in scored]
    (tmp_path / "s.csv").write_text("\n".join(lines))
    cosines = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    assert concordance((cosines @ cosines.T)[first, second], score[first, second]) < 0.9
    command = [tmp_path / "s.csv", "--out", tmp_path / "o", "--templates", path]
    result = calibrate(*command, "--groups", "clusters")
    assert result.exit_code == 2
    assert "in 100 % of cases: these are templates of the system under test" in " ".join(
        result.output.split()
    )


WAYS = [["--groups", "clusters"], ["--impostors", "look-alike"]]


@pytest.mark.parametrize("way", WAYS)
def test_templates_that_name_other_people_than_the_file_are_refused(tmp_path, way):
    """As where one array is shifted; another scheme of names contradicts nothing."""
    command = scores(tmp_path, 0.3)
    names = list(photos_of(130, 1))
    vectors = np.load(tmp_path / "other.npz")["vectors"]
    path = tmp_path / "other.npz"

    def judged(people: list[str]) -> str:
        written(path, dict(zip(names, people, strict=True)), vectors)
        return " ".join(calibrate(*command, *way, "--templates", path).output.split())

    right = [name.partition("/")[0] for name in names]
    shifted = judged(right[1:] + right[:1])
    assert "130 of 130 templates name another person than is on the photo" in shifted
    assert "p129/0.jpg: p000, not p129" in shifted
    assert "1 template names another person than is on the photo" in judged(["p007", *right[1:]])
    assert "another person" not in judged([f"id {one}" for one in right])


def test_templates_whose_independence_cannot_be_checked_are_told(tmp_path):
    """They are of photos that are in no non-mated comparison."""
    command = scores(tmp_path, 0.3)
    with np.load(tmp_path / "own.npz") as file:
        live = {f"p{n:03}/1.jpg": f"p{n:03}" for n in range(130)}
        written(tmp_path / "live.npz", live, file["vectors"])
    result = calibrate(*command, "--groups", "clusters", "--templates", tmp_path / "live.npz")
    told = " ".join(result.output.split())
    assert "Whether live.npz is of another system was not checked" in told
    assert "and there are 0." in told


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda a: a | {"vectors": a["vectors"].astype(complex)}, "must be real numbers"),
        (lambda a: a | {"vectors": a["vectors"].astype(float) * 1e300}, "must be finite"),
        (lambda a: a | {"vectors": np.ones((130, 8))}, "only one had at least 30"),
        (lambda a: a | {"photos": a["photos"].astype(object)}, "contains Python objects"),
    ],
)
def test_templates_that_cannot_be_meant_are_a_sentence_and_no_warning(tmp_path, change, message):
    command = scores(tmp_path, 0.3)
    with np.load(tmp_path / "other.npz") as file:
        arrays = change(dict(file))
    np.savez(tmp_path / "t.npz", **arrays)
    result = calibrate(*command, "--groups", "clusters", "--templates", tmp_path / "t.npz")
    assert result.exit_code == 2
    assert message in " ".join(result.output.split())


def test_templates_in_the_reverse_order_of_the_scores_are_no_chance(tmp_path):
    """As where scores are distances: they come from the same looks all the same."""
    command = scores(tmp_path, 0.3)
    text = (tmp_path / "s.csv").read_text().splitlines()
    turned = [line.rsplit(",", 1) for line in text[1:]]
    lines = [f"{pair},{1 - float(score)}" for pair, score in turned]
    (tmp_path / "s.csv").write_text("\n".join([text[0], *lines]))
    result = calibrate(*command, "--groups", "clusters", "--templates", tmp_path / "own.npz")
    told = " ".join(result.output.split())
    assert result.exit_code == 2
    assert "more often in the reverse order: these are templates of the system under test" in told
    result = calibrate(*command, "--groups", "clusters", "--templates", tmp_path / "other.npz")
    told = " ".join(result.output.split())
    assert "reverse order: it does not tell who looks alike to this system" in told
    assert "chance" not in told


def test_templates_that_tell_nothing_of_the_scores_are_said_to(tmp_path):
    command = scores(tmp_path, 0.3)
    vectors = blobs(np.random.default_rng(9), (65, 65))[np.random.default_rng(8).permutation(130)]
    written(tmp_path / "r.npz", photos_of(130, 1), vectors)
    result = calibrate(*command, "--groups", "clusters", "--templates", tmp_path / "r.npz")
    assert "which is chance: it does not tell who looks alike" in " ".join(result.output.split())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--groups", "clusters"], "--groups clusters needs --templates"),
        (["--groups", "clusters:1"], "is not a number of clusters such as clusters:4"),
        (["--groups", "clusters:x"], "is not a number of clusters such as clusters:4"),
        (["--groups", "cluster"], "does not exist"),
        (["--groups", "clusters:70", "--templates", "T"], "70 clusters of at least 30 take 2,100"),
        (
            ["--groups", "clusters", "--templates", "T", "--impostors", "same-group"],
            "needs --groups",
        ),
        (["--groups", "clusters", "--templates", "T", "--impostors", "look-alike"], "remove one"),
    ],
)
def test_what_does_not_go_together(tmp_path, options, message):
    command = scores(tmp_path, 0.3)
    options = [str(tmp_path / "other.npz") if one == "T" else one for one in options]
    result = calibrate(*command, *options)
    assert result.exit_code == 2
    assert message in " ".join(result.output.split())


@pytest.mark.live
def test_a_run_keeps_what_its_groups_are(stub, people, tmp_path):
    names = {f"p{p:02}/{n}.jpg": f"p{p:02}" for p in range(60) for n in range(2)}
    kinds = np.repeat(blobs(np.random.default_rng(1), (30, 30)), 2, axis=0)
    written(tmp_path / "t.npz", names, kinds)
    written(tmp_path / "other.npz", names, kinds[np.arange(120) // 2 % 2 * 119])
    out = tmp_path / "out"
    command = [stub.url, "--data", people, "--out", out, *FAST, "--budget", "900", "--up-to", "0.4"]
    clusters = ["--groups", "clusters", "--templates"]
    result = calibrate(*command, *clusters, tmp_path / "t.npz")
    assert "2 clusters of look-alike people made from t.npz's" in " ".join(result.output.split())
    found = json.loads((out / "report.json").read_text())
    assert found["provenance"]["groups"] == "clusters"
    assert "t.npz (SHA-256 " in found["provenance"]["templates"]
    again = calibrate(out / FILE, "--up-to", "0.4", "--json", "--out", tmp_path / "again")
    rejudged = json.loads(again.stdout)
    assert rejudged["clusters"] == found["clusters"]
    assert rejudged["groups"] == found["groups"]
    for options in ([], [*clusters, tmp_path / "other.npz"]):
        refused = calibrate(*command, *options)
        assert refused.exit_code == 2
        assert "different groups" in " ".join(refused.output.split())


@pytest.mark.live
def test_a_run_leaves_clusters_out_that_are_the_servers_own(stub, people, tmp_path, monkeypatch):
    rng = np.random.default_rng(1)
    vectors = blobs(rng, (30, 30)) + rng.normal(size=(60, 8))
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    names = {f"p{p:02}/{n}.jpg": f"p{p:02}" for p in range(60) for n in range(2)}
    others = {"p00/0.jpg": "p01"}  # told beside what is dropped
    written(tmp_path / "own.npz", names | others, np.repeat(vectors, 2, axis=0))

    def score(first: bytes, second: bytes, generosity: float) -> float:
        a, b = (unit[int(photo[1:3])] for photo in (first, second))
        return 0.999 if a is b else (1 + float(a @ b)) / 2.01

    monkeypatch.setitem(type(stub).__init__.__globals__, "score_of", score)
    out = tmp_path / "out"
    command = [stub.url, "--data", people, "--out", out, *FAST, "--budget", "900", "--up-to", "0.4"]
    options = ["--groups", "clusters", "--templates", tmp_path / "own.npz"]
    required = ["--require", "fmr-differential@0.4<=3"]
    result = calibrate(*command, *options, *required)
    told = " ".join(result.output.split())
    assert result.exit_code == 3, told
    assert told.count("Its clusters are left out") == 1
    assert "1 template names another person than is on the photo" in told
    assert "Groups at" not in told
    for source in (command, [out / FILE, "--out", tmp_path / "again", "--up-to", "0.4"]):
        told = calibrate(*source, *(options if source is command else ()), "--json")
        found = json.loads(told.stdout)
        assert found["groups"] == []
        assert found["clusters"] is None
        assert found["table_verdict"] == "FAIL"
