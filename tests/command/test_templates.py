import json
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from calibration.executors import Workers
from calibration.sources.templates import load
from conformance.requests.photos.files import photo_file
from conformance.requests.recipe import Photo
from reference_server.faces.fitting.people import LabelledTemplates
from reference_server.faces.recognition.dlib_int8 import RANGES, Ranges
from reference_server.faces.weights import RECOGNISER
from verikit.cli import main
from verikit.commands import extraction, templates
from verikit.portraits import head


@pytest.fixture
def folder(tmp_path, monkeypatch):
    photos = {
        "collins/1.jpg": Photo(of="collins"),
        "collins/2.jpg": Photo(of="collins", width=400, height=400),
        "hopper/1.jpg": Photo(of="hopper"),
        "hopper/2.jpg": Photo(of="blank"),
    }
    for name, photo in photos.items():
        path = tmp_path / "people" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(photo_file(replace(photo, format="JPEG")))

    @contextmanager
    def workers(dask, processes):
        with ThreadPoolExecutor(1) as executor:
            yield Workers(executor, 1)

    monkeypatch.setattr(templates, "open_workers", workers)
    monkeypatch.setattr(extraction, "PHOTOS_OF_A_PART", 1)
    return tmp_path / "people"


def run(folder, out, *options):
    command = [str(folder), "--out", str(out), "--quiet", *options]
    return CliRunner().invoke(main, ["templates", *command], catch_exceptions=False)


def test_templates_of_a_folder_can_be_calibrated_by(folder, tmp_path):
    out = tmp_path / "templates.npz"
    result = run(folder, out)
    assert "3 templates of 4 photos" in result.output
    assert "none of hopper/2.jpg: DETECTION_FAILED" in result.output
    found = load(out)
    assert found.people.tolist() == ["collins", "collins", "hopper"]
    assert found.photos.tolist() == ["collins/1.jpg", "collins/2.jpg", "hopper/1.jpg"]
    similar = found.vectors @ found.vectors.T
    assert similar[0, 1] > 0.95 > similar[0, 2]
    assert found.deviation.min() > 0
    assert out.stat().st_mode & 0o077 == 0, "others may read biometric data"
    assert not out.with_suffix(".parts").exists()


@pytest.mark.parametrize(
    ("precision", "digest"), [("int8", Ranges.load(RANGES).digest), ("fp32", RECOGNISER.sha256)]
)
def test_a_fit_knows_whose_templates_they_are(folder, tmp_path, precision, digest):
    table = tmp_path / "errors.csv"
    table.write_text("photo,actual,reason\ncollins/2.jpg,hopper,it is not\nhopper/1.jpg,,nobody\n")
    options = ("--label-errors", str(table), "--precision", precision)
    out = tmp_path / "templates.npz"
    told = json.loads(run(folder, out, *options, "--json").stdout)
    found = LabelledTemplates.load(out)
    refused = {"hopper/2.jpg": "DETECTION_FAILED"}
    assert told == {"out": str(out), "photos": 3, "templates": 2, "refused": refused}
    assert [found.names[person] for person in found.people] == ["collins", "hopper"]
    assert found.photos.tolist() == ["collins/1.jpg", "collins/2.jpg"]
    assert (found.model, found.weights) == ("Dlib", digest)


def test_the_subject_is_the_largest_face_or_the_one_in_the_centre(folder, tmp_path):
    page = Image.new("RGB", (1100, 500))
    page.paste(head("collins", 500), (300, 0))
    page.paste(head("hopper", 300), (0, 100))
    page.save(folder / "hopper" / "3.jpg")
    whose = {}
    for subject in ("largest", "centre"):
        out = tmp_path / f"{subject}.npz"
        run(folder, out, "--subject", subject)
        found = LabelledTemplates.load(out)
        similar = found.templates[:3] @ found.templates[3]
        whose[subject] = found.photos[similar.argmax()].partition("/")[0]
    assert whose == {"largest": "hopper", "centre": "collins"}


def test_what_was_done_is_not_done_again_and_damage_is_found(folder, tmp_path, monkeypatch):
    out = tmp_path / "templates.npz"
    run(folder, out)
    whole = dict(np.load(out))
    kept = out.with_suffix(".parts")
    with ThreadPoolExecutor(1) as executor:
        work = extraction.Work(folder=folder, model="Dlib")
        workers = Workers(executor, 1)
        people = extraction.people_in(folder)
        extraction.extract(work, list(people), kept, workers, lambda *_: None)
        damaged = sorted(kept.glob("*.parquet"))[0]
        content = bytearray(damaged.read_bytes())
        content[len(content) // 3] ^= 1
        damaged.write_bytes(content)
        asked = []
        embed = extraction.embed
        monkeypatch.setattr(
            extraction, "embed", lambda work, part, seat: asked.append(part) or embed(work, part, 0)
        )
        table = extraction.extract(work, list(people), kept, workers, lambda *_: None)
    assert len(asked) == 1
    extraction.save(work, people, table, out)
    for name, array in np.load(out).items():
        np.testing.assert_array_equal(array, whole[name])


def test_an_unknown_model_is_wrong_use_and_tried_once(folder, tmp_path):
    command = [str(folder), "--out", str(tmp_path / "t.npz"), "--quiet", "--model", "Nonsense"]
    result = CliRunner().invoke(main, ["templates", *command], catch_exceptions=False)
    assert result.exit_code == 2
    assert "Nonsense" in result.output


def test_a_folder_without_photos_is_one_sentence(folder, tmp_path):
    (tmp_path / "empty").mkdir()
    result = run(tmp_path / "empty", tmp_path / "out.npz")
    assert result.exit_code == 2
    assert "one folder per person" in result.output
