"""What poor photos cost, and what makes them poor."""

from collections.abc import Callable
from dataclasses import fields, replace
from itertools import product

import numpy as np
import pytest
from PIL import Image

from reference_server.faces.detection.boxes import Box
from reference_server.faces.engine import Engine
from reference_server.faces.finder import Face
from reference_server.faces.photo_quality import Measures
from reference_server.faces.scoring.penalty import CAUSES, NOTICEABLE, Penalty
from reference_server.faces.scoring.scorer import SHIPPED
from reference_server.pictures import Photo
from reference_server.stages import Stages
from tests.support.seeing import seeing_once
from training.poor_photos import (
    CONDITIONS,
    KINDS,
    Change,
    barred,
    blurred,
    brightened,
    compressed,
    defocused,
    flattened,
    grainy,
    masked,
    reduced,
    shaded,
    smeared,
)
from training.unseen_photos import UNSEEN
from verikit.portraits import PEOPLE, head

SHIPPED_PENALTY = Penalty.load(SHIPPED / "Dlib-penalty.json")
COVERED, COMPRESSED = "covered", "too compressed or made of too few pixels"
POOR: list[tuple[Change, str]] = [
    (blurred(4), "too blurred"),
    (defocused(7), "too blurred"),
    (smeared(19, 80), "too blurred"),
    (smeared(17, 45), "too blurred"),
    (reduced(30), "too small"),
    (reduced(40, Image.Resampling.BOX, Image.Resampling.NEAREST), COMPRESSED),
    (compressed(3), COMPRESSED),
    (grainy(45), "too noisy"),
    (brightened(0.08), "too little contrast or colour"),
    (flattened(0.15), "too little contrast or colour"),
    (brightened(1.6, 30), "over-exposed"),
    (masked((150, 190, 215)), COVERED),
    (shaded((15, 15, 15)), COVERED),
    (barred(0.1, 0.17, 0.9, 0.42, (20, 20, 20)), COVERED),
]


def face_of(engine: Engine, image: Image.Image) -> Face:
    return engine.find(Photo(np.asarray(image)), stages=Stages())


@pytest.fixture(scope="module")
def engine(engine: Engine) -> Engine:
    return seeing_once(engine)


@pytest.fixture(scope="module")
def poor(engine: Engine) -> Callable[[str, Change], Photo]:
    """A head of 250 pixels, made poor."""

    def made(person: str, change: Change) -> Photo:
        image = head(person, 250)
        return Photo(np.asarray(change(image, face_of(engine, image).box)))

    return made


def cost(engine: Engine, photo: Photo) -> float:
    face = engine.find(photo, stages=Stages())
    return engine.penalty(face, engine.regions(face))


@pytest.mark.parametrize("person", PEOPLE)
@pytest.mark.parametrize("side", [120, 250, 600, 1000, 2000])
def test_a_good_photo_of_any_size_costs_hardly_anything(engine, person, side):
    photo = Photo(np.asarray(head(person, side)))
    assert cost(engine, photo) < 0.3 * NOTICEABLE
    assert engine.look(photo)["poor"] == ()


@pytest.mark.parametrize(("change", "cause"), POOR)
def test_a_poor_photo_costs_and_says_why(engine, poor, change, cause):
    photo = poor("collins", change)
    assert cost(engine, photo) >= NOTICEABLE
    assert cause in engine.look(photo)["poor"]


def test_every_measure_has_its_cause():
    named = [name for names in CAUSES.values() for name in names]
    assert len(named) == len(set(named))
    assert set(SHIPPED_PENALTY.knots) <= set(named)


def test_no_measure_ever_makes_up_for_another():
    for points in SHIPPED_PENALTY.knots.values():
        steps = np.diff(points, axis=0)
        assert (steps[:, 0] > 0).all()
        assert (steps[:, 1] >= 0).all()
        assert points[0][1] == 0


def test_a_measure_that_costs_nothing_is_no_cause():
    knots = {name: points for name, points in SHIPPED_PENALTY.knots.items() if name == "blur"}
    penalty = replace(SHIPPED_PENALTY, knots=knots)
    names = [name for of_cause in CAUSES.values() for name in of_cause]
    poor = Measures(**dict.fromkeys(names, 9.0))
    assert penalty.causes(poor) == ("too blurred",)


@pytest.mark.parametrize(("mouth", "told"), [(0.45, False), (0.55, True)])
def test_a_blurred_face_is_called_covered_only_where_it_would_be_refused(mouth, told):
    measures = dict.fromkeys((field.name for field in fields(Measures)), -9.0)
    assert SHIPPED_PENALTY.knots["mouth"][-1][1] > 2
    causes = SHIPPED_PENALTY.causes(Measures(**measures | {"blur": 3.5, "mouth": mouth}))
    assert causes == (("too blurred", COVERED) if told else ("too blurred",))


def test_json_round_trip_is_exact(tmp_path):
    SHIPPED_PENALTY.save(tmp_path / "penalty.json")
    assert Penalty.load(tmp_path / "penalty.json") == SHIPPED_PENALTY


@pytest.fixture(scope="module")
def without(engine: Engine) -> Engine:
    """An engine to which all photos are good."""
    return replace(engine, scorer=replace(engine.scorer, penalty=None))


def test_two_poor_photos_score_lower(engine, without, poor):
    first, second = (poor(person, blurred(4)) for person in PEOPLE)
    assert engine.compare(first, second) < without.compare(first, second) - 0.05


def test_one_good_photo_costs_nothing(engine, without, poor):
    good, bad = Photo(np.asarray(head("collins", 250))), poor("hopper", blurred(4))
    assert engine.compare(good, bad) == without.compare(good, bad)
    assert engine.compare(bad, good) == engine.compare(good, bad)


@pytest.mark.parametrize("check_quality", [False, True])
def test_the_order_of_poor_photos_changes_no_bit(engine, poor, check_quality):
    photos = [poor("collins", blurred(3)), poor("hopper", grainy(25)), poor("hopper", blurred(2))]
    for one, other in product(photos, photos):
        scores = {
            engine.compare(*pair, check_quality=check_quality)
            for pair in ((one, other), (other, one))
        }
        assert len(scores) == 1


def test_a_poor_photo_is_identical_to_itself_alone(engine, poor):
    first, second = poor("collins", blurred(4)), poor("collins", blurred(3.9))
    assert engine.compare(first, first) == 1.0
    assert engine.compare(first, second) < 1.0


@pytest.mark.data
def test_portraits_of_other_cameras_cost_hardly_anything(engine, data, photo_of):
    costs = []
    for path in sorted((data / "occlusion" / "bare").iterdir())[::3]:
        costs.append(cost(engine, photo_of(path.relative_to(data))))
    assert np.quantile(costs, 0.9) < 0.3 * NOTICEABLE


@pytest.mark.parametrize("kind", UNSEEN)
def test_an_unseen_kind_changes_a_photo_and_always_in_the_same_way(kind):
    good = head("collins", 250)
    poor, again = (np.asarray(UNSEEN[kind](good.copy(), Box(60, 60, 190, 190, 1))) for _ in "12")
    assert np.array_equal(poor, again)
    assert not np.array_equal(poor, np.asarray(good))


def test_nothing_is_fitted_to_unseen_kinds():
    assert not {*UNSEEN} & {*KINDS, *CONDITIONS}
