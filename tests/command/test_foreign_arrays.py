"""Arrays of somebody else's: what a file says that its text is, Python may not be able to make."""

import zipfile

import numpy as np
import pytest

from reference_server.faces.fitting.people import LabelledTemplates
from reference_server.faces.scoring.cohort import Cohort
from verikit.errors import WrongUse
from verikit.foreign_arrays import array_of, arrays_of

ARRAYS = {
    "vectors": np.eye(4, dtype=np.float32),
    "photos": np.array(list("abcd")),
    "model": np.array("Made"),
    "weights": np.array(""),
}


def text_of(number: int, order: str = "<") -> np.ndarray:
    """Four texts of one character, by its number."""
    return np.full(4, number, f"{order}u4").view(f"{order}U1")


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("number", [0x110000, 0xFFFFFFFF])
def test_text_of_no_characters_is_refused(tmp_path, number, order) -> None:
    path = tmp_path / "odd.npz"
    np.savez(path, people=text_of(number, order), **ARRAYS)
    with pytest.raises(WrongUse, match="no character"):
        arrays_of(path, "templates")
    with pytest.raises(WrongUse, match="no character"):
        LabelledTemplates.load(path)
    np.save(tmp_path / "odd.npy", text_of(number, order))
    with pytest.raises(WrongUse, match="no character"):
        array_of(tmp_path / "odd.npy")


@pytest.mark.parametrize("order", ["<", ">"])
def test_the_last_character_is_one(tmp_path, order) -> None:
    path = tmp_path / "good.npz"
    np.savez(path, people=text_of(0x10FFFF, order), **ARRAYS)
    assert arrays_of(path, "templates")["people"].tolist() == ["\U0010ffff"] * 4


def test_bytes_are_text(tmp_path) -> None:
    path = tmp_path / "bytes.npz"
    np.savez(path, people=np.array([b"Ann", "Zoë".encode()]))
    assert arrays_of(path, "templates")["people"].tolist() == ["Ann", "Zoë"]


@pytest.mark.parametrize(
    "people", [np.array([b"Zo\xeb"]), np.array([("Ann", 1)], [("name", "U3"), ("number", int)])]
)
def test_bytes_of_no_text_and_records_are_refused(tmp_path, people) -> None:
    path = tmp_path / "odd.npz"
    np.savez(path, people=people)
    with pytest.raises(WrongUse, match=r"is not an \.npz of templates"):
        arrays_of(path, "templates")


@pytest.mark.parametrize("header", [b"{'descr': '<f4', 1: }", b"a\n  b\n c", b"{'descr'", b"a b"])
@pytest.mark.parametrize("version", [(1, 0), (2, 0)])
def test_a_header_that_is_no_python_is_refused(tmp_path, header, version) -> None:
    """numpy parses headers as Python; a SyntaxError names a file, too."""
    size = (len(header) + 1).to_bytes(2 if version == (1, 0) else 4, "little")
    content = b"\x93NUMPY" + bytes(version) + size + header + b"\n"
    path = tmp_path / "odd.npz"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("people.npy", content)
    with pytest.raises(WrongUse, match="or is damaged"):
        arrays_of(path, "templates")
    (tmp_path / "odd.npy").write_bytes(content)
    with pytest.raises(WrongUse, match="or is damaged"):
        array_of(tmp_path / "odd.npy")


@pytest.mark.parametrize(
    "read",
    [lambda path: arrays_of(path, "scores"), LabelledTemplates.load, Cohort.load],
    ids=["arrays", "templates to fit", "a cohort"],
)
def test_an_archive_that_unpacks_to_everything_is_refused(tmp_path, monkeypatch, read) -> None:
    monkeypatch.setattr("verikit.foreign_arrays._ALWAYS", 1 << 20)
    path = tmp_path / "bomb.npz"
    np.savez_compressed(path, vectors=np.zeros((2_000, 2_000)))
    with pytest.raises(WrongUse, match="unpacks to more than"):
        read(path)
