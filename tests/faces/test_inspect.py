"""``verikit inspect``: the same finding as the server's, as text, JSON and drawing."""

import json
import re

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image, ImageFilter

from reference_server.commands.drawing import GREEN, RED
from reference_server.faces.detection.boxes import Box
from reference_server.faces.errors import WeightsError
from tests.support.seeing import seeing_once
from training.poor_photos import masked
from verikit.cli import main
from verikit.contract import load_contract
from verikit.portraits import head


@pytest.fixture(scope="module")
def once(engine):
    return seeing_once(engine)


@pytest.fixture(autouse=True)
def loaded(once, monkeypatch):
    """The models are loaded once, but in a test that undoes this."""
    monkeypatch.setattr("reference_server.commands.inspect.load_engine", lambda *_, **__: once)


@pytest.fixture(scope="module")
def portrait(tmp_path_factory, hopper):
    path = tmp_path_factory.mktemp("photo") / "portrait.png"
    Image.fromarray(hopper.pixels).save(path, compress_level=1)
    return path


def seen(path, *options):
    return json.loads(CliRunner().invoke(main, ["inspect", str(path), "--json", *options]).output)


def test_bare_face_as_json_and_drawing(portrait, tmp_path):
    drawing = tmp_path / "seen.png"
    done = CliRunner().invoke(main, ["inspect", str(portrait), "--json", "--draw", str(drawing)])
    found = json.loads(done.output)
    assert (found["faces"], found["turned"], found["answer"]) == (1, 0, "compared")
    assert max(found["covered"].values()) < 0.5
    before, after = (np.asarray(Image.open(path)) for path in (portrait, drawing))
    left, top, *_ = found["rectangle"]
    assert tuple(after[top, left]) == GREEN
    photo, text = after[: len(before)], after[len(before) :]
    assert (photo != before).any(axis=2).mean() < 0.05
    assert (text == GREEN).all(axis=2).any()


def test_no_more_is_read_of_a_file_than_it_may_have(tmp_path):
    vast = tmp_path / "vast.jpg"
    with vast.open("wb") as file:
        file.truncate(1 << 40)
    done = CliRunner().invoke(main, ["inspect", str(vast)])
    assert done.exit_code == 1
    assert "2004" in done.output
    assert "more than 5242880 bytes" in done.output


def test_a_drawing_does_not_replace_the_photo(portrait):
    before = portrait.read_bytes()
    done = CliRunner().invoke(main, ["inspect", str(portrait), "--draw", str(portrait)])
    assert done.exit_code == 2
    assert "--draw would overwrite the photo: name another file." in done.output
    assert portrait.read_bytes() == before


def test_the_models_are_loaded_by_the_command(portrait, monkeypatch):
    shared = seen(portrait)
    monkeypatch.undo()
    assert seen(portrait) == shared


def test_turned_photo_is_set_upright(tmp_path, hopper):
    path = tmp_path / "turned.png"
    Image.fromarray(np.rot90(hopper.pixels)).save(path, compress_level=1)
    assert (
        json.loads(CliRunner().invoke(main, ["inspect", str(path), "--json"]).output)["turned"]
        == 270
    )


def test_a_poor_photo_is_called_so(tmp_path, portrait):
    path = tmp_path / "blurred.png"
    head("collins", 250).filter(ImageFilter.GaussianBlur(3)).save(path)
    assert seen(path)["poor"] == ["too blurred"]
    assert seen(path)["penalty"] > 1
    assert seen(portrait)["poor"] == []
    told = CliRunner().invoke(main, ["inspect", str(path)]).output
    assert "too blurred for the documented error rates" in told
    told = CliRunner().invoke(main, ["inspect", str(portrait)]).output
    assert re.search(r"^poor +no known cause$", told, re.MULTILINE)


def test_a_request_without_options_is_answered_as_it_would_be(tmp_path, hopper):
    turned, covered_face = tmp_path / "turned.png", tmp_path / "masked.png"
    Image.fromarray(np.rot90(hopper.pixels)).save(turned, compress_level=1)
    done = CliRunner().invoke(main, ["inspect", str(turned), "--no-auto-rotate"])
    assert (done.exit_code, "4000" in done.output) == (1, True)
    head("collins", 250).save(covered_face)
    box = Box(*seen(covered_face)["rectangle"], 1.0)
    masked((150, 190, 215))(head("collins", 250), box).save(covered_face)
    assert "4004" in seen(covered_face)["answer"]
    assert seen(covered_face, "--no-check-quality")["answer"] == "compared"


@pytest.mark.parametrize(
    ("standards", "expected"),
    [
        ("side_px: {maximum: 200}", "INVALID_IMAGE_SIZE"),
        ("side_px: {maximum: 9000}", None),
        ("formats: [JPEG]", "INVALID_IMAGE_TYPE"),
    ],
)
def test_photo_standards_of_a_profile_apply(portrait, tmp_path, standards, expected):
    profile = tmp_path / "profile.yaml"
    profile.write_text(f"photo_standards: {{{standards}}}")
    code = load_contract().codes[expected].code if expected else None
    assert seen(portrait, "--profile", str(profile)).get("code") == code


def test_a_profile_that_no_server_can_keep_is_wrong_use(portrait, tmp_path):
    profile = tmp_path / "profile.yaml"
    profile.write_text("photo_standards: {formats: [HEIC]}")
    done = CliRunner().invoke(main, ["inspect", str(portrait), "--profile", str(profile)])
    assert done.exit_code == 2
    assert "cannot read HEIC" in done.output


def test_landmarks_are_drawn(tmp_path, portrait):
    drawing = tmp_path / "seen.png"
    found = seen(portrait, "--draw", str(drawing))
    before, after = (np.asarray(Image.open(path)) for path in (portrait, drawing))
    assert len(found["landmarks"]) == 5
    for x, y in found["landmarks"]:
        around = np.s_[y - 20 : y + 20, x - 20 : x + 20]
        assert (after[around] == GREEN).all(axis=2).any()
        assert not (before[around] == GREEN).all(axis=2).any()


def test_photo_without_a_face_is_refused_in_a_sentence(tmp_path):
    path = tmp_path / "grey.png"
    Image.fromarray(np.full((100, 100, 3), 127, np.uint8)).save(path)
    done = CliRunner().invoke(main, ["inspect", str(path)])
    assert done.exit_code == 1
    assert "4000" in done.output
    told = CliRunner().invoke(main, ["inspect", str(path), "--json"])
    assert (told.exit_code, json.loads(told.output)["code"]) == (1, 4000)


def test_a_drawing_that_cannot_be_written_is_wrong_use(portrait):
    done = CliRunner().invoke(main, ["inspect", str(portrait), "--draw", "/nonexistent/seen.png"])
    assert done.exit_code == 2
    assert "/nonexistent/seen.png: no such file or directory." in done.output


def test_a_full_disk_is_told_and_no_finding_about_the_photo(portrait):
    done = CliRunner().invoke(main, ["inspect", str(portrait), "--draw", "/dev/full"])
    assert done.exit_code == 3
    assert "No space left on device: free some space" in done.output


def test_damaged_weights_are_told_in_a_sentence(portrait, monkeypatch):
    def damaged(*_, **__):
        raise WeightsError("its weights are damaged: reinstall verikit")

    monkeypatch.setattr("reference_server.commands.inspect.load_engine", damaged)
    done = CliRunner().invoke(main, ["inspect", str(portrait)])
    assert done.exit_code == 1
    assert done.output == "Error: its weights are damaged: reinstall verikit\n"


def test_covered_mouth_is_named_with_its_code_and_drawn_red(portrait, tmp_path, hopper):
    drawing, path = tmp_path / "seen.png", tmp_path / "covered.png"
    left, top, right, bottom = seen(portrait)["rectangle"]
    pixels = hopper.pixels.copy()
    pixels[top + 2 * (bottom - top) // 3 : bottom, left:right] = (40, 90, 60)
    Image.fromarray(pixels).save(path, compress_level=1)
    found = seen(path, "--draw", str(drawing))
    assert found["answer"].startswith("4004 face occlusion: ")
    assert "mouth" in found["answer"]
    left, top, *_ = found["rectangle"]
    assert tuple(np.asarray(Image.open(drawing))[top, left]) == RED


def test_pose_follows_the_photo(portrait, tmp_path, hopper):
    upright = seen(portrait)["pose"]
    mirrored, tilted = tmp_path / "mirrored.png", tmp_path / "tilted.png"
    Image.fromarray(hopper.pixels[:, ::-1]).save(mirrored, compress_level=1)
    Image.fromarray(hopper.pixels).rotate(-20, Image.Resampling.BICUBIC).save(
        tilted, compress_level=1
    )
    assert abs(seen(mirrored)["pose"]["yaw"] + upright["yaw"]) < 8
    assert abs(seen(tilted)["pose"]["roll"] - upright["roll"] - 20) < 5


def test_other_faces_are_told_and_drawn(tmp_path, hopper):
    path = tmp_path / "two.png"
    half = Image.fromarray(hopper.pixels).resize((448, 525))
    page = Image.new("RGB", (980, 600))
    page.paste(Image.fromarray(hopper.pixels))
    page.paste(half, (530, 0))
    page.save(path, compress_level=1)
    found = seen(path)
    assert found["faces"] == 2
    ((left, *_),) = found["other_faces"]
    assert left > 530 > found["rectangle"][0]
