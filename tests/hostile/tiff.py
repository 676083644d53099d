"""TIFF files with a mistake in their directory, or with several directories."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import replace
from random import Random
from struct import pack

from tests.hostile.odds import ODD_NUMBERS, flipped, garbage, odd_number
from tests.hostile.tiff_file import (
    BITS,
    BYTE_COUNTS,
    CODES,
    COLOURS,
    COMPRESSION,
    EXIF,
    EXTRA,
    FORMAT,
    GPS,
    ICC,
    JPEG_TABLES,
    LENGTH,
    OFFSETS,
    ORIENTATION,
    PHOTOMETRIC,
    PLANAR,
    PREDICTOR,
    ROWS,
    SAMPLES,
    SIDE,
    SUB_DIRECTORIES,
    SUBSAMPLING,
    TILE_COUNTS,
    TILE_LENGTH,
    TILE_OFFSETS,
    TILE_WIDTH,
    WIDTH,
    XMP,
    Tag,
    Tags,
    directory,
    grey,
    tiff,
    with_tags,
)

ALL_TAGS = (
    *(254, 255, WIDTH, LENGTH, BITS, COMPRESSION, PHOTOMETRIC, 266, OFFSETS, ORIENTATION),
    *(SAMPLES, ROWS, BYTE_COUNTS, 282, 283, PLANAR, 292, 293, 296, PREDICTOR, COLOURS, TILE_WIDTH),
    *(TILE_LENGTH, TILE_OFFSETS, TILE_COUNTS, SUB_DIRECTORIES, 332, EXTRA, FORMAT, JPEG_TABLES),
    *(512, 513, 514, 529, SUBSAMPLING, 531, 532, XMP, 33723, 34377, ICC, EXIF, GPS, 0xBC01, 65535),
)
COMPRESSIONS = (0, 1, 2, 3, 4, 5, 6, 7, 8, 32771, 32773, 32809, 32908, 32946, 34661, 34676, 34677)
MORE_COMPRESSIONS = (34712, 34887, 34892, 34925, 50000, 50001, 50002, 65535)

Mutate = Callable[[Random, Tags], Tags]


def _values(dice: Random, tags: Tags) -> Tags:
    number = dice.choice((dice.choice(tags).number, dice.choice(ALL_TAGS)))
    values = tuple(odd_number(dice, 32) for _ in range(dice.choice((1, 1, 2, 4, 50))))
    return with_tags(tags, Tag(number, values, dice.choice((3, 4, 4, 5))))


def _types(dice: Random, tags: Tags) -> Tags:
    old = dice.choice(tags)
    return with_tags(tags, replace(old, kind=dice.choice((*CODES, 0, 14, 15, 255, 65535))))


def _counts(dice: Random, tags: Tags) -> Tags:
    old = dice.choice(tags)
    return with_tags(tags, replace(old, count=odd_number(dice, 32)))


def _order(dice: Random, tags: Tags) -> Tags:
    tags = [*tags, dice.choice(tags)]
    dice.shuffle(tags)
    return tags[: dice.randint(0, len(tags))]


def _strips(dice: Random, tags: Tags) -> Tags:
    times = dice.choice((0, 1, 2, SIDE, 3 * SIDE, 5000))
    offsets = tuple(odd_number(dice, 12) for _ in range(times))
    counts = tuple(dice.choice(ODD_NUMBERS) for _ in range(dice.choice((times, times, 1))))
    rows = Tag(ROWS, (dice.choice((0, 1, 2, SIDE, 2**32 - 1)),))
    return with_tags(tags, Tag(OFFSETS, offsets), Tag(BYTE_COUNTS, counts), rows)


def _tiles(dice: Random, tags: Tags) -> Tags:
    width, height = (dice.choice((0, 1, 7, 16, 32, 4096, 2**31)) for _ in range(2))
    offsets = (8,) * dice.choice((1, 9, 2000))
    tiles = [Tag(TILE_WIDTH, (width,)), Tag(TILE_LENGTH, (height,)), Tag(TILE_OFFSETS, offsets)]
    tags = [tag for tag in tags if tag.number not in {OFFSETS, ROWS, BYTE_COUNTS}]
    return with_tags(tags, *tiles, Tag(TILE_COUNTS, (256,) * len(offsets)))


def _compression(dice: Random, tags: Tags) -> Tags:
    return with_tags(
        tags,
        Tag(COMPRESSION, (dice.choice((*COMPRESSIONS, *MORE_COMPRESSIONS)),)),
        Tag(PREDICTOR, (dice.choice((1, 2, 3, 9)),)),
        Tag(JPEG_TABLES, garbage(dice, 300), kind=7),
    )


def _coded_pixels(dice: Random) -> bytes:
    """Deflate with mistakes; blind mutations of whole files make the other codings wrong."""
    coded = zlib.compress(dice.randbytes(SIDE * dice.choice((1, SIDE, 5 * SIDE))))
    coded = dice.choice((coded, flipped(dice, coded), coded[: dice.randint(0, len(coded))]))
    tags = with_tags(grey(), Tag(COMPRESSION, (8,)), Tag(BYTE_COUNTS, (len(coded),)))
    return tiff(tags, coded)


def _depths(dice: Random, tags: Tags) -> Tags:
    samples = dice.choice((0, 1, 2, 3, 4, 5, 9, 65535))
    bits = (dice.choice((1, 2, 4, 8, 12, 16, 24, 32, 64)),) * min(samples, 9)
    return with_tags(
        tags,
        Tag(SAMPLES, (samples,), 3),
        Tag(BITS, bits, 3),
        Tag(PHOTOMETRIC, (dice.choice((0, 1, 2, 3, 4, 5, 6, 8, 9, 32803, 32844, 34892)),), 3),
        Tag(FORMAT, (dice.choice((1, 2, 3, 4, 6)),) * min(samples, 9), 3),
        Tag(PLANAR, (dice.choice((0, 1, 2)),), 3),
        Tag(EXTRA, tuple(dice.choice((0, 1, 2)) for _ in range(dice.choice((0, 1, 1, 3)))), 3),
        Tag(COLOURS, (999,) * dice.choice((1, 48, 768)), 3),
        Tag(SUBSAMPLING, (dice.choice((0, 1, 2, 3)), dice.choice((0, 1, 2, 4))), 3),
    )


def _photo(mutate: Mutate) -> Callable[[Random], bytes]:
    def make(dice: Random) -> bytes:
        tags = mutate(dice, grey())
        return tiff(tags, dice.randbytes(SIDE * SIDE), order=dice.choice("<<>"))

    return make


def _loops(dice: Random) -> bytes:
    """Directories that name themselves, or each other, as the next or as a part."""
    back = dice.choice((0, 4, 8, 9, 2**31))
    parts = [Tag(dice.choice((SUB_DIRECTORIES, EXIF, GPS, 40965)), (back,)) for _ in range(3)]
    return b"II*\0\x08\0\0\0" + directory(with_tags(grey(), *parts), 8, following=back)


def _chains(dice: Random) -> bytes:
    """A long way of directories, one behind the other, closed to a ring now and then."""
    tags = grey() if dice.random() < 0.7 else []
    entries = directory(tags, 0, following=0)[:-4]  # no value lies behind them
    count = dice.choice((2, 50, 2000))
    places = (8 + (len(entries) + 4) * place for place in range(1, count + 1))
    following = [*places, dice.choice((0, 8, 2**32 - 1))]
    return b"II*\0\x08\0\0\0" + b"".join(entries + pack("<I", place) for place in following)


def _depth_of_parts(dice: Random) -> bytes:
    """Directories within directories: each the EXIF, or a part, of the one before."""
    file = b"II*\0\x08\0\0\0" + directory(
        with_tags(grey(), Tag(EXIF, (8 + 2 + 120 + 4,))), 8, following=0
    )
    for _ in range(dice.choice((10, 2000))):
        tag = dice.choice((SUB_DIRECTORIES, EXIF, GPS, 40965))
        file += directory([Tag(tag, (len(file) + 18,))], len(file), following=0)
    return file


def _big(dice: Random) -> bytes:
    """BigTIFF: the same with numbers of 64 bits."""
    entries = [pack("<HHQQ", tag.number, 4, 1, tag.placed(300).values[0]) for tag in grey()]
    place = dice.randrange(len(entries))
    entries[place] = entries[place][:4] + pack("<QQ", odd_number(dice, 64), odd_number(dice, 64))
    count = dice.choice((len(entries), len(entries), 0, 2**40))
    return b"II+\0\x08\0\0\0" + pack("<QQ", 16, count) + b"".join(entries) + bytes(2000)


KINDS = {
    "tiff: values": _photo(_values),
    "tiff: types": _photo(_types),
    "tiff: counts": _photo(_counts),
    "tiff: order": _photo(_order),
    "tiff: strips": _photo(_strips),
    "tiff: tiles": _photo(_tiles),
    "tiff: compression": _photo(_compression),
    "tiff: coded pixels": _coded_pixels,
    "tiff: depths": _photo(_depths),
    "tiff: directories in loops": _loops,
    "tiff: directories in chains": _chains,
    "tiff: directories in directories": _depth_of_parts,
    "tiff: bigtiff": _big,
}
