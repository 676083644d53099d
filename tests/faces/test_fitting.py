"""Fitting a score to people, and checking it on others."""

import json

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import beta

from reference_server.commands.fit import fit
from reference_server.faces.fitting.check import check, clusters
from reference_server.faces.fitting.fit import TooFewPeopleError, fit_plain_scorer, fit_scorer
from reference_server.faces.fitting.gallery import Gallery, Subject, acquire, gallery
from reference_server.faces.fitting.intervals import clopper_pearson
from reference_server.faces.fitting.pairs import Statistics, blocks
from reference_server.faces.fitting.people import digest, read_people, split
from reference_server.faces.fitting.tail import Histogram, Tail, knots
from reference_server.faces.scoring.score_map import ScoreMap


class Model:
    name, digest = "Made", "0" * 64


def made_people(count: int, photos: int, seed: int) -> Gallery:
    """Unit vectors like a model's: people around a common direction, photos around people."""
    rng = np.random.default_rng(seed)
    scale = np.exp(-np.arange(64) / 20)
    people = 2.0 * scale[0] + rng.normal(size=(count, 1, 64)) * scale
    vectors = (people + 0.5 * rng.normal(size=(count, photos, 64)) * scale).reshape(-1, 64)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    names = [f"{seed}-{person:04}" for person in range(count) for _ in range(photos)]
    return gallery(vectors.astype(np.float32), names)


@pytest.fixture(scope="module")
def fitted():
    return fit_scorer(made_people(500, 2, 1), Model())


@given(st.lists(st.text(min_size=1), min_size=2, unique=True), st.floats(0.1, 0.9), st.integers(0))
def test_nobody_is_fitted_and_checked(names, share, seed):
    fitted, left_out = split(names, share, seed % 2**32)
    assert not set(fitted) & set(left_out)
    assert sorted(fitted + left_out) == sorted(names)


def test_a_gallery_parts_by_people():
    whole = made_people(20, 3, 0)
    part = whole.of(whole.names[:5])
    assert part.names == whole.names[:5]
    np.testing.assert_array_equal(part.templates, whole.templates[:15])


def test_the_digest_of_people_hangs_on_no_order():
    assert digest(["b", "a", "b"]) == digest(["a", "b"]) != digest(["a", "c"])


def test_label_errors_move_photos_and_leave_some_out(tmp_path):
    for name in ("A/A_1.jpg", "A/A_2.jpg", "B/B_1.jpg", "C/C_1.jpg", "D/D_1.png", "D/notes.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    table = tmp_path / "errors.csv"
    table.write_text("photo,actual,reason\nA/A_2.jpg,B,it is B\nC/,,nobody knows\n")
    found = {photo.path.name: photo.person for photo in read_people(tmp_path, table)}
    assert found == {"A_1.jpg": "A", "A_2.jpg": "B", "B_1.jpg": "B", "D_1.png": "D"}


def test_every_pair_comes_once():
    people = made_people(150, 4, 0)
    found = [np.stack([b.first, b.second, b.cosines]) for b in blocks(people, None)]
    pairs = np.concatenate(found, axis=1)
    assert pairs.shape[1] == 600 * 599 // 2
    assert (pairs[0] == pairs[1]).sum() == 150 * 6
    all_cosines = (people.templates @ people.templates.T)[np.triu_indices(600, 1)]
    np.testing.assert_allclose(np.sort(pairs[2]), np.sort(all_cosines), atol=1e-6)


def test_pairs_are_normalised_as_the_server_does(fitted):
    people = made_people(60, 1, 2)
    statistics = Statistics.of(people.templates, fitted.cohort)
    (block,) = blocks(people, statistics)
    scores = fitted.score_map.scores(block.similarities, block.cosines)
    for first, second, score in list(zip(block.first, block.second, scores, strict=True))[::40]:
        served = fitted.score(people.templates[first], people.templates[second])
        assert served == pytest.approx(score, abs=1e-5)


def test_the_map_keeps_the_table_on_other_people(fitted):
    others = made_people(1500, 1, 3)
    for row in check(others, fitted, clusters(others)).thresholds[:4]:
        assert 0.5 < row.fmr / row.claimed < 2


def test_a_check_of_too_generous_scores_shows_it(fitted):
    others = made_people(600, 1, 4)
    shifted = tuple((x - 1.0, y) for x, y in fitted.score_map.knots)
    generous = ScoreMap(
        model="Made", bounds=(-20.0, 20.0), knots=shifted, near_identical=((0.0, 0.0),)
    )
    wrong = check(others, type(fitted)(generous, fitted.cohort), clusters(others))
    assert wrong.thresholds[2].fmr / wrong.thresholds[2].claimed > 3


def test_counts_agree_with_the_definition():
    people = made_people(500, 2, 5)
    scorer = fit_plain_scorer(people, Model())
    result = check(people, scorer, clusters(people))
    cosines = people.templates @ people.templates.T
    scores = scorer.score_map.scores(cosines, cosines)[np.triu_indices(1000, 1)]
    mated = (people.people[:, None] == people.people)[np.triu_indices(1000, 1)]
    for row in result.thresholds:
        assert row.pairs == (~mated).sum()
        assert row.false_matches == pytest.approx((scores[~mated] >= row.threshold).sum(), abs=2)
        assert row.exact[0] <= row.fmr <= row.exact[1]
    strict = result.non_matches[0]
    assert strict.pairs == mated.sum()
    assert strict.fnmr == pytest.approx((scores[mated] < strict.score).mean(), abs=1e-3)
    assert (scores[~mated] >= strict.score).mean() == pytest.approx(1e-3, rel=0.05)


def test_false_matches_of_people_weigh_every_two_people_alike():
    few = made_people(500, 1, 6)
    many = gallery(
        np.concatenate([few.templates, np.repeat(few.templates[:1], 50, axis=0)]),
        [few.names[i] for i in few.people] + [few.names[0]] * 50,
    )
    scorer = fit_plain_scorer(few, Model())
    rates = [check(p, scorer, clusters(p)).thresholds[1].fmr_of_people for p in (few, many)]
    assert rates[0] == pytest.approx(rates[1], rel=1e-6)


def test_the_tail_goes_on_where_counts_end():
    histogram = Histogram.empty((-10.0, 10.0))
    histogram.add(np.random.default_rng(0).normal(size=3_000_000))
    points = {round(y, 2): x for x, y in knots(histogram, Tail.of(histogram))}
    for log10_rate, exact in ((-2.0, 2.326), (-4.0, 3.719), (-5.0, 4.265), (-6.0, 4.753)):
        assert points[log10_rate] == pytest.approx(exact, abs=0.12)


def test_too_few_people_are_refused():
    with pytest.raises(TooFewPeopleError, match="100 people"):
        fit_scorer(made_people(100, 3, 0), Model())


@pytest.mark.parametrize(("k", "n"), [(0, 29), (3, 1000), (29, 29)])
def test_clopper_pearson_has_its_tail_probabilities(k, n):
    low, high = clopper_pearson(k, n)
    assert low <= k / n <= high
    if 0 < k < n:
        assert beta.cdf(low, k, n - k + 1) == pytest.approx(0.025)
        assert beta.cdf(high, k + 1, n - k) == pytest.approx(0.975)


def test_fitting_is_repeatable(tmp_path):
    for name in ("one", "two"):
        scorer = fit_scorer(made_people(500, 1, 7), Model(), seed=3)
        scorer.score_map.save(tmp_path / f"{name}.json")
        scorer.cohort.save(tmp_path / f"{name}.npz")
    assert (tmp_path / "one.json").read_bytes() == (tmp_path / "two.json").read_bytes()
    assert (tmp_path / "one.npz").read_bytes() == (tmp_path / "two.npz").read_bytes()


def test_a_folder_without_people_is_wrong_use(tmp_path):
    result = CliRunner().invoke(fit, [str(tmp_path), "--out", str(tmp_path / "out")])
    assert result.exit_code == 2
    assert "holds no folders of photos" in result.output


@pytest.mark.data
def test_photos_become_templates_of_their_people(engine, data):
    photos = [p for p in read_people(data / "lfw") if p.person < "Abdel"]
    people = acquire(engine, photos, Subject.CENTRE)
    assert len(people.templates) + len(people.failed) == len(photos)
    cosines = people.templates @ people.templates.T
    mated = people.people[:, None] == people.people
    assert np.median(cosines[mated]) > np.quantile(cosines[~mated], 0.99)


@pytest.mark.data
def test_too_few_people_are_wrong_use_and_write_nothing(data, tmp_path):
    people = tmp_path / "people"
    people.mkdir()
    for folder in sorted((data / "lfw").iterdir())[:12]:
        (people / folder.name).symlink_to(folder)
    result = CliRunner().invoke(fit, [str(people), "--out", str(tmp_path / "out"), "--json"])
    assert result.exit_code == 2
    assert "at least 450" in result.output
    assert not (tmp_path / "out").exists()


def test_the_shipped_check_names_the_people_of_the_shipped_map():
    from reference_server.faces.scoring.scorer import SHIPPED  # noqa: PLC0415

    checked = json.loads((SHIPPED / "Dlib-check.json").read_text())
    assert checked["people_digest"] == ScoreMap.load(SHIPPED / "Dlib.json").people
