"""The map from similarity to score, and the scorer around it."""

import json
import math

import numpy as np
import pytest

from reference_server.faces.engine import load_engine
from reference_server.faces.errors import NoScoreMapError, UnknownModelError, WeightsError
from reference_server.faces.recognition.recogniser import Precision
from reference_server.faces.scoring.score_map import ScoreMap, uncalibrated_map
from reference_server.faces.scoring.scorer import SHIPPED, load_scorer
from verikit.contract import load_contract
from verikit.foreign_files import MALFORMED

RATES = load_contract().error_rates
SHIPPED_MAP = ScoreMap.load(SHIPPED / "Dlib.json")
NAME = "Dlib"


class Model:
    name, digest = NAME, SHIPPED_MAP.weights


def test_never_falls_on_a_fine_grid():
    similarities = np.linspace(*SHIPPED_MAP.bounds, 200_001)
    scores = SHIPPED_MAP.scores(similarities)
    assert scores[0] == 0
    assert scores[-1] == 1
    assert (np.diff(scores) >= 0).all()
    assert (np.diff(scores[similarities > SHIPPED_MAP.knots[0][0]]) > 0).all()


@pytest.mark.parametrize("threshold", RATES.thresholds)
def test_a_score_claims_the_rate_of_the_contract(threshold):
    similarity, log10_rate = zip(*SHIPPED_MAP.knots, strict=True)
    at = np.interp(np.log10(RATES.rate_at(threshold)), log10_rate[::-1], similarity[::-1])
    assert SHIPPED_MAP.scores(at) == pytest.approx(threshold, abs=1e-9)


def test_knots_are_dense_and_strictly_monotone():
    knots = np.array(SHIPPED_MAP.knots)
    assert (np.diff(knots[:, 0]) > 0).all()
    assert (np.diff(knots[:, 1]) < 0).all()
    assert np.abs(np.diff(knots[:, 1])).max() <= 0.1 + 1e-9
    assert knots[-1, 1] <= -6


def test_the_tail_is_bounded_by_the_map():
    assert SHIPPED_MAP.bounds[1] > SHIPPED_MAP.knots[-1][0]


def test_json_round_trip_is_exact(tmp_path):
    SHIPPED_MAP.save(tmp_path / "map.json")
    assert ScoreMap.load(tmp_path / "map.json") == SHIPPED_MAP
    assert (tmp_path / "map.json").read_text() == (SHIPPED / "Dlib.json").read_text()


def test_a_map_of_the_first_version_is_read(tmp_path):
    entry = json.loads((SHIPPED / "Dlib.json").read_text())
    lifting = {"near_identical": [[0.98, 0.0], [1.0, 1.0]], "version": 1}
    (tmp_path / "map.json").write_text(json.dumps(entry | lifting))
    assert ScoreMap.load(tmp_path / "map.json") == SHIPPED_MAP


@pytest.mark.parametrize(
    "changes",
    [
        {"knots": []},
        {"knots": SHIPPED_MAP.knots[::-1]},
        {"knots": [[0, -3], [1, -1]]},
        {"knots": [[0, -1], [0, -2]]},
        {"knots": [[0, math.nan]]},
        {"knots": [[math.nan, -1]]},
        {"knots": [[10**400, -1]]},
        {"bounds": [1, -1]},
        {"bounds": [-20]},
        {"bounds": [-math.inf, math.inf]},
        {"what": 1},
    ],
    ids=str,
)
def test_a_map_whose_scores_would_promise_nothing_is_refused(tmp_path, changes):
    entry = json.loads((SHIPPED / "Dlib.json").read_text())
    (tmp_path / "map.json").write_text(json.dumps(entry | changes))
    with pytest.raises(MALFORMED):
        ScoreMap.load(tmp_path / "map.json")


@pytest.mark.parametrize("folder", ["", "fp32"])
def test_the_shipped_map_says_what_it_was_fitted_to(folder):
    entry = json.loads((SHIPPED / folder / "Dlib.json").read_text())
    assert entry["pairs"] > 30_000_000
    assert len(entry["people"]) == len(entry["weights"]) == 64
    assert set(entry["tail"]) == {"threshold", "rate", "shape", "scale"}


def test_nothing_shipped_is_large():
    assert sum(path.stat().st_size for path in SHIPPED.rglob("Dlib*")) < 5_000_000


def test_a_model_without_a_map_is_refused_before_anything_is_fetched():
    with pytest.raises(NoScoreMapError, match=r"ArcFace has no score map.*--uncalibrated"):
        load_engine("ArcFace")


def test_an_unknown_model_is_refused_with_the_known_ones():
    with pytest.raises(UnknownModelError, match="ArcFace"):
        load_engine("FaceFoo")


def test_without_a_map_no_rate_is_claimed():
    class Other:
        name, digest = "ArcFace", None

    assert not load_scorer(Other()).score_map.calibrated
    assert load_scorer(Model()).score_map.calibrated


def test_a_map_of_other_weights_is_refused():
    class Changed:
        name, digest = NAME, "0" * 64

    with pytest.raises(WeightsError, match="other weights"):
        load_scorer(Changed())


def test_a_map_of_the_weights_as_they_are_is_served_with_their_precision():
    folder = SHIPPED / "fp32"
    with pytest.raises(WeightsError, match=r"other weights: .* or add --precision fp32$"):
        load_engine(score_maps=folder)
    assert load_engine(score_maps=folder, precision=Precision.FP32).calibrated


def test_an_uncalibrated_map_is_the_cosine():
    made = uncalibrated_map("ArcFace")
    np.testing.assert_allclose(made.scores([-0.5, 0, 0.25, 1]), [0, 0, 0.25, 1])


def test_the_scorer_is_symmetric_to_the_last_bit():
    scorer = load_scorer(Model())
    vectors = np.random.default_rng(0).normal(size=(40, 128)).astype(np.float32)
    vectors += vectors.mean(axis=0) + 2
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    for first, second in zip(vectors[::2], vectors[1::2], strict=True):
        assert scorer.score(first, second) == scorer.score(second, first)
        assert scorer.score(first, first) > 0.99
