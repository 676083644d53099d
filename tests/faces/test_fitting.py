"""Fitting a score to templates of people, and holding some out to judge it by."""

import json
from dataclasses import replace

import numpy as np
import pytest
from click.testing import CliRunner, Result

from calibration.report import plots
from reference_server.commands.fit import HELD_OUT
from reference_server.faces.engine import load_engine
from reference_server.faces.errors import NoScoreMapError, WeightsError
from reference_server.faces.fitting.fit import fit_to
from reference_server.faces.fitting.pairs import Statistics, blocks
from reference_server.faces.fitting.people import LabelledTemplates
from reference_server.faces.fitting.tail import Histogram, Tail, knots
from reference_server.faces.scoring.cohort import Cohort
from reference_server.faces.scoring.score_map import ScoreMap
from reference_server.faces.scoring.scorer import Scorer
from verikit.cli import main
from verikit.contract import load_contract
from verikit.errors import WrongUse

RATES = load_contract().error_rates


def made_people(count: int, photos: int, seed: int) -> LabelledTemplates:
    """Unit vectors like a model's: people around a common direction, photos around people."""
    rng = np.random.default_rng(seed)
    scale = np.exp(-np.arange(64) / 20)
    people = 2.0 * scale[0] + rng.normal(size=(count, 1, 64)) * scale
    vectors = (people + 0.5 * rng.normal(size=(count, photos, 64)) * scale).reshape(-1, 64)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    names = [f"{seed}-{person:04}" for person in range(count) for _ in range(photos)]
    files = [f"{name}/{place}.jpg" for place, name in enumerate(names)]
    return LabelledTemplates.of(
        vectors.astype(np.float32), np.array(names), np.array(files), model="Made", weights="0" * 64
    )


@pytest.fixture(scope="module")
def fit():
    return fit_to(made_people(500, 2, 1))


@pytest.fixture(scope="module")
def fitted(fit):
    return Scorer(fit.score_map, fit.cohort)


def run_fit(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["fit", *(str(argument) for argument in arguments)])


@pytest.mark.parametrize("share", [0.0, 0.25, 0.5, 0.9])
@pytest.mark.parametrize("seed", [0, 5])
def test_nobody_is_fitted_and_held_out(share, seed):
    whole = made_people(40, 3, 0)
    rest, held_out = whole.parted(share, seed)
    assert not set(rest.names) & set(held_out.names)
    assert sorted(rest.names + held_out.names) == sorted(whole.names)
    assert len(held_out.names) == round(share * 40)
    for part in (rest, held_out):
        for person, photo, vector in zip(part.people, part.photos, part.templates, strict=True):
            assert photo.startswith(part.names[person])
            place = whole.photos.tolist().index(photo)
            np.testing.assert_array_equal(vector, whole.templates[place])


def test_every_pair_comes_once(fitted):
    people = made_people(150, 4, 0)
    statistics = Statistics.of(people.templates, fitted.cohort)
    found = [np.stack([b.first, b.second, b.cosines]) for b in blocks(people, statistics)]
    pairs = np.concatenate(found, axis=1)
    assert pairs.shape[1] == 600 * 599 // 2
    assert (pairs[0] == pairs[1]).sum() == 150 * 6
    all_cosines = (people.templates @ people.templates.T)[np.triu_indices(600, 1)]
    np.testing.assert_allclose(np.sort(pairs[2]), np.sort(all_cosines), atol=1e-6)


def test_pairs_are_normalised_as_the_server_does(fitted):
    people = made_people(60, 1, 2)
    (block,) = blocks(people, Statistics.of(people.templates, fitted.cohort))
    scores = fitted.score_map.scores(block.similarities)
    for first, second, score in list(zip(block.first, block.second, scores, strict=True))[::40]:
        served = fitted.score(people.templates[first], people.templates[second])
        assert served == pytest.approx(score, abs=1e-5)


def test_a_pair_pays_what_its_better_photo_costs(fitted):
    good = made_people(60, 1, 2)
    poor = replace(good, penalties=np.arange(60, dtype=np.float32))
    (before,), (after,) = (
        blocks(people, Statistics.of(people.templates, fitted.cohort)) for people in (good, poor)
    )
    paid = before.similarities - after.similarities
    np.testing.assert_allclose(paid, np.minimum(before.first, before.second), atol=1e-4)


def false_match_rates(people, scorer):
    """At the documented thresholds, among all non-mated pairs."""
    statistics = Statistics.of(people.templates, scorer.cohort)
    scores = np.concatenate(
        [
            scorer.score_map.scores(block.similarities)[~block.mated]
            for block in blocks(people, statistics)
        ]
    )
    return [(scores >= threshold).mean() for threshold in RATES.thresholds]


def test_the_map_keeps_the_table_on_other_people(fitted):
    measured = false_match_rates(made_people(1500, 1, 3), fitted)
    for (_, claimed), rate in list(zip(RATES.rows, measured, strict=True))[:4]:
        assert 0.5 < rate / claimed < 2


def test_a_cohort_that_knows_the_people_would_break_the_table(fitted):
    """Why the cohort is drawn out of fold: it is denser around the people it was fitted to."""
    people = made_people(500, 2, 1)
    known = false_match_rates(people, fitted)
    others = false_match_rates(made_people(500, 2, 9), fitted)
    assert known[2] < 0.8 * others[2]


def test_the_tail_goes_on_where_counts_end():
    histogram = Histogram.empty((-10.0, 10.0))
    histogram.add(np.random.default_rng(0).normal(size=3_000_000))
    points = {round(y, 2): x for x, y in knots(histogram, Tail.of(histogram))}
    for log10_rate, exact in ((-2.0, 2.326), (-4.0, 3.719), (-5.0, 4.265), (-6.0, 4.753)):
        assert points[log10_rate] == pytest.approx(exact, abs=0.12)


def test_too_few_people_are_wrong_use_and_write_nothing(fitted, tmp_path):
    with pytest.raises(WrongUse, match="100 people"):
        fit_to(made_people(100, 3, 0))
    made_people(800, 1, 0).save(tmp_path / "people.npz", fitted.cohort)
    result = run_fit(tmp_path / "people.npz", "--out", tmp_path / "out", "--hold-out", 0.5)
    assert result.exit_code == 2
    assert "at least 450" in result.output
    assert not (tmp_path / "out").exists()


def test_fitting_is_repeatable(fitted, tmp_path):
    people = tmp_path / "people.npz"
    made_people(450, 1, 8).save(people, fitted.cohort)
    for name in ("one", "two"):
        assert run_fit(people, "--out", tmp_path / name, "--seed", 3).exit_code == 0
    for file in ("Made.json", "Made.npz"):
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()
    assert not (tmp_path / "one" / HELD_OUT).exists()


def test_held_out_people_can_be_calibrated_by(fitted, tmp_path, monkeypatch):
    monkeypatch.setattr(plots, "drawn", lambda *_, **__: "<svg></svg>")  # they take the longest
    people_file = tmp_path / "people.npz"
    made_people(1200, 2, 8).save(people_file, fitted.cohort)
    result = run_fit(people_file, "--out", tmp_path, "--hold-out", 0.5)
    assert result.exit_code == 0, result.output
    score_map, held_out = ScoreMap.load(tmp_path / "Made.json"), tmp_path / HELD_OUT
    assert held_out.stat().st_mode & 0o077 == 0, "others may read biometric data"
    people = LabelledTemplates.load(held_out)
    assert len(people.names) == 600
    assert score_map.people != people.digest()
    stored = np.load(held_out)
    cohort = Cohort.load(tmp_path / "Made.npz")
    mean, deviation = cohort.statistics(people.templates)
    np.testing.assert_allclose(stored["mean"], mean, atol=1e-6)
    np.testing.assert_allclose(stored["deviation"], deviation, atol=1e-6)
    command = ["calibrate", str(held_out), "--score-map", str(tmp_path / "Made.json"), "--json"]
    judged = CliRunner().invoke(main, [*command, "--up-to", "0.6", "--out", str(tmp_path / "out")])
    rows = json.loads(judged.stdout)["rows"]
    for row in rows[:2]:
        assert 0.5 < row["fmr"] / row["claimed"] < 2


def written(path, **changes) -> None:
    """Two templates of two people, with other arrays, or without those that are None."""
    arrays = {"vectors": np.ones((2, 3)), "people": ["a", "b"], "photos": ["1", "2"]}
    arrays |= {"model": "Made", "weights": ""} | changes
    kept = {name: np.array(value) for name, value in arrays.items() if value is not None}
    np.savez(path, **kept)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"vectors": None}, "it has no 'vectors'"),
        ({"model": None}, "it has no 'model'"),
        ({"photos": ["1"]}, "do not match"),
        ({"vectors": np.ones(2)}, "do not match"),
        ({"vectors": np.zeros((2, 3))}, "zero or not finite"),
        ({"vectors": np.full((2, 3), np.nan)}, "zero or not finite"),
        ({"vectors": np.full((2, 3), 1e30)}, "zero or not finite"),
        ({"vectors": np.full((2, 3), 1e300)}, "zero or not finite"),
        ({"penalty": [0, -1]}, "a penalty"),
        *(
            ({"model": model}, "does not name a model")
            for model in ("../x", "..", "", " ", "a\nb", "a\x1bb", "x" * 65, ["a", "b"])
        ),
    ],
)
def test_a_file_that_holds_no_templates_is_wrong_use(tmp_path, changes, why):
    written(tmp_path / "people.npz", **changes)
    result = run_fit(tmp_path / "people.npz", "--out", tmp_path / "out")
    assert result.exit_code == 2
    assert why in result.output
    assert "make it with `verikit templates`" in result.output


@pytest.mark.parametrize("size", [1, 64])
def test_people_whose_templates_are_alike_are_too_few(size):
    people = made_people(500, 2, 1)
    alike = replace(people, templates=np.full((1000, size), size**-0.5, np.float32))
    with pytest.raises(WrongUse, match="1 person has templates of their own, too few"):
        fit_to(alike)


def test_opposite_templates_have_no_mean():
    people = made_people(500, 2, 1)
    opposite = np.repeat(people.templates[::2], 2, axis=0)
    opposite[7] *= -1
    with pytest.raises(WrongUse, match="templates of 1-0003 are opposites"):
        fit_to(replace(people, templates=opposite))


@pytest.mark.parametrize(
    "arrays",
    [
        {},
        {"vectors": np.ones(400)},
        {"vectors": np.ones((399, 128))},
        {"vectors": np.full((400, 128), np.nan)},
    ],
)
def test_a_file_that_holds_no_cohort_is_refused(tmp_path, arrays):
    np.savez(tmp_path / "odd.npz", **arrays)
    with pytest.raises((LookupError, ValueError)):
        Cohort.load(tmp_path / "odd.npz")


def test_what_was_fitted_is_served(tmp_path, fit, engine, astronaut, hopper):
    score_map = replace(fit.score_map, model="Dlib", weights=engine.recogniser.digest)
    replace(fit, score_map=score_map, vectors=_like_the_models(fit.vectors)).save(tmp_path)
    served = load_engine(score_maps=tmp_path)
    assert served.scorer.score_map == score_map
    assert served.compare(astronaut, hopper) != engine.compare(astronaut, hopper)
    (tmp_path / "Dlib.npz").write_bytes(b"something else")
    with pytest.raises(WeightsError, match="verikit fit"):
        load_engine(score_maps=tmp_path)


def test_a_folder_without_the_models_map_is_refused(tmp_path):
    with pytest.raises(NoScoreMapError, match="verikit fit"):
        load_engine(score_maps=tmp_path)


def _like_the_models(vectors: np.ndarray) -> np.ndarray:
    """As many numbers in a template as the model gives."""
    return (np.concatenate([vectors, vectors], axis=1) / np.sqrt(2)).astype(vectors.dtype)
