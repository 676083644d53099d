"""Files changed without a look at their structure, and files that never had one."""

from __future__ import annotations

from random import Random

from tests.hostile.files import FORMATS, whole
from tests.hostile.odds import flipped, garbage

MAGICS = (
    *(b"\xff\xd8\xff", b"\xff\xd8\xff\xe0\x00\x10JFIF\x00", b"\x89PNG\r\n\x1a\n", b"BM"),
    *(b"GIF87a", b"GIF89a", b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+", b"\xff\xd8"),
    *(b"RIFF\x00\x00\x00\x00WEBPVP8 ", b"\x00\x00\x01\x00", b"%PDF-1.4", b"P6\n", b"8BPS"),
    *(b"\x00\x00\x00\x0cjP  ", b"\x00\x00\x00 ftypavif", b"PK\x03\x04", b"<svg", b"\x1f\x8b"),
)


def _flips(dice: Random) -> bytes:
    return flipped(dice, whole(dice), dice.choice((1, 8, 200)))


def _cuts(dice: Random) -> bytes:
    file = whole(dice)
    return file[: dice.randint(0, len(file))]


def _beheaded(dice: Random) -> bytes:
    file = whole(dice)
    return file[dice.randint(1, 64) :]


def _splices(dice: Random) -> bytes:
    """The beginning of one file and the end of another, of the same format or not."""
    kind = dice.choice((None, *FORMATS))
    first, second = whole(dice, kind), whole(dice, kind)
    return first[: dice.randrange(len(first))] + second[dice.randrange(len(second)) :]


def _insertions(dice: Random) -> bytes:
    file = whole(dice)
    place = dice.randrange(len(file))
    return file[:place] + garbage(dice, 1000) + file[place + dice.choice((0, 0, 1, 50)) :]


def _repetitions(dice: Random) -> bytes:
    file = whole(dice)
    start, length = dice.randrange(len(file)), dice.randint(1, 200)
    piece = file[start : start + length]
    return file[:start] + piece * dice.choice((2, 10, 500)) + file[start + length :]


def _trailers(dice: Random) -> bytes:
    """Whole, but with something behind its end."""
    return whole(dice) + dice.choice((garbage(dice, 5000), whole(dice)))


def _magics(dice: Random) -> bytes:
    return dice.choice(MAGICS) + garbage(dice, 2000)


def _random(dice: Random) -> bytes:
    return garbage(dice, 4000)


def _tiny(dice: Random) -> bytes:
    """Nothing, a byte, a few bytes."""
    return dice.choice((b"", dice.randbytes(1), dice.choice(MAGICS)[: dice.randint(0, 8)]))


KINDS = {
    "blind: flips": _flips,
    "blind: cuts": _cuts,
    "blind: beheaded": _beheaded,
    "blind: splices": _splices,
    "blind: insertions": _insertions,
    "blind: repetitions": _repetitions,
    "blind: trailers": _trailers,
    "blind: magic numbers": _magics,
    "blind: random bytes": _random,
    "blind: tiny files": _tiny,
}
