"""Photos that are small to send and large to read: in pixels, in scans, in pieces, in text."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from functools import cache
from random import Random
from struct import pack
from typing import Any

from PIL import Image

from tests.hostile import bmp, gif, jpeg, png
from tests.hostile.files import FORMATS, converted, saved, whole
from tests.hostile.pictures import ramp
from tests.hostile.tiff_file import (
    BYTE_COUNTS,
    DATA,
    OFFSETS,
    ROWS,
    TILE_COUNTS,
    TILE_LENGTH,
    TILE_OFFSETS,
    TILE_WIDTH,
    Tag,
    grey,
    tiff,
    with_tags,
)
from verikit.contract import load_contract

STANDARDS = load_contract().photo_standards
LIMIT = STANDARDS.max_side
MOST_BYTES = STANDARDS.max_file_bytes
ABOVE = (LIMIT + 1, 20_000, 65_500)
AT_THE_LIMIT: tuple[tuple[str, str, dict[str, Any]], ...] = (
    *(("PNG", mode, {}) for mode in ("RGB", "RGBA", "LA", "P", "1", "I;16")),
    ("PNG", "P", {"transparency": bytes(256)}),
    ("JPEG", "RGB", {"quality": 5}),
    *(("JPEG", mode, {"quality": 5, "progressive": True}) for mode in ("RGB", "CMYK")),
    ("GIF", "P", {}),
    *(("TIFF", mode, {"compression": "tiff_lzw"}) for mode in ("RGB", "RGBA", "CMYK", "I;16")),
    *(
        ("TIFF", "RGB", {"compression": name})
        for name in ("tiff_adobe_deflate", "packbits", "jpeg")
    ),
    *(("TIFF", "RGB", {"compression": name}) for name in ("lzma", "zstd")),
)
PIECES: dict[str, tuple[tuple[int, bytes], ...]] = {
    "JPEG": (
        *((2, b"\xff\xe1\x00\x02"), (2, b"\xff\xe2\x00\x02"), (2, b"\xff\xdb\x00\x02")),
        *((2, b"\xff"), (2, b"\xff\xd0"), (2, b"\xff\xe1\x00\x08Exif\x00\x00"), (2, b"\x00\x00")),
    ),
    "PNG": tuple(
        (place, bytes(png.Chunk(name, b"")))
        for name in (b"tEXt", b"zTXt", b"none", b"IDAT", b"eXIf", b"iTXt")
        for place in (33, -12)
    ),
    "GIF": ((13, b"!\xfe\x01a\x00"), (13, b"!\xf9\x00"), (13, b"\x00"), (13, b"!\x01\x00")),
}
"""Where the smallest pieces of a header may stand, by format."""


@cache
def _at_the_limit(which: int) -> bytes:
    kind, mode, how = AT_THE_LIMIT[which]
    return saved(converted(ramp(64).resize((LIMIT, LIMIT)), mode), kind, **how)


def _limit(dice: Random) -> bytes:
    """The most pixels that are allowed, in each way of writing them."""
    return _at_the_limit(dice.randrange(len(AT_THE_LIMIT)))


@cache
def _above(kind: str, side: int, height: int) -> bytes:
    if kind == "PNG":
        compressor = zlib.compressobj(1)
        row = bytes(1 + side // 8 + 1)
        rows = b"".join(compressor.compress(row) for _ in range(height)) + compressor.flush()
        head = png.header(side, height, depth=1, colour=0)
        return png.join([head, png.Chunk(b"IDAT", rows), png.Chunk(b"IEND", b"")])
    how = {"compression": "group4"} if kind == "TIFF" else {}
    return saved(Image.new("1", (side, height)), kind, **how)


def _large(dice: Random) -> bytes:
    """Real pictures above the limit, compressed to little."""
    kind = dice.choice(("PNG", "TIFF", "GIF", "JPEG"))
    sides = [dice.choice((LIMIT + 1, 6000, 9000)), dice.choice((32, LIMIT, 6000))]
    dice.shuffle(sides)
    return _above(kind, *sides)


def _claims(dice: Random) -> bytes:
    """A header alone that claims to be huge, or as large as is allowed."""
    width, height = (dice.choice((LIMIT, *ABOVE)) for _ in range(2))
    rest = dice.randbytes(dice.choice((0, 100)))
    match dice.choice(FORMATS):
        case "PNG":
            depth, colour = dice.choice(((8, 2), (16, 6), (1, 0), (8, 3)))
            first = png.header(width, height, depth, colour, dice.choice((0, 1)))
            return png.join([first, png.Chunk(b"IDAT", zlib.compress(rest))])
        case "JPEG":
            return _claiming_jpeg(dice, width, height)
        case "BMP":
            depth, compression = dice.choice(((1, 0), (8, 0), (24, 0), (32, 3), (8, 1), (4, 2)))
            return bmp.bmp((width, height), depth, compression, rest)
        case "GIF":
            control = gif.control(dice.randrange(4), dice.choice((0, 1)))
            frame = gif.frame((0, 0, *dice.choice(((width, height), (1, 1)))))
            screen = gif.screen(*dice.choice(((width, height), (width, height), (40, 40))))
            return screen + control + frame + gif.TRAILER
        case _:
            coding = Tag(259, (dice.choice((1, 4, 5, 7, 8, 32773, 34925, 50000)),))
            return tiff(with_tags(grey(width, height), coding), rest)


def _claiming_jpeg(dice: Random, width: int, height: int) -> bytes:
    segments = jpeg.split(whole(dice, "JPEG"))
    for place, one in enumerate(segments):
        if one.marker in jpeg.FRAMES:
            sides = pack(">HH", height, width)
            segments[place] = jpeg.Segment(one.marker, one.body[:1] + sides + one.body[5:])
    return jpeg.join(segments)


@cache
def _scanned(mode: str, scans: int) -> bytes:
    segments = jpeg.split(
        saved(Image.new(mode, (LIMIT, LIMIT)), "JPEG", quality=5, progressive=True)
    )
    return jpeg.join(segments + [segments[-1]] * scans)


def _scans(dice: Random) -> bytes:
    """A progressive JPEG at the limit whose last scan comes again and again."""
    return _scanned(dice.choice(("RGB", "L", "CMYK")), dice.choice((5, 30, 500)))


def _pieces(dice: Random) -> bytes:
    """A small photo with as many empty pieces in its header as its bytes allow, or with a few."""
    kind = dice.choice(list(PIECES))
    place, piece = dice.choice(PIECES[kind])
    file = saved(ramp(64).convert("L").convert("P"), "GIF") if kind == "GIF" else whole(dice, kind)
    place = gif.after_palette(file) if kind == "GIF" else place
    room = MOST_BYTES - len(file)
    return file[:place] + piece * (room // dice.choice((1, 10, 100)) // len(piece)) + file[place:]


def _runs(dice: Random) -> bytes:
    """A BMP of runs that are one pixel long, or make a row of two bytes."""
    run = dice.choice(
        (b"\x01\x80", b"\x00\x00", b"\x00\x02\x00\x00", b"\xff\x80", b"\x00\x03abc\x00")
    )
    depth, compression = dice.choice(((8, bmp.RLE8), (4, bmp.RLE4)))
    pixels = run * ((MOST_BYTES - 2000) // dice.choice((1, 10)) // len(run))
    return bmp.bmp((LIMIT, LIMIT), depth, compression, pixels)


def _strips(dice: Random) -> bytes:
    """A TIFF of as many strips or tiles as its bytes allow; they all lie in one place."""
    times = dice.choice((LIMIT, 600_000))
    places, counts = Tag(OFFSETS, (DATA,) * times), Tag(BYTE_COUNTS, (LIMIT,) * times)
    tags = with_tags(grey(LIMIT, LIMIT), places, counts, Tag(ROWS, (dice.choice((0, 1)),)))
    if dice.random() < 0.5:
        tags = [tag for tag in tags if tag.number not in {OFFSETS, ROWS, BYTE_COUNTS}]
        tiles = (Tag(TILE_WIDTH, (16,)), Tag(TILE_LENGTH, (16,)))
        places, counts = Tag(TILE_OFFSETS, (DATA,) * times), Tag(TILE_COUNTS, (256,) * times)
        tags = with_tags(tags, *tiles, places, counts)
    return tiff(tags, bytes(LIMIT))


@cache
def _deflated(megabytes: int) -> bytes:
    return zlib.compress(bytes(megabytes * 10**6), 9)


def _texts(dice: Random) -> bytes:
    """Compressed text or profiles that unpack to a hundred megabytes, beside a small picture."""
    name, head = dice.choice(((b"zTXt", b"k\0\0"), (b"iCCP", b"k\0\0"), (b"iTXt", b"k\0\1\0\0\0")))
    chunks = png.split(whole(dice, "PNG"))
    chunk = png.Chunk(name, head + _deflated(dice.choice((1, 100))))
    return png.join([chunks[0], *[chunk] * dice.choice((1, 40)), *chunks[1:]])


def _tiles(dice: Random) -> bytes:
    """A small TIFF in a tile that unpacks to a hundred megabytes; its sides in odd types."""
    data = _deflated(dice.choice((1, 100)))
    side, kind = dice.choice((1024, 10_000)), dice.choice((4, 16, 17, 18))
    sides = Tag(TILE_WIDTH, (side,), kind), Tag(TILE_LENGTH, (side,), kind)
    places = Tag(TILE_OFFSETS, (DATA,)), Tag(TILE_COUNTS, (len(data),))
    return tiff(with_tags(grey(64, 64), Tag(259, (8,)), *sides, *places), data)


def _pixels(dice: Random) -> bytes:
    """A small PNG whose pixels unpack to a hundred megabytes."""
    first = png.header(64, 64, 8, dice.choice((0, 2, 6)))
    return png.join([first, png.Chunk(b"IDAT", _deflated(100)), png.Chunk(b"IEND", b"")])


KINDS: dict[str, Callable[[Random], bytes]] = {
    "bombs: at the limit": _limit,
    "bombs: above the limit": _large,
    "bombs: claims": _claims,
    "bombs: scans": _scans,
    "bombs: pieces": _pieces,
    "bombs: runs": _runs,
    "bombs: strips": _strips,
    "bombs: tiles": _tiles,
    "bombs: texts": _texts,
    "bombs: pixels": _pixels,
}
