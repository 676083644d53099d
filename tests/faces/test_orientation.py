"""auto_rotate sets a photo upright, whatever its EXIF orientation and however it was turned."""

import numpy as np
import pytest
from PIL import Image, ImageOps

from reference_server.pictures import Photo
from reference_server.refusals import NoFaceFound
from reference_server.stages import Stages
from tests.support.seeing import seeing_once

EXIF = 0x0112
WAYS_BACK = {1: 1, 2: 2, 3: 3, 4: 4, 5: 5, 6: 8, 7: 7, 8: 6}
"""The EXIF orientation that undoes another."""
TILTS = (-45, -30, -15, 15, 30, 45)
NEAR = 0.02


def head(photo: Photo) -> np.ndarray:
    """The upper part of a portrait, where the face is."""
    return np.ascontiguousarray(photo.pixels[:320, 70:390])


def turned(pixels: np.ndarray, quarters: int) -> np.ndarray:
    return np.ascontiguousarray(np.rot90(pixels, quarters))


def stored(pixels: np.ndarray, orientation: int) -> Photo:
    """What Pillow shows upright under an EXIF orientation, as a camera would have stored it."""
    picture = Image.fromarray(pixels)
    picture.getexif()[EXIF] = WAYS_BACK[orientation]
    return Photo(np.array(ImageOps.exif_transpose(picture)), orientation)


def tilted(pixels: np.ndarray, degrees: float) -> Photo:
    return Photo(np.asarray(Image.fromarray(pixels).rotate(degrees, Image.Resampling.BICUBIC)))


def found(engine, photo: Photo):
    return engine.find(photo, auto_rotate=True, stages=Stages())


@pytest.fixture(scope="module")
def engine(engine):
    return seeing_once(engine)


@pytest.fixture(scope="module", params=["astronaut", "hopper"])
def portrait(request) -> np.ndarray:
    return head(request.getfixturevalue(request.param))


@pytest.mark.parametrize("quarters", range(4))
@pytest.mark.parametrize("orientation", WAYS_BACK)
def test_a_turn_of_the_pixels_is_undone_under_every_tag(engine, portrait, orientation, quarters):
    photo = stored(turned(portrait, quarters), orientation)
    np.testing.assert_array_equal(found(engine, photo).picture, portrait)


@pytest.mark.parametrize("quarters", [1, 2, 3])
def test_a_turned_photo_scores_as_the_upright_one(engine, astronaut, hopper, quarters):
    first, second = head(astronaut), head(hopper)
    upright = engine.compare(Photo(first), Photo(second), auto_rotate=True)
    sideways = Photo(turned(second, quarters))
    assert engine.compare(Photo(first), sideways, auto_rotate=True) == upright


@pytest.mark.parametrize("quarters", [1, 2, 3])
def test_nothing_is_turned_unless_asked(engine, portrait, quarters):
    sideways = turned(portrait, quarters)
    try:
        face = engine.find(Photo(sideways, orientation=6), auto_rotate=False, stages=Stages())
    except NoFaceFound:
        return
    assert face.picture is sideways


def test_a_face_on_its_side_is_no_match_unless_asked(engine, portrait):
    upright = Photo(portrait)
    sideways = stored(portrait, 6)
    with pytest.raises(NoFaceFound):
        engine.compare(upright, sideways)
    assert engine.compare(upright, sideways, auto_rotate=True) > 0.95


@pytest.mark.parametrize("auto_rotate", [False, True])
@pytest.mark.parametrize("degrees", TILTS)
def test_a_tilted_face_is_levelled(engine, portrait, degrees, auto_rotate):
    photo = tilted(portrait, degrees)
    assert engine.compare(Photo(portrait), photo, auto_rotate=auto_rotate) > 0.9


@pytest.mark.data
def test_people_are_set_upright(engine, data, photo_of):
    folders = np.random.default_rng(4).choice(sorted((data / "lfw").iterdir()), 6, replace=False)
    for folder in folders:
        photo = photo_of(min(folder.glob("*.jpg")).relative_to(data))
        upright = engine.compare(photo, photo, auto_rotate=True)
        for orientation, quarters in [(1, 1), (1, 2), (1, 3), (6, 0), (8, 2), (5, 1), (4, 0)]:
            other = stored(turned(photo.pixels, quarters), orientation)
            score = engine.compare(photo, other, auto_rotate=True)
            assert abs(score - upright) < NEAR, (folder.name, orientation, quarters)
