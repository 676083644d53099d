"""A disk that fills while a command writes what it made: one sentence, and no file in part."""

import os
import subprocess
import sys
from dataclasses import replace
from errno import ENOSPC
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from conformance.requests.photos.files import photo_file
from conformance.requests.recipe import Photo
from tests.support.needs import missing
from verikit.cli import main
from verikit.exit_codes import Exit

FULL = f"Error: {os.strerror(ENOSPC)}: free some space, then run it again."
ON_A_SMALL_DISK = (
    *("unshare", "--map-root-user", "--mount", "sh", "-c"),
    'mount -t tmpfs -o size="$1" none "$2" && shift 2 && exec "$@"',
    "sh",
)


def run_on_a_small_disk(size: str, folder: Path, *command: str) -> tuple[int, str, list[str]]:
    """Exit code, last line of the errors, and what is left in the folder, which is such a disk."""
    folder.mkdir()
    listing = '"$@"; code=$?; ls -A "$0"; exit $code'
    done = subprocess.run(  # noqa: S603 - our own command
        [*ON_A_SMALL_DISK, size, str(folder), "sh", "-c", listing, str(folder), *command],
        capture_output=True,
        text=True,
        check=False,
    )
    if "unshare failed" in done.stderr or "mount:" in done.stderr:
        pytest.skip(missing("a file system of one's own", "a kernel with user namespaces"))
    assert "Traceback" not in done.stderr
    return done.returncode, done.stderr.splitlines()[-1], done.stdout.splitlines()


def verikit(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "verikit", *map(str, arguments)]


def made_templates(path: Path) -> Path:
    """Templates of 500 people that no model made."""
    rng = np.random.default_rng(1)
    people = rng.normal(size=(500, 1, 64)) + 0.4 * rng.normal(size=(500, 2, 64))
    vectors = people.reshape(-1, 64).astype(np.float32)
    names = [f"{person:03}" for person in range(500) for _ in range(2)]
    np.savez(
        path,
        vectors=vectors / np.linalg.norm(vectors, axis=1, keepdims=True),
        people=np.array(names),
        photos=np.array([f"{name}/{place}.jpg" for place, name in enumerate(names)]),
        model=np.array("Made"),
        weights=np.array("0" * 64),
    )
    return path


@pytest.mark.live
def test_templates(tmp_path: Path) -> None:
    for person in ("collins", "hopper"):
        (tmp_path / "people" / person).mkdir(parents=True)
        photo = photo_file(replace(Photo(of=person, width=250, height=250), format="JPEG"))
        (tmp_path / "people" / person / "1.jpg").write_bytes(photo)
    disk = tmp_path / "disk"
    command = verikit("templates", tmp_path / "people", "--out", disk / "t.npz", "--quiet")
    code, said, left = run_on_a_small_disk("4k", disk, *command)
    assert (code, said) == (Exit.NO_VERDICT, FULL)
    assert left == ["t.parts"]


@pytest.mark.live
def test_fit(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    command = verikit("fit", made_templates(tmp_path / "t.npz"), "--out", disk)
    code, said, left = run_on_a_small_disk("16k", disk, *command)
    assert (code, said) == (Exit.NO_VERDICT, FULL)
    assert left == []


def test_datasets_fetch(monkeypatch: pytest.MonkeyPatch) -> None:
    def fills(**_: object) -> None:
        raise OSError(ENOSPC, os.strerror(ENOSPC))

    monkeypatch.setattr("sklearn.datasets.fetch_lfw_people", fills)
    done = CliRunner().invoke(main, ["datasets", "fetch", "lfw"])
    assert done.exit_code == Exit.NO_VERDICT
    assert done.stderr.splitlines()[-1] == FULL
