"""Comparing photos: symmetric, repeatable, whoever calls it and however often."""

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from PIL import Image

from reference_server.compute import ComputeThread
from reference_server.pictures import Photo
from reference_server.refusals import FaceCovered, NoFaceFound
from reference_server.stages import Stages
from tests.support.seeing import seeing_once
from verikit.portraits import head

EMPTY = Photo(np.full((200, 300, 3), 128, np.uint8))


def resized(photo: Photo, factor: float) -> Photo:
    picture = Image.fromarray(photo.pixels)
    size = [round(side * factor) for side in picture.size]
    return Photo(np.asarray(picture.resize(size, Image.Resampling.LANCZOS)))


def test_two_people_score_low(engine, astronaut, hopper):
    assert engine.compare(astronaut, hopper) < 0.5


def test_an_identical_photo_scores_above_95(engine, astronaut, hopper):
    for photo in (astronaut, hopper):
        assert engine.compare(photo, photo) > 0.95


def test_the_order_of_photos_changes_no_bit(engine, astronaut, hopper):
    assert engine.compare(astronaut, hopper) == engine.compare(hopper, astronaut)


@pytest.mark.parametrize("factor", [0.5, 2.0])
def test_a_photo_of_another_size_is_the_same_person(engine, astronaut, factor):
    assert engine.compare(astronaut, resized(astronaut, factor)) > 0.9


@pytest.mark.parametrize("photos", [(0, 1), (1, 0), (0, 0)])
def test_the_first_photo_without_a_face_is_named(engine, astronaut, photos):
    pair = [EMPTY if index == 0 else astronaut for index in photos]
    with pytest.raises(NoFaceFound) as refusal:
        engine.compare(*pair)
    assert refusal.value.photo == photos.index(0)


class Refusing:
    """A finder that refuses the photo without a face by another code than NoFaceFound."""

    def __init__(self, finder):
        self.finder = finder

    def find(self, photo, *args, **options):
        if photo is EMPTY:
            raise FaceCovered
        return self.finder.find(photo, *args, **options)


def test_a_photo_that_is_refused_by_any_code_is_named(engine, astronaut):
    refusing = replace(engine, finder=Refusing(engine.finder))
    with pytest.raises(FaceCovered) as refusal:
        refusing.compare(astronaut, EMPTY)
    assert refusal.value.photo == 1


@pytest.mark.parametrize("shape", [(32, 32), (32, 4000), (33, 32)])
def test_odd_shapes_hold_no_face_and_break_nothing(engine, astronaut, shape):
    with pytest.raises(NoFaceFound):
        engine.compare(astronaut, Photo(np.zeros((*shape, 3), np.uint8)))


def test_a_tilted_face_is_levelled(engine, astronaut):
    tilted = Image.fromarray(astronaut.pixels).rotate(60, Image.Resampling.BICUBIC)
    assert engine.compare(astronaut, Photo(np.asarray(tilted)), auto_rotate=True) > 0.9


def test_stages_are_told_what_they_cost(engine, astronaut, hopper):
    stages = Stages()
    engine.compare(astronaut, hopper, stages=stages)
    assert set(stages.ms) >= {"detect", "align", "embed", "score"}
    assert min(stages.ms.values()) > 0


def test_many_threads_give_the_bits_of_one(engine):
    """A server of 64 clients is in tests/server/process/test_concurrency.py."""
    sizes = [("collins", 250), ("collins", 300), ("hopper", 120), ("hopper", 400)]
    photos = [Photo(np.asarray(head(person, side))) for person, side in sizes]
    pairs = list(combinations(photos, 2))
    alone = [engine.compare(*pair) for pair in pairs]
    thread = ComputeThread()
    with ThreadPoolExecutor(24) as clients:
        together = list(
            clients.map(lambda pair: thread.run(lambda: engine.compare(*pair)), pairs * 4)
        )
    assert together == alone * 4


def test_a_process_forked_after_use_gives_the_same_bits(engine, astronaut, hopper):
    expected = engine.compare(astronaut, hopper)
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        found = engine.compare(astronaut, hopper)
        os.write(writer, repr(found).encode())
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as answer:
        assert float(answer.read()) == expected
    assert os.waitpid(child, 0)[1] == 0


@pytest.mark.data
def test_everybody_is_identical_to_themselves(engine, data, photo_of):
    folders, engine = sorted((data / "lfw").iterdir()), seeing_once(engine)
    for folder in np.random.default_rng(0).choice(folders, 20, replace=False):
        photo = photo_of(sorted(folder.glob("*.jpg"))[0].relative_to(data))
        assert engine.compare(photo, photo) > 0.95, folder.name


@pytest.mark.data
def test_photos_without_people_hold_no_face(engine, data, photo_of, step):
    found = [
        path.name
        for path in sorted((data / "nonface").iterdir())[::step]
        if engine.finder.detector.find(photo_of(path.relative_to(data)).pixels)
    ]
    assert found == []


@pytest.mark.data
def test_mated_pairs_score_above_non_mated_ones(engine, data, photo_of):
    lines = (data / "lfw-pairs.csv").read_text().splitlines()[1:]
    drawn = np.random.default_rng(1).choice(lines, 30, replace=False)
    scores: dict[str, list[float]] = {"0": [], "1": []}
    for line in drawn:
        first, second, mated = line.split(",")
        scores[mated].append(engine.compare(photo_of(f"lfw/{first}"), photo_of(f"lfw/{second}")))
    assert np.median(scores["1"]) > 0.75
    assert np.median(scores["0"]) < 0.4
