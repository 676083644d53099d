"""Covered faces: found, named by region and by photo, and refused only when that is asked."""

from functools import cache

import numpy as np
import pytest

from reference_server.faces.detection.mtcnn import MtcnnDetector, load_networks
from reference_server.faces.engine import Engine
from reference_server.faces.occlusion import REGIONS
from reference_server.pictures import Photo
from reference_server.refusals import FaceCovered, NoFaceFound
from tests.support.seeing import seeing_once
from training.drawing import harmless
from training.drawing.frame import Frame, ellipse
from training.drawing.paint import over
from training.drawing.scene import Scene
from training.photos import masked, portraits

SPOTS = {
    "left eye": [ellipse((1, 0), (0.8, 0.55))],
    "right eye": [ellipse((-1, 0), (0.8, 0.55))],
    "mouth": [ellipse((0, 2.2), (1.4, 0.6))],
    "left eye, right eye": [[(-2, -0.5), (2, -0.5), (2, 0.5), (-2, 0.5)]],
}


@pytest.fixture(scope="module")
def engine(engine: Engine) -> Engine:
    return seeing_once(engine)


@cache
def mtcnn() -> MtcnnDetector:
    return MtcnnDetector(load_networks())


@cache
def frame_of(photo: Photo) -> Frame:
    _, landmarks = mtcnn().detect(photo.pixels)
    height, width = photo.pixels.shape[:2]
    return Frame.of(landmarks[0], (width, height))


def covered(photo: Photo, spots, colour=(40, 90, 60)) -> Photo:
    mask = frame_of(photo).fill(*spots)[..., None]
    return Photo((photo.pixels * (1 - mask) + np.array(colour) * mask).astype(np.uint8))


def refused(engine: Engine, photo: Photo) -> bool:
    try:
        engine.compare(photo, photo, check_quality=True)
    except NoFaceFound:
        return False
    except FaceCovered:
        return True
    return False


@pytest.mark.parametrize("regions", SPOTS)
def test_regions_are_named(engine: Engine, astronaut: Photo, hopper: Photo, regions: str):
    for person in (astronaut, hopper):
        photo = covered(person, SPOTS[regions])
        with pytest.raises(FaceCovered) as finding:
            engine.compare(photo, person, check_quality=True)
        assert finding.value.regions == tuple(regions.split(", "))


def test_covered_faces_are_compared_unless_quality_is_asked(engine, astronaut):
    photo = covered(astronaut, SPOTS["mouth"])
    assert 0 < engine.compare(photo, astronaut) <= 1


def test_bare_faces_pass(engine, astronaut, hopper):
    assert engine.compare(astronaut, hopper, check_quality=True) == engine.compare(
        astronaut, hopper
    )


def test_second_photo_is_named(engine, astronaut, hopper):
    with pytest.raises(FaceCovered) as finding:
        engine.compare(hopper, covered(astronaut, SPOTS["mouth"]), check_quality=True)
    assert finding.value.photo == 1


def test_first_of_two_covered_is_named(engine, astronaut, hopper):
    photos = (covered(person, SPOTS["mouth"]) for person in (hopper, astronaut))
    with pytest.raises(FaceCovered) as finding:
        engine.compare(*photos, check_quality=True)
    assert finding.value.photo == 0


def test_face_missing_from_the_second_comes_before_covered_first(engine, astronaut):
    nobody = Photo(np.full((200, 200, 3), 127, np.uint8))
    with pytest.raises(NoFaceFound):
        engine.compare(covered(astronaut, SPOTS["mouth"]), nobody, check_quality=True)


def test_message_starts_as_documented_and_names_regions():
    message = FaceCovered(1, ("nose", "mouth")).message
    assert message.startswith("face occlusion")
    assert "nose, mouth of second" in message


@pytest.mark.parametrize("kind", ["clear_glasses", "beard", "fringe", "hat", "collar", "make_up"])
def test_harmless_things_pass(engine, hopper, kind):
    picture = hopper.pixels.astype(np.float32)
    refusals = 0
    for seed in range(5):
        rng = np.random.default_rng(seed)
        scene = Scene(rng=rng, frame=frame_of(hopper), photo=picture, others=[])
        drawn, _ = over(picture, harmless.KINDS[kind](scene))
        refusals += refused(engine, Photo(drawn.astype(np.uint8)))
    assert refusals <= 1


@pytest.mark.data
def test_masks_are_found_and_refused(engine, data, photo_of, step):
    bare = portraits(data, "test")[::step]
    worn = [refused(engine, photo_of(masked(path).relative_to(data))) for path in bare]
    assert worn.count(False) <= max(1, 0.03 * len(worn))
    alarms = [refused(engine, photo_of(path.relative_to(data))) for path in bare]
    assert sum(alarms) <= max(1, 0.05 * len(alarms))


def test_network_knows_no_face_when_it_sees_none(engine):
    rng = np.random.default_rng(0)
    chips = [
        np.zeros((150, 150, 3)),
        rng.integers(0, 256, (150, 150, 3)),
        np.full((150, 150, 3), 255),
    ]
    assert max(engine.finder.occlusion.face(chip.astype(np.uint8)) for chip in chips) < 0.5
    assert len(REGIONS) == 4
