from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace

import numpy as np
import pytest
from click.testing import CliRunner

from calibration.executors import Workers
from calibration.sources.templates import load
from conformance.requests.photos.files import photo_file
from conformance.requests.recipe import Photo
from verikit.commands import extraction, templates


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


def run(folder, out):
    command = [str(folder), "--out", str(out), "--quiet"]
    return CliRunner().invoke(templates.templates, command, catch_exceptions=False)


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


def test_what_was_done_is_not_done_again_and_damage_is_found(folder, tmp_path, monkeypatch):
    out = tmp_path / "templates.npz"
    run(folder, out)
    whole = dict(np.load(out))
    kept = out.with_suffix(".parts")
    with ThreadPoolExecutor(1) as executor:
        work = extraction.Work(folder=folder, model="Dlib")
        workers = Workers(executor, 1)
        extraction.extract(work, kept, workers, lambda *_: None)
        damaged = sorted(kept.glob("*.parquet"))[0]
        content = bytearray(damaged.read_bytes())
        content[len(content) // 3] ^= 1
        damaged.write_bytes(content)
        asked = []
        embed = extraction.embed
        monkeypatch.setattr(
            extraction, "embed", lambda work, part, seat: asked.append(part) or embed(work, part, 0)
        )
        table = extraction.extract(work, kept, workers, lambda *_: None)
    assert len(asked) == 1
    extraction.save(table, out)
    for name, array in np.load(out).items():
        np.testing.assert_array_equal(array, whole[name])


def test_an_unknown_model_is_wrong_use_and_tried_once(folder, tmp_path):
    command = [str(folder), "--out", str(tmp_path / "t.npz"), "--quiet", "--model", "Nonsense"]
    result = CliRunner().invoke(templates.templates, command, catch_exceptions=False)
    assert result.exit_code == 2
    assert "Nonsense" in result.output


def test_a_folder_without_photos_is_one_sentence(folder, tmp_path):
    (tmp_path / "empty").mkdir()
    result = run(tmp_path / "empty", tmp_path / "out.npz")
    assert result.exit_code == 2
    assert "one folder for each person" in result.output
