"""Finding faces where one detector alone does not."""

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image, ImageOps

from reference_server.faces.detection.boxes import Box, largest, nearest_centre
from reference_server.faces.detection.detectors import HogThenMtcnn
from reference_server.faces.detection.hog import (
    LONG_SIDES,
    SURELY_UPRIGHT,
    HogDetector,
    dlib_look,
    without_largest_level,
)
from reference_server.faces.detection.landmarks import every_turn, most_upright
from reference_server.faces.detection.mtcnn import AT_ONCE, CONFIDENT, MtcnnDetector, load_networks
from reference_server.faces.detection.patches import OUTSIDE, Patches
from reference_server.faces.pictures import shown
from tests.support.seeing import SeeingOnce
from verikit.portraits import PEOPLE, head, portrait


def width(box: Box) -> float:
    return box.right - box.left


def test_both_detectors_give_the_same_box(hog, mtcnn, astronaut):
    (hog,) = hog.find(astronaut.pixels)
    (mtcnn,) = mtcnn.find(astronaut.pixels)
    distance = np.hypot(*np.subtract(hog.centre, mtcnn.centre))
    assert distance < 0.12 * width(hog)
    assert 0.85 < width(mtcnn) / width(hog) < 1.15


def test_a_face_that_fills_the_frame_is_found(hog, detector, astronaut):
    (box,) = hog.find(astronaut.pixels)
    corners = [round(x) for x in (box.left, box.top, box.right, box.bottom)]
    frame = np.asarray(Image.fromarray(astronaut.pixels).crop(corners))
    (found,) = detector.find(frame)
    assert 0.7 < width(found) / width(box) < 1.3


@pytest.mark.parametrize("share", [0.3, 0.15, 0.06])
def test_a_small_face_is_found(hog, detector, astronaut, share):
    (box,) = hog.find(astronaut.pixels)
    side = round(512 * share * 1000 / width(box))
    small = Image.fromarray(astronaut.pixels).resize((side, side), Image.Resampling.LANCZOS)
    large = Image.new("RGB", (max(side, 1000), max(side, 1000)), (90, 120, 100))
    large.paste(small, (20, 10))
    found = largest(detector.find(np.asarray(large)), large.size)
    assert 0.7 < width(found) / (share * 1000) < 1.3
    assert found.left < 20 + side * (box.left + box.right) / 2 / 512 < found.right


@pytest.fixture
def mosaic(hog, astronaut):
    """A function: the same face again and again, so many pixels wide, upside down."""
    (box,) = hog.find(astronaut.pixels)
    corners = [round(x) for x in (box.left - 40, box.top - 60, box.right + 40, box.bottom + 20)]
    face = Image.fromarray(astronaut.pixels).crop(corners).rotate(180)

    def make(side):
        times = 640 // side + 1
        return np.tile(np.asarray(face.resize((side, side))), (times, times, 1))[:640, :640]

    return make


def test_a_mosaic_of_faces_makes_bounded_work(mosaic, watched_networks):
    networks, seen = watched_networks
    found = MtcnnDetector(networks).find(np.ascontiguousarray(mosaic(50)[::-1]))
    assert len(found) > 50
    assert sum(seen["onet"]) == CONFIDENT.most_faces
    assert sum(seen["rnet"]) <= CONFIDENT.most_boxes
    assert max(seen["rnet"] + seen["onet"]) == AT_ONCE


def test_quarter_turns_share_the_bounds_on_the_work(mosaic, watched_networks):
    networks, seen = watched_networks
    turns, found = MtcnnDetector(networks).find_upright(mosaic(70))
    assert turns == 2
    assert len(found) > 30
    assert CONFIDENT.most_faces < sum(seen["onet"]) <= 2 * CONFIDENT.most_faces
    assert sum(seen["rnet"]) <= 2 * CONFIDENT.most_boxes


@pytest.mark.parametrize(("side", "turned"), [(40, 0), (70, 2)])
def test_small_faces_do_not_turn_a_large_photo(mtcnn, mosaic, side, turned):
    turns, _ = mtcnn.find_upright(mosaic(side))
    assert turns == turned


def test_patches_lie_between_pixels_and_are_gray_outside():
    ramp = np.arange(12, dtype=np.uint8)[None, :, None] * np.full((12, 1, 3), 10, np.uint8)
    boxes = np.array([[0, 0, 12, 12], [3, 3, 9, 9], [-12, 0, 0, 12]], np.float32)
    whole, middle, left = Patches(Image.fromarray(ramp), 5).of(boxes)
    np.testing.assert_allclose(whole[2, :, 1], [0, 27.5, 55, 82.5, 110], rtol=1e-6)
    np.testing.assert_allclose(middle[2, :, 0], [27.5, 41.25, 55, 68.75, 82.5], rtol=1e-6)
    assert (left[:, :4] == OUTSIDE).all()
    assert (left[:, 4] == 0).all()


@pytest.mark.parametrize(("elsewhere", "looks"), [(0, [4, 1, 1]), (3, [4, 2, 1])])
def test_hog_turns_a_large_copy_only_as_another_detector_does(elsewhere, looks):
    seen = []
    hog = HogDetector(lambda picture: seen.append(max(picture.shape)) or [])
    photo = np.full((1300, 900, 3), 128, np.uint8)
    assert hog.find_upright(photo, lambda: elsewhere) == (0, [])
    assert [seen.count(side) for side in LONG_SIDES] == looks


def test_hog_turns_no_photo_without_a_face():
    hog = HogDetector(lambda _: [])
    assert hog.find_upright(np.full((70, 90, 3), 128, np.uint8), lambda: 2) == (0, [])


@pytest.mark.parametrize(
    ("elsewhere", "sureness", "is_found"),
    [(0, 0.4, False), (0, 0.6, True), (1, 0.6, True), (2, 0.6, False), (2, 1.1, True)],
)
def test_a_face_in_the_largest_copy_must_be_surer_if_the_photo_is_on_its_head(
    elsewhere, sureness, is_found
):
    box = Box(10, 10, 90, 90, sureness)
    hog = HogDetector(lambda picture: [box] * (max(picture.shape) == LONG_SIDES[-1]))
    turns, found = hog.find_upright(np.zeros((1280, 900, 3), np.uint8), lambda: elsewhere)
    assert turns == 0
    assert found == [box] * is_found


@pytest.mark.parametrize("person", PEOPLE)
@pytest.mark.parametrize("side", [250, 297, 320])
@pytest.mark.parametrize("share", [0.7, 0.85, 1.0])
def test_smaller_levels_give_the_same_box_of_a_large_face(person, side, share):
    picture = head(person, side).convert("L").crop((-9, 0, round(share * side), side))
    grey, look = np.asarray(picture), dlib_look()
    boxes = without_largest_level(look, grey)
    assert boxes
    assert boxes == [box for box in look(grey) if width(box) >= 86]


@pytest.mark.data
def test_smaller_levels_give_the_same_largest_face(data, photo_of, step):
    look, same, asked = dlib_look(), 0, 0
    for folder in sorted((data / "lfw").iterdir())[:1000:step]:
        grey = Image.fromarray(photo_of(min(folder.iterdir()).relative_to(data)).pixels).convert(
            "L"
        )
        part = without_largest_level(look, np.asarray(grey))
        if part and largest(part, grey.size).confidence >= SURELY_UPRIGHT:
            asked += 1
            same += largest(part, grey.size) == largest(look(np.asarray(grey)), grey.size)
    assert same >= 0.99 * asked > 0.9 * 1000 // step


@pytest.mark.parametrize("shape", [(1, 1), (1, 320), (2, 2), (320, 1)])
def test_a_picture_too_thin_for_a_smaller_level_has_no_face(shape):
    assert without_largest_level(dlib_look(), np.zeros(shape, np.uint8)) == []


@pytest.mark.parametrize(("sureness", "looks"), [(0.6, 1), (0.4, 2)])
def test_the_whole_picture_is_searched_where_the_smaller_levels_show_no_sure_face(sureness, looks):
    seen = []

    def look(picture):
        seen.append(picture.shape)
        return [Box(10, 10, 130, 130, sureness)]

    HogDetector(look).find(np.zeros((240, 300, 3), np.uint8))
    assert seen == [(200, 250), (240, 300)][:looks]


def test_networks_give_the_same_by_parts():
    networks, random = load_networks(), np.random.default_rng(1)
    pictures = random.uniform(0, 255, (3 * AT_ONCE + 1, 24, 24, 3)).astype(np.float32)
    parts = [
        networks["rnet"](pictures[start : start + AT_ONCE])
        for start in range(0, len(pictures), AT_ONCE)
    ]
    for whole, *pieces in zip(networks["rnet"](pictures), *parts, strict=True):
        np.testing.assert_array_equal(whole, np.concatenate(pieces))


def test_the_largest_face_and_the_one_nearest_the_centre():
    corner, middle = Box(0, 0, 90, 90, 1.0), Box(180, 80, 220, 120, 1.0)
    assert largest([middle, corner], (400, 200)) is corner
    assert nearest_centre([corner, middle], (400, 200)) is middle


def test_of_two_faces_the_one_counts_that_shows_more():
    middle, half_outside = Box(150, 50, 240, 140, 1.0), Box(345, 50, 445, 150, 2.0)
    assert largest([half_outside, middle], (400, 200)) is middle
    assert largest([half_outside, middle], (500, 200)) is half_outside


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientations_as_pillow_shows_them(orientation):
    pixels = np.arange(2 * 3 * 3, dtype=np.uint8).reshape(2, 3, 3)
    picture = Image.fromarray(pixels)
    picture.getexif()[0x0112] = orientation
    expected = np.asarray(ImageOps.exif_transpose(picture))
    np.testing.assert_array_equal(shown(pixels, orientation), expected)


@pytest.mark.parametrize("orientation", [0, 9, -1])
def test_an_unknown_exif_orientation_changes_nothing(orientation):
    pixels = np.zeros((2, 3, 3), np.uint8)
    assert shown(pixels, orientation) is pixels


@pytest.fixture(scope="module")
def mtcnn_once(mtcnn):
    return SeeingOnce(mtcnn)


@pytest.mark.parametrize("turns", range(4))
def test_mtcnn_alone_tells_which_way_is_up(mtcnn_once, hopper, turns):
    turned = np.ascontiguousarray(np.rot90(hopper.pixels, turns))
    found = [mtcnn_once.find(picture) for picture in every_turn(turned)]
    back = most_upright(found)
    assert found[back]
    assert (turns + back) % 4 == 0


@pytest.mark.data
def test_faces_that_hog_misses_are_found(detector, data, photo_of, step):
    covered = sorted((data / "occlusion" / "masked").iterdir())[:40:step]
    photos = [photo_of(path.relative_to(data)).pixels for path in covered]
    assert sum(bool(detector.find(pixels)) for pixels in photos) >= 0.9 * len(photos)


@pytest.mark.data
@pytest.mark.parametrize("turns", range(4))
def test_covered_faces_are_set_upright(detector, data, photo_of, turns, step):
    right = 0
    covered = sorted((data / "occlusion" / "masked").iterdir())[:30:step]
    for path in covered:
        pixels = np.ascontiguousarray(np.rot90(photo_of(path.relative_to(data)).pixels, turns))
        back, boxes = detector.find_upright(pixels)
        right += bool(boxes) and (turns + back) % 4 == 0
    assert right >= 0.9 * len(covered)


class HogOf:
    """A HOG detector that finds what it is told to."""

    def __init__(self, turns: int, boxes: list[Box]) -> None:
        self._found = turns, boxes

    def find(self, _):
        return self._found[1]

    def find_upright(self, *_):
        return self._found


@pytest.fixture(scope="module")
def detector_once(detector):
    return SeeingOnce(detector)


@pytest.fixture
def behind(mtcnn_once, low_confidence):
    """A function: the detectors in sequence, behind a HOG detector."""
    return lambda hog: HogThenMtcnn(hog, mtcnn_once, low_confidence)


@pytest.mark.parametrize("turns", [0, 2])
@pytest.mark.parametrize(("sureness", "is_asked"), [(0.6, False), (0.3, True)])
def test_where_hog_is_unsure_of_a_half_turn_the_network_decides(
    detector_once, behind, turns, sureness, is_asked
):
    pixels = np.ascontiguousarray(np.rot90(portrait("collins"), turns))
    back, found = detector_once.find_upright(pixels)
    wrong = HogOf((back + 2) % 4, [replace(found[0], confidence=sureness)])
    assert behind(wrong).find_upright(pixels)[0] == (back if is_asked else (back + 2) % 4)


class LowOf(HogOf):
    """What the last step finds; it knows whether it was asked."""

    asked = False

    def find(self, _):
        self.asked = True
        return super().find(_)


SMALL, LARGE = Box(300, 20, 380, 100, 2.0), Box(20, 50, 220, 250, 0.95)


@pytest.mark.parametrize("turns", [0, 1])
def test_a_larger_face_that_hog_misses_is_found_beside_a_small_one(turns):
    low = LowOf(0, [LARGE, replace(SMALL, left=310)])
    detector = HogThenMtcnn(HogOf(turns, [SMALL]), HogOf(0, []), low)
    pixels = np.zeros((300, 400, 3), np.uint8)
    assert detector.find(pixels) == [SMALL, LARGE]
    assert detector.find_upright(pixels) == (turns, [SMALL, LARGE])


@pytest.mark.parametrize(
    ("box", "is_asked"), [(LARGE, False), (replace(LARGE, confidence=0.3), True), (SMALL, True)]
)
def test_nothing_more_is_looked_for_where_hog_is_sure_of_a_large_face(box, is_asked):
    low = LowOf(0, [])
    detector = HogThenMtcnn(HogOf(0, [box]), HogOf(0, []), low)
    assert detector.find(np.zeros((300, 400, 3), np.uint8)) == [box]
    assert low.asked == is_asked


@pytest.mark.data
def test_a_bystander_does_not_count_beside_a_masked_subject(detector, data):
    wrong = []
    for masked in sorted((data / "occlusion" / "masked").iterdir())[:30]:
        scene = Image.new("RGB", (250, 250), (110, 110, 110))
        scene.paste(ImageOps.contain(Image.open(masked).convert("RGB"), (160, 250)))
        scene.paste(ImageOps.contain(portrait("hopper"), (70, 250)), (175, 10))
        pixels = np.asarray(scene)
        if largest(detector.find(pixels), scene.size).centre[0] > 165:
            wrong.append(masked.name)
    assert len(wrong) <= 2


@pytest.mark.data
def test_turned_photos_are_set_upright(detector, data, photo_of):
    folders = np.random.default_rng(2).choice(sorted((data / "lfw").iterdir()), 15, replace=False)
    for folder in folders:
        pixels = photo_of(sorted(folder.glob("*.jpg"))[0].relative_to(data)).pixels
        for turns in range(4):
            turned = np.ascontiguousarray(np.rot90(pixels, turns))
            back, boxes = detector.find_upright(turned)
            assert boxes
            assert (turns + back) % 4 == 0, (folder.name, turns)
