"""PNG files whose chunks are sound and whose compressed data hold too little, or too much."""

import struct
import zlib
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from reference_server.refusals import WrongPixelSize
from reference_server.request.photo import read_photo
from reference_server.request.png import inflated
from tests.support.memory import peak_memory
from tests.support.odd_photos import PICTURE, saved
from tests.support.reading import is_read
from verikit.contract import load_contract

STANDARDS = load_contract().photo_standards
PASSES = (
    *((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4)),
    *((0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)),
)
SAMPLES = np.asarray(PICTURE)
BLACK = np.zeros((97, 61, 3), np.uint8)
GREY, COLOUR, PALETTE, GREY_ALPHA, ALPHA = 0, 2, 3, 4, 6
SAMPLES_OF = {GREY: [0], COLOUR: [0, 1, 2], PALETTE: [0], GREY_ALPHA: [0, 1], ALPHA: [0, 1, 2, 0]}
"""Of a pixel, by the type of colour: which of a picture's three."""


def chunk(kind: bytes, content: bytes) -> bytes:
    check = struct.pack(">I", zlib.crc32(kind + content))
    return struct.pack(">I", len(content)) + kind + content + check


def rows(samples: np.ndarray, bits: int = 8) -> list[bytes]:
    if bits == 16:
        samples = samples.astype(">u2") * 257
    if bits < 8:
        binary = np.unpackbits(samples[..., None] >> (8 - bits), axis=-1)[..., 8 - bits :]
        samples = np.packbits(binary.reshape(len(samples), -1), axis=1)
    return [b"\0" + row.tobytes() for row in samples]


def interlaced_rows(samples: np.ndarray, bits: int = 8) -> list[bytes]:
    return [
        row
        for left, top, right, down in PASSES
        for row in rows(samples[top::down, left::right], bits)
    ]


def png(
    data: bytes,
    samples: np.ndarray = SAMPLES,
    *,
    bits: int = 8,
    colour: int = COLOUR,
    interlaced: bool = False,
    palette: bytes = b"",
) -> bytes:
    """A PNG of the size of the samples and of any data."""
    height, width = samples.shape[:2]
    header = struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, interlaced)
    chunks = [chunk(b"IHDR", header), *([chunk(b"PLTE", palette)] if palette else [])]
    chunks += [chunk(b"IDAT", data), chunk(b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


@pytest.mark.parametrize("interlaced", [False, True], ids=["rows", "passes"])
@pytest.mark.parametrize("samples", [SAMPLES, BLACK], ids=["picture", "black"])
@pytest.mark.parametrize(
    ("bits", "colour"),
    [
        *((bits, GREY) for bits in (1, 2, 4, 8, 16)),
        *((bits, PALETTE) for bits in (1, 2, 4, 8)),
        *((bits, kind) for bits in (8, 16) for kind in (COLOUR, GREY_ALPHA, ALPHA)),
    ],
)
def test_a_png_is_read_if_it_holds_all_of_its_rows(
    bits: int, colour: int, samples: np.ndarray, *, interlaced: bool
) -> None:
    picture = samples[..., SAMPLES_OF[colour]]
    pieces = (interlaced_rows if interlaced else rows)(picture, bits)
    palette = bytes(range(256)) * 3 if colour == PALETTE else b""

    def with_data(data: bytes) -> bytes:
        return png(
            zlib.compress(data),
            samples,
            bits=bits,
            colour=colour,
            interlaced=interlaced,
            palette=palette[: 3 << bits],
        )

    whole = b"".join(pieces)
    assert is_read(with_data(whole))
    assert is_read(with_data(whole + b"bytes that nobody reads"))
    for kept in (1, len(pieces) // 2, len(pieces) - 1):
        assert not is_read(with_data(b"".join(pieces[:kept])))
    assert not is_read(with_data(whole[:-1]))


@pytest.mark.parametrize("height", range(32, 41))
def test_the_last_row_of_the_last_pass_is_missed_at_every_height(height: int) -> None:
    samples = np.full((height, 33), 200, np.uint8)
    pieces = interlaced_rows(samples)
    files = [
        png(zlib.compress(b"".join(kept)), samples, colour=GREY, interlaced=True)
        for kept in (pieces, pieces[:-1])
    ]
    assert list(map(is_read, files)) == [True, False]


@pytest.mark.parametrize("width", [1, 2, 3, 4, 5, 9])
@pytest.mark.parametrize("height", [1, 2, 3, 4, 5, 9])
def test_a_small_png_is_too_small_if_it_is_whole_and_else_damaged(width: int, height: int) -> None:
    samples = np.zeros((height, width), np.uint8)
    pieces = [row for row in interlaced_rows(samples) if len(row) > 1]

    def with_rows(kept: list[bytes]) -> bytes:
        return png(zlib.compress(b"".join(kept)), samples, colour=GREY, interlaced=True)

    with pytest.raises(WrongPixelSize):
        read_photo(with_rows(pieces), STANDARDS)
    assert not is_read(with_rows(pieces[:-1]))


def test_a_photo_whose_last_row_is_black_is_read() -> None:
    samples = SAMPLES.copy()
    samples[-8:] = 0
    photo = read_photo(saved(Image.fromarray(samples), "PNG"), STANDARDS)
    assert np.array_equal(photo.pixels, samples)


@pytest.mark.parametrize(
    "place", [300, -2000, -1], ids=["at its beginning", "towards its end", "in its checksum"]
)
def test_a_change_in_the_compressed_data_is_damage_whatever_the_chunks_say(place: int) -> None:
    data = bytearray(zlib.compress(b"".join(rows(SAMPLES))))
    data[place] ^= 0x55
    assert not is_read(png(bytes(data)))


def test_a_row_of_an_unknown_filter_is_damage() -> None:
    pieces = rows(SAMPLES)
    pieces[50] = b"\x09" + pieces[50][1:]
    assert not is_read(png(zlib.compress(b"".join(pieces))))


@pytest.mark.parametrize("data", [b"", zlib.compress(b"")], ids=["no data", "an empty stream"])
def test_a_png_without_pixels_is_damaged(data: bytes) -> None:
    assert not is_read(png(data))


@pytest.mark.parametrize("default", [False, True])
def test_what_is_missing_of_an_animation_is_missing_of_its_first_picture(*, default: bool) -> None:
    other = PICTURE.transpose(Image.Transpose.ROTATE_180)
    file = saved(PICTURE, "PNG", save_all=True, append_images=[other], default_image=default)
    start = file.index(b"IDAT") - 4
    end = start + 12 + struct.unpack_from(">I", file, start)[0]
    short = chunk(b"IDAT", zlib.compress(b"".join(rows(SAMPLES[:40]))))
    assert is_read(file)
    assert not is_read(file[:start] + short + file[end:])
    assert not is_read(file[:start] + file[end:])


HEADER = png(b"")[8:33]
DATA = zlib.compress(b"".join(rows(SAMPLES)))
PIXELS, LAST = chunk(b"IDAT", DATA), chunk(b"IEND", b"")
HALVES = chunk(b"IDAT", DATA[:700]), chunk(b"IDAT", DATA[700:])
ENTRIES = chunk(b"PLTE", bytes(range(30)))
UPPER_HALF = chunk(b"IHDR", HEADER[8:12] + struct.pack(">I", 48) + HEADER[16:21])
NOTE = chunk(b"tEXt", b"key\0value")


@pytest.mark.parametrize(
    ("chunks", "read"),
    [
        ([HEADER, PIXELS, LAST], True),
        ([HEADER, *HALVES, LAST], True),
        ([HEADER, NOTE, PIXELS, NOTE, LAST], True),
        ([HEADER, chunk(b"prVt", b"its own"), PIXELS, LAST, NOTE], True),
        ([HEADER, ENTRIES, PIXELS, LAST], True),
        ([HEADER, UPPER_HALF, PIXELS, LAST], False),
        ([UPPER_HALF, HEADER, PIXELS, LAST], False),
        ([HEADER, PIXELS, UPPER_HALF, LAST], False),
        ([NOTE, HEADER, PIXELS, LAST], False),
        ([PIXELS, HEADER, LAST], False),
        ([HEADER, HALVES[0], NOTE, HALVES[1], LAST], False),
        ([HEADER, PIXELS, NOTE, PIXELS, LAST], False),
        ([HEADER, ENTRIES, ENTRIES, PIXELS, LAST], False),
        ([HEADER, PIXELS, ENTRIES, LAST], False),
        ([HEADER, chunk(b"PLTE", bytes(31)), PIXELS, LAST], False),
        ([HEADER, chunk(b"PLTE", bytes(774)), PIXELS, LAST], False),
        ([HEADER, chunk(b"PLTE", b""), PIXELS, LAST], False),
        ([HEADER, chunk(b"PRVT", b"decides"), PIXELS, LAST], False),
        ([chunk(b"CgBI", bytes(4)), HEADER, PIXELS, LAST], False),
        ([HEADER, PIXELS], False),
        ([HEADER, LAST, PIXELS], False),
    ],
)
def test_what_decides_about_pixels_is_there_once_and_in_order(
    chunks: list[bytes], *, read: bool
) -> None:
    assert is_read(b"".join([png(b"")[:8], *chunks])) == read


def test_chunks_are_counted() -> None:
    start, notes = png(b"")[:8] + HEADER, chunk(b"prVt", b"") * 29_997
    assert is_read(start + notes + PIXELS + LAST)
    assert not is_read(start + notes + NOTE + PIXELS + LAST)


@pytest.mark.parametrize("kind", ["PNG", "BMP"])
def test_colours_that_are_not_in_the_palette_are_damage(kind: str) -> None:
    plate = PICTURE.quantize(200)
    file = saved(plate, kind)
    assert is_read(file)
    indices = np.asarray(plate)
    palette = bytes(plate.getpalette() or [])
    few = png(zlib.compress(b"".join(rows(indices))), colour=PALETTE, palette=palette[:300])
    if kind == "BMP":
        place = 54 + 4 * 200
        few = (
            file[:10] + struct.pack("<I", place) + file[14:46] + struct.pack("<I", 100) + file[50:]
        )
    assert not is_read(few)


def test_what_follows_the_rows_is_not_inflated() -> None:
    stream = zlib.compress(bytes(2**22))
    assert inflated(stream, 2**22) == (2**22, True)
    length, ends = inflated(stream, 1000)
    assert 1000 < length < 2**18
    assert not ends


def test_counting_rows_takes_little_memory() -> None:
    vast = np.zeros((4096, 4096), np.uint8)
    file = png(zlib.compress(bytes(4096 * 4097)), vast, colour=GREY)
    standards = replace(STANDARDS, max_file_bytes=2**30)
    pixels = read_photo(file, standards).pixels
    assert not pixels.any()
    # Of 16 MiB that are counted; other threads and imports take some as well.
    assert peak_memory(lambda: read_photo(file, standards)) < pixels.nbytes + 2**23
