"""Faces of low confidence are found when our own network sees one."""

import numpy as np
import pytest

from reference_server.faces.detection.detectors import HogThenMtcnn
from reference_server.faces.detection.low_confidence import LOW_CONFIDENCE, LowConfidenceFaces
from reference_server.faces.detection.mtcnn import SHARED
from reference_server.pictures import Photo
from reference_server.request.photo import read_photo
from tests.hostile import busy
from training.drawing import kinds
from training.drawing.frame import Frame
from training.photos import backgrounds, masked, portraits
from verikit.contract import load_contract


@pytest.mark.data
def test_masked_faces_are_found(detector, data, photo_of, step):
    photos = [photo_of(masked(p).relative_to(data)) for p in portraits(data, "test")[::step]]
    missed = [p for p in photos if not detector.find(p.pixels)]
    assert len(missed) <= 1


@pytest.mark.data
def test_no_face_is_found_where_nobody_is(detector, data, photo_of, step):
    photos = [photo_of(p.relative_to(data)) for p in backgrounds(data, "test")[::step]]
    assert not any(detector.find(p.pixels) for p in photos)


def test_nothing_in_noise(detector):
    noise = np.random.default_rng(0).integers(0, 256, (240, 240, 3)).astype(np.uint8)
    assert not detector.find(Photo(noise).pixels)


def test_a_face_that_only_low_thresholds_find(hog, mtcnn, detector, hopper):
    """A hood down to the nose: HOG and MTCNN see nothing."""
    pixels = np.ascontiguousarray(hopper.pixels[:420, 40:460])
    _, landmarks = mtcnn.detect(pixels)
    frame = Frame.of(landmarks[0], (420, 420))
    drawn, _ = kinds.drawn(kinds.SEEN["hood"], np.random.default_rng(1), pixels, frame, [pixels])
    surely = [each.find(drawn) for each in (hog, mtcnn)]
    (found,) = detector.find(drawn)
    assert surely == [[], []]
    (middle,) = frame.on_photo([(0, 1)])
    assert np.hypot(*(middle - found.centre)) < 0.2 * (found.right - found.left)


class Noted:
    """A detector, and what it found in photos set upright."""

    def __init__(self, find_upright):
        self._find_upright, self.found = find_upright, []

    def find_upright(self, pixels, *_):
        self.found.append(self._find_upright(pixels))
        return self.found[-1]


@pytest.mark.parametrize("turns", [0, 1, 3])
def test_the_hostile_picture_that_every_detector_is_asked_about(hog, mtcnn, low_confidence, turns):
    pixels = read_photo(busy.low_confidence(turns), load_contract().photo_standards).pixels
    told = Noted(lambda pixels: hog.find_upright(pixels, lambda: (-turns) % 4))
    asked = Noted(mtcnn.find_upright)
    back, found = HogThenMtcnn(told, asked, low_confidence).find_upright(pixels)
    assert told.found == asked.found == [(0, [])]
    assert len(found) == 1
    assert (turns + back) % 4 == 0


@pytest.mark.parametrize(
    ("search", "shares"), [(LowConfidenceFaces.find, 1), (LowConfidenceFaces.find_upright, SHARED)]
)
def test_noise_makes_bounded_work(engine, watched_networks, search, shares):
    networks, seen = watched_networks
    finder = engine.finder
    noise = np.random.default_rng(0).integers(0, 256, (90, 90, 3)).astype(np.uint8)
    large = noise.repeat(8, axis=0).repeat(8, axis=1)
    search(LowConfidenceFaces(networks, finder.aligner, finder.occlusion), large)
    assert 10 < sum(seen["rnet"]) <= shares * LOW_CONFIDENCE.most_boxes
    assert sum(seen["onet"]) <= shares * LOW_CONFIDENCE.most_faces
