"""BMP files with a mistake in their structure."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from struct import pack

from tests.hostile.files import whole
from tests.hostile.odds import garbage, odd_number, patched

FIELDS = {  # place and bits of each field behind the signature
    **{2: 32, 6: 32, 10: 32, 14: 32, 18: 32, 22: 32, 26: 16, 28: 16},
    **{30: 32, 34: 32, 38: 32, 42: 32, 46: 32, 50: 32},
}
HEADER_SIZES = (0, 11, 12, 16, 39, 40, 41, 52, 56, 64, 108, 124, 2**31)
RLE8, RLE4, MASKS = 1, 2, 3
DEPTHS = (0, 1, 2, 4, 8, 16, 24, 32, 33, 255)
RUNS = (b"\x00\x00", b"\x00\x01", b"\x00\x02\x03\x03", b"\x00\x02\xff\xff", b"\x00\x05abcde\x00")


def bmp(size: tuple[int, int], depth: int, compression: int, pixels: bytes) -> bytes:
    """A file with a grey palette, if the depth has one."""
    levels = 2**depth if depth <= 8 else 0
    palette = b"".join(bytes([level * 255 // levels] * 3 + [0]) for level in range(levels))
    start = 54 + len(palette)
    signature = b"BM" + pack("<IHHI", start + len(pixels), 0, 0, start)
    layout = pack("<IiiHHI", 40, *size, 1, depth, compression)
    return signature + layout + pack("<IiiII", len(pixels), 0, 0, levels, 0) + palette + pixels


def _field(dice: Random, file: bytes) -> bytes:
    place = dice.choice(list(FIELDS))
    value = odd_number(dice, FIELDS[place])
    return patched(file, place, value.to_bytes(FIELDS[place] // 8, "little"))


def _header_size(dice: Random, file: bytes) -> bytes:
    return patched(file, 14, pack("<I", dice.choice(HEADER_SIZES)))


def _compression(dice: Random, file: bytes) -> bytes:
    depth, compression = dice.choice(DEPTHS), dice.choice((0, 1, 2, 3, 4, 5, 6, 11, 255))
    return patched(patched(file, 28, pack("<H", depth)), 30, pack("<I", compression))


def _palette(dice: Random, file: bytes) -> bytes:
    colours = dice.choice((0, 1, 2, 255, 256, 257, 65536, 2**32 - 1))
    return patched(file, 46, pack("<I", colours))[: dice.choice((54, 60, 200, len(file)))]


def _flipped_over(dice: Random, file: bytes) -> bytes:
    """A negative height means rows from the top; some have a negative width, too."""
    sides = [dice.choice((-64, -1, -4097, -(2**31), 0, 64)) for _ in range(2)]
    return patched(file, 18, pack("<ii", *sides))


def _runs(dice: Random, _file: bytes) -> bytes:
    """Run-length encoding, which Pillow undoes in Python."""
    runs = (*RUNS, bytes([dice.randrange(1, 256), dice.getrandbits(8)]))
    pixels = b"".join(dice.choice(runs) for _ in range(dice.randint(0, 500)))
    size = dice.choice(((40, 40), (64, 33), (300, 200)))
    rle8 = dice.random() < 0.5
    return bmp(size, 8 if rle8 else 4, RLE8 if rle8 else RLE4, pixels + garbage(dice, 99))


def _masks(dice: Random, _file: bytes) -> bytes:
    masks = pack("<III", *(odd_number(dice, 32) for _ in range(3)))
    depth = dice.choice((16, 24, 32))
    return bmp((40, 40), depth, MASKS, masks + dice.randbytes(40 * 40 * depth // 8))


def _photo(mutate: Callable[[Random, bytes], bytes]) -> Callable[[Random], bytes]:
    return lambda dice: mutate(dice, whole(dice, "BMP"))


KINDS = {
    "bmp: fields": _photo(_field),
    "bmp: header sizes": _photo(_header_size),
    "bmp: compression": _photo(_compression),
    "bmp: palettes": _photo(_palette),
    "bmp: negative sides": _photo(_flipped_over),
    "bmp: runs": _photo(_runs),
    "bmp: masks": _photo(_masks),
}
