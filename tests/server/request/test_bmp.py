"""BMP files whose runs skip pixels, and palettes that look like shades of gray."""

import struct
from collections.abc import Callable

import numpy as np
import pytest

from reference_server.request.photo import read_photo
from tests.support.reading import STANDARDS, is_read

SIDE = 64
NOISE = np.random.default_rng(5)
BYTES = NOISE.integers(0, 256, (SIDE, SIDE), np.uint8)
NIBBLES = BYTES >> 4
SHADES = [bytes([level] * 3) for level in range(256)]
COLOURS = [bytes([level, 255 - level, 7]) for level in range(256)]
END = b"\0\1"
Row = Callable[[np.ndarray], bytes]


def bmp(bits: int, runs: int, data: bytes, palette: list[bytes]) -> bytes:
    """``palette``: blue, green and red."""
    colours = b"".join(colour + b"\0" for colour in palette)
    place = 54 + len(colours)
    head = struct.pack("<IiiHHI", 40, SIDE, SIDE, 1, bits, runs)
    head += struct.pack("<IiiII", len(data), 0, 0, len(palette), 0)
    return b"BM" + struct.pack("<IHHI", place + len(data), 0, 0, place) + head + colours + data


def absolute(row: np.ndarray) -> bytes:
    return bytes([0, len(row), *row]) + b"\0" * (len(row) % 2)


def absolute_nibbles(row: np.ndarray) -> bytes:
    packed = np.append(row, np.uint8(0))[: len(row) + len(row) % 2].reshape(-1, 2)
    content = bytes(packed[:, 0] << 4 | packed[:, 1])
    return bytes([0, len(row)]) + content + b"\0" * (len(content) % 2)


def in_rows(row: Row, pixels: np.ndarray = BYTES) -> bytes:
    return b"".join(row(each) for each in pixels[::-1])


def read(file: bytes) -> np.ndarray:
    return read_photo(file, STANDARDS).pixels


@pytest.mark.parametrize("end", [END, b"", END + b"bytes that nobody reads"])
@pytest.mark.parametrize("row", [absolute, lambda row: absolute(row[:9]) + absolute(row[9:])])
def test_whole_rows_of_runs_are_read(row: Row, end: bytes) -> None:
    file = bmp(8, 1, in_rows(lambda each: row(each) + b"\0\0") + end, COLOURS)
    assert np.array_equal(read(file), np.array([[*c] for c in COLOURS])[BYTES][..., ::-1])


def test_runs_of_nibbles_are_read() -> None:
    pixels = NIBBLES.copy()
    pixels[:, :7] = [3, 9, 3, 9, 3, 9, 3]

    def row(each: np.ndarray) -> bytes:
        rest = absolute_nibbles(each[7:20]) + absolute_nibbles(each[20:])
        return b"\x07\x39" + rest + b"\0\0"

    file = bmp(4, 2, in_rows(row, pixels) + END, COLOURS[:16])
    assert np.array_equal(read(file), np.array([[*c] for c in COLOURS])[pixels][..., ::-1])


@pytest.mark.parametrize(
    "row",
    [
        lambda row: absolute(row[:-1]) + b"\0\0",
        lambda row: absolute(row[:32]) + b"\0\0",
        lambda row: b"\0\2\x20\0" + absolute(row[32:]) + b"\0\0",
        lambda row: absolute(row[:28]) + b"\0\2\x08\0" + absolute(row[36:]) + b"\0\0",
        lambda row: absolute(row) + b"\x01\0\0\0",
        lambda row: absolute(row) + absolute(row[:3]) + b"\0\0",
        absolute,
        lambda row: b"\xff\x30\0\0",
        lambda row: b"",
        lambda row: absolute(row[:60]) + b"\0",
    ],
    ids=[
        *("a pixel short", "half a row", "its left skipped", "its middle skipped"),
        *("a pixel too many", "three too many", "no ends of lines", "a run across lines"),
        *("nothing", "cut"),
    ],
)
def test_runs_that_do_not_fill_their_row_exactly_are_damage(row: Row) -> None:
    assert not is_read(bmp(8, 1, in_rows(row) + END, SHADES))


def test_a_row_that_is_missing_is_damage() -> None:
    rows = [absolute(row) + b"\0\0" for row in BYTES]
    for few in (rows[:-1], [*rows[:20], b"\0\0", *rows[21:]], [*rows[:20], END, *rows[20:]]):
        assert not is_read(bmp(8, 1, b"".join(few) + END, SHADES))


@pytest.mark.parametrize(("bits", "runs"), [(4, 1), (8, 2), (1, 1), (24, 1), (16, 2)])
def test_runs_of_pixels_of_another_size_are_refused(bits: int, runs: int) -> None:
    data = in_rows(lambda row: absolute(row) + b"\0\0") + END
    assert not is_read(bmp(bits, runs, data, SHADES[: 1 << bits] if bits <= 8 else []))


def test_runs_are_read_where_they_are_not_countless(monkeypatch: pytest.MonkeyPatch) -> None:
    single = bmp(8, 1, (b"\x01\x80" * SIDE + b"\0\0") * SIDE + END, SHADES)
    assert (read(single) == 0x80).all()
    monkeypatch.setattr("reference_server.request.bmp.MOST_RUNS", SIDE * SIDE)
    assert not is_read(single)


@pytest.mark.parametrize(
    ("bits", "palette"),
    [
        (8, [SHADES[0], SHADES[255]]),
        (4, [SHADES[0], SHADES[255]]),
        (4, SHADES[:16]),
        (8, SHADES),
        (8, SHADES[:200]),
        (8, SHADES[::-1]),
        (4, SHADES[::17]),
        (4, SHADES[::-17]),
        (1, [SHADES[0], SHADES[255]]),
        (1, [SHADES[255], SHADES[0]]),
        (1, COLOURS[:2]),
    ],
)
def test_colours_are_taken_from_the_palette_or_the_file_is_refused(
    bits: int, palette: list[bytes]
) -> None:
    pixels = np.minimum(BYTES, len(palette) - 1).astype(np.uint8)
    if bits == 8:
        data = pixels
    elif bits == 4:
        data = pixels[:, ::2] << 4 | pixels[:, 1::2]
    else:
        data = np.packbits(pixels, axis=1)
    file = bmp(bits, 0, bytes(data[::-1]), palette)
    if is_read(file):
        assert np.array_equal(read(file), np.array([[*c] for c in palette])[pixels][..., ::-1])
    else:
        assert bits > 1
        assert len(palette) <= 16
