"""GIF files with a mistake in their structure."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from struct import pack

from tests.hostile.files import whole
from tests.hostile.odds import flipped, garbage, odd_number, patched

IMAGE, EXTENSION, TRAILER = b",", b"!", b";"
CLEAR_AND_END = b"\x02\x02\x4c\x01\x00"
LABELS = (0x01, 0xF9, 0xFE, 0xFF, 0x00, 0x3B)


def blocks(data: bytes, size: int = 255) -> bytes:
    """Data in sub-blocks, and the empty one that ends them."""
    pieces = [data[at : at + size] for at in range(0, len(data), size)]
    return b"".join(bytes([len(piece)]) + piece for piece in pieces) + b"\x00"


def screen(width: int, height: int, flags: int = 0x80, palette: bytes = bytes(6)) -> bytes:
    """What a file begins with."""
    return b"GIF89a" + pack("<HHBBB", width, height, flags, 0, 0) + palette


def frame(place: tuple[int, int, int, int], pixels: bytes = CLEAR_AND_END, flags: int = 0) -> bytes:
    """An image: left, top, width and height, then pixels with their code size and sub-blocks."""
    return IMAGE + pack("<HHHHB", *place, flags) + pixels


def control(disposal: int, transparent: int) -> bytes:
    """What becomes of the next frame: 2 fills it, 3 puts back what was there."""
    return EXTENSION + b"\xf9\x04" + bytes([disposal << 2 | transparent, 0, 0, 0, 0])


def after_palette(file: bytes) -> int:
    """Where the blocks of a file begin."""
    return 13 + (3 * 2 ** ((file[10] & 7) + 1) if file[10] & 0x80 else 0)


def _screen(dice: Random, file: bytes) -> bytes:
    if dice.random() < 0.5:
        return patched(file, dice.choice((6, 8)), pack("<H", odd_number(dice, 16)))
    return patched(file, dice.choice((3, 4, 5, 10, 11, 12)), dice.randbytes(1))


def _frames(dice: Random, file: bytes) -> bytes:
    place = file.index(IMAGE, after_palette(file)) + 1
    if dice.random() < 0.5:
        return patched(file, place + dice.choice((0, 2, 4, 6)), pack("<H", odd_number(dice, 16)))
    return patched(file, place + 8, dice.randbytes(1))


def _codes(dice: Random, file: bytes) -> bytes:
    place = file.index(IMAGE, after_palette(file)) + 10
    if dice.random() < 0.4:
        return patched(file, place, bytes([dice.choice((0, 1, 2, 8, 9, 11, 12, 13, 255))]))
    return file[: place + 1] + flipped(dice, file[place + 1 :], 30)


def _sub_blocks(dice: Random, file: bytes) -> bytes:
    place = file.index(IMAGE, after_palette(file)) + 11
    data = blocks(garbage(dice, 900), dice.choice((1, 3, 255)))
    return file[:place] + dice.choice((data, data[:-1])) + dice.choice((TRAILER, b"", file))


def _extensions(dice: Random, file: bytes) -> bytes:
    place = after_palette(file)
    extension = EXTENSION + bytes([dice.choice(LABELS)]) + blocks(garbage(dice, 300))
    extension = dice.choice((extension, extension[:-1], extension * 300))
    return file[:place] + extension + file[place:]


def _animations(dice: Random, file: bytes) -> bytes:
    """Frames of any place, some outside the screen, with any way of disposing of them."""
    frames = []
    for _ in range(dice.choice((2, 10, 500))):
        control = EXTENSION + b"\xf9\x04" + dice.randbytes(4) + b"\x00"
        x, y, width, height = (dice.choice((0, 1, 30, 64, 65535)) for _ in range(4))
        frames.append(control + frame((x, y, width, height), flags=dice.choice((0, 0x40, 0x83))))
    return file[:-1] + b"".join(frames) + TRAILER


def _photo(mutate: Callable[[Random, bytes], bytes]) -> Callable[[Random], bytes]:
    return lambda dice: mutate(dice, whole(dice, "GIF"))


KINDS = {
    "gif: screen": _photo(_screen),
    "gif: frames": _photo(_frames),
    "gif: codes": _photo(_codes),
    "gif: sub-blocks": _photo(_sub_blocks),
    "gif: extensions": _photo(_extensions),
    "gif: animations": _photo(_animations),
}
