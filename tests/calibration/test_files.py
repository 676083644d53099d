import os
from contextlib import suppress

import pytest

from calibration.files import writing


@pytest.fixture(autouse=True)
def usual_mask():
    before = os.umask(0o022)
    yield
    os.umask(before)


def test_files_are_the_owners_alone_even_if_there_was_another(tmp_path):
    path = tmp_path / "kept"
    path.write_bytes(b"before")
    (tmp_path / "kept.draft").write_bytes(b"left by a crash")
    with writing(path) as file:
        file.write(b"now")
    assert path.read_bytes() == b"now"
    assert path.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["kept"]


def test_a_file_is_never_seen_half_written(tmp_path):
    path = tmp_path / "kept"
    path.write_bytes(b"before")
    with suppress(RuntimeError), writing(path) as file:
        file.write(b"ha")
        raise RuntimeError
    assert path.read_bytes() == b"before"
