"""``verikit inspect``: the same finding as the server's, as text, JSON and drawing."""

import json

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from reference_server.inspect_cli import inspect


@pytest.fixture
def portrait(tmp_path, hopper):
    path = tmp_path / "portrait.png"
    Image.fromarray(hopper.pixels).save(path)
    return path


def test_bare_face_as_json_and_drawing(portrait, tmp_path):
    drawing = tmp_path / "seen.png"
    done = CliRunner().invoke(inspect, [str(portrait), "--json", "--draw", str(drawing)])
    found = json.loads(done.output)
    assert (found["faces"], found["turned"], found["answer"]) == (1, 0, "compared")
    assert max(found["covered"].values()) < 0.5
    before, after = (np.asarray(Image.open(path)) for path in (portrait, drawing))
    left, top, *_ = found["rectangle"]
    assert (after[top, left] != before[top, left]).any()


def test_turned_photo_is_set_upright(tmp_path, hopper):
    path = tmp_path / "turned.png"
    Image.fromarray(np.rot90(hopper.pixels)).save(path)
    assert json.loads(CliRunner().invoke(inspect, [str(path), "--json"]).output)["turned"] == 270


def test_photo_without_a_face_is_refused_in_a_sentence(tmp_path):
    path = tmp_path / "grey.png"
    Image.fromarray(np.full((100, 100, 3), 127, np.uint8)).save(path)
    done = CliRunner().invoke(inspect, [str(path)])
    assert done.exit_code == 1
    assert "4000" in done.output
    told = CliRunner().invoke(inspect, [str(path), "--json"])
    assert (told.exit_code, json.loads(told.output)["code"]) == (1, 4000)
