"""Arrays of somebody else's: what a file says that its text is, Python may not be able to make."""

import zipfile

import numpy as np
import pytest

from calibration.sources.formats.matrices import open_matrix
from calibration.sources.templates import load as load_templates
from reference_server.faces.fitting.people import LabelledTemplates
from reference_server.faces.scoring.cohort import Cohort
from verikit.errors import WrongUse
from verikit.foreign_arrays import array_of, arrays_of, names_of

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


def test_names_are_one_whatever_their_characters_and_blanks() -> None:
    names = np.array([["Zoe\u0308", " Zo\u00eb"], ["Ann\t", "Ann"]])
    assert names_of(names).tolist() == [["Zo\u00eb", "Zo\u00eb"], ["Ann", "Ann"]]
    assert names_of(np.array([7, 8])).tolist() == ["7", "8"]


@pytest.mark.parametrize(
    "people", [np.array(["Ann", "", "Ben", "Ben"]), np.array([1, 1, np.nan, 2])], ids=["", "nan"]
)
def test_what_is_of_nobody_is_refused(tmp_path, people) -> None:
    """Taken for one person, it would be mated with itself."""
    np.savez(tmp_path / "t.npz", people=people, **ARRAYS)
    np.savez(tmp_path / "m.npz", people=people, scores=np.eye(4))
    with pytest.raises(WrongUse, match="must name a person"):
        load_templates(tmp_path / "t.npz")
    with pytest.raises(WrongUse, match="must name a person"):
        open_matrix(tmp_path / "m.npz", None, {})
    with pytest.raises(WrongUse, match="a name is missing"):
        LabelledTemplates.load(tmp_path / "t.npz")


def test_people_of_templates_and_matrices_are_told_as_in_tables(tmp_path) -> None:
    people = np.array(["Zoe\u0308", "Zo\u00eb ", "1.0", "1"])
    np.savez(tmp_path / "t.npz", people=people, **ARRAYS)
    np.savez(tmp_path / "m.npz", people=people, scores=np.eye(4))
    assert sorted(load_templates(tmp_path / "t.npz").people.tolist()) == [
        "1",
        "1",
        "Zo\u00eb",
        "Zo\u00eb",
    ]
    assert len(set(open_matrix(tmp_path / "m.npz", None, {}).arrays["people"].tolist())) == 2
    assert LabelledTemplates.load(tmp_path / "t.npz").names == ("1", "1.0", "Zo\u00eb")


@pytest.mark.parametrize(
    ("groups", "why"),
    [
        (["a", "a", "|", "|"], "holds no '|'"),
        (["a", "a", "A", "A"], "in two ways"),
        (["a", "a", "", ""], "must name a person and a group"),
        (["a", "b", "b", "b"], "puts Ann into a and into b"),
    ],
)
def test_groups_of_templates_are_as_those_of_a_table(tmp_path, groups, why) -> None:
    people = np.array(["Ann", "Ann", "Ben", "Ben"])
    np.savez(tmp_path / "t.npz", people=people, groups=np.array(groups), **ARRAYS)
    with pytest.raises(WrongUse, match=why.replace("|", r"\|")):
        load_templates(tmp_path / "t.npz")
