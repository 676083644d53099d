import os
import pickle
import struct

import numpy as np
import pytest

from calibration.sources.formats.bin_file import BinFile
from calibration.sources.labelled import Choice, open_labelled
from verikit.errors import WrongUse


@pytest.mark.parametrize("as_array", [False, True])
@pytest.mark.parametrize("protocol", [2, 4])
def test_reads_insightface_sets(tmp_path, as_array, protocol):
    path = tmp_path / "set.bin"
    photos = [b"one", b"two", b"three", b"four"]
    kept = [np.frombuffer(photo, np.uint8) for photo in photos] if as_array else photos
    path.write_bytes(pickle.dumps((kept, [True, False]), protocol=protocol))
    labelled = open_labelled(Choice(data=str(path)))
    mated = labelled.pairs.pair(0, mated=True)
    other = labelled.pairs.pair(0, mated=False)
    assert [labelled.photos.read(name) for name in (mated.first, mated.second)] == photos[:2]
    assert [labelled.photos.read(name) for name in (other.first, other.second)] == photos[2:]


class Attack:
    def __reduce__(self):
        return os.system, ("false",)


@pytest.mark.parametrize(
    "content",
    [pickle.dumps(Attack()), b"\x80\x04", b"text", pickle.dumps(([b"1"], [True])), b""],
    ids=["attack", "cut short", "no pickle", "one photo for a label", "empty"],
)
def test_other_pickles_are_refused(tmp_path, content):
    path = tmp_path / "set.bin"
    path.write_bytes(content)
    with pytest.raises(WrongUse):
        BinFile(path)


PHOTOS = [b"one", b"2" * 70, b"three" * 60, b"four" * 20_000]
AS = {
    "bytes": bytes,
    "arrays": lambda photo: np.frombuffer(photo, np.uint8),
    "columns": lambda photo: np.frombuffer(photo, np.uint8).reshape(-1, 1),
    "bytearrays": bytearray,
}
LABELS = {
    "booleans": [True, False],
    "numbers": [1, 0],
    "numpy booleans": [np.bool_(True), np.bool_(False)],
    "an array of booleans": np.array([True, False]),
    "an array of numbers": np.array([1, 0], np.uint8),
}


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize("labels", LABELS)
@pytest.mark.parametrize("kind", AS)
def test_reads_what_the_field_writes(tmp_path, kind, labels, protocol):
    path = tmp_path / "set.bin"
    content = ([AS[kind](photo) for photo in PHOTOS], LABELS[labels])
    path.write_bytes(pickle.dumps(content, protocol=protocol))
    found = BinFile(path)
    assert found.same == [True, False]
    assert [found.read(name) for name in found.names()] == PHOTOS


def name(module: str, attribute: str) -> bytes:
    return f"c{module}\n{attribute}\n".encode()


def binary(content: bytes) -> bytes:
    return b"B" + struct.pack("<I", len(content)) + content


def text(word: str) -> bytes:
    return b"X" + struct.pack("<I", len(word)) + word.encode()


def together(*values: bytes) -> bytes:
    return b"(" + b"".join(values) + b"t"


def an_array(kind: bytes, shape: bytes, content: bytes) -> bytes:
    empty = together(name("numpy", "ndarray"), together(b"K\0"), binary(b"b"))
    state = together(b"K\1", shape, kind, b"\x89", binary(content))
    return name("numpy.core.multiarray", "_reconstruct") + empty + b"R" + state + b"b"


def a_type(code: str, *state: bytes) -> bytes:
    made = name("numpy", "dtype") + together(text(code), b"\x89", b"\x88") + b"R"
    return made + (together(*state) + b"b" if state else b"")


POINTERS = a_type("O8", b"K\3", text("|"), b"NNN", b"J\xff\xff\xff\xff" * 2, b"K\0")
NESTED = a_type("u1", b"K\3", text("|"), together(POINTERS, together(b"K\1")), b"NN", b"K\0" * 3)
LABEL = b"](\x88e"
HUGE = b"\x8a\x08" + (10**13).to_bytes(8, "little")
ADDRESSES = struct.pack("<QQ", 0x41414141, 0x41414141)
ATTACKS = {
    "pointers for bytes": together(an_array(POINTERS, together(b"K\2"), ADDRESSES), LABEL),
    "pointers within a type": together(an_array(NESTED, together(b"K\2"), ADDRESSES), LABEL),
    "a huge array": together(an_array(a_type("u1"), together(HUGE), b"x"), LABEL),
    "another class": together(
        name("numpy.core.multiarray", "_reconstruct")
        + together(name("numpy", "dtype"), together(b"K\0"), binary(b"b"))
        + b"R",
        LABEL,
    ),
    "a huge memo": b"]r" + struct.pack("<I", 2**31 - 1) + b".",
    "a huge number": together(b"](\x8b" + struct.pack("<i", 2**31 - 1) + bytes(10), LABEL),
    "a huge frame": b"\x95" + struct.pack("<Q", 2**62) + b".",
    "a huge photo": b"\x8e" + struct.pack("<Q", 2**62) + b"x",
    "marks": b"(" * 100_000 + b"t" * 100_000,
    "no stack": b"0",
    "no memo": b"h\x05",
    "a command": name("os", "system") + text("id") + b"\x85R",
    "a dictionary": together(b"}(K\0K\1u", LABEL),
    "a call of bytes": together(
        name("builtins", "bytes") + together(b"J\xff\xff\xff\x7f") + b"R", LABEL
    ),
    "labels that are numbers": together(b"](" + binary(b"a") + binary(b"b") + b"e", b"](K\5e"),
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_what_builds_anything_else_is_refused(tmp_path, attack):
    path = tmp_path / "set.bin"
    path.write_bytes(b"\x80\x03" + ATTACKS[attack] + b".")
    with pytest.raises(WrongUse, match=r"set[.]bin"):
        BinFile(path)


def test_photos_stay_in_the_file(tmp_path):
    path = tmp_path / "set.bin"
    photos = [bytes([n]) * 2_000_000 for n in range(20)]
    path.write_bytes(pickle.dumps((photos, [True] * 10)))
    before = resident()
    found = BinFile(path)
    assert resident() - before < 20_000_000
    assert found.read("7") == photos[7]
    with pytest.raises(WrongUse, match="no photo 40"):
        found.read("40")


def resident() -> int:
    """Bytes that were ever resident at once."""
    import resource  # noqa: PLC0415 - not on Windows

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
