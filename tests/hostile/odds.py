"""Choices that hostile bytes are made by; all of them follow from the dice."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import TypeVar

Piece = TypeVar("Piece")

ODD_NUMBERS = (0, 1, 2, 3, 7, 8, 31, 32, 33, 127, 128, 255, 256, 4095, 4096, 4097)
LARGE_NUMBERS = (2**15, 2**16 - 1, 2**16, 2**24, 2**31 - 1, 2**31, 2**32 - 1)


def dice_for(seed: int, number: int) -> Random:
    """Dice of its own for each body, so that one can be made again without the others."""
    return Random(f"{seed}/{number}")  # noqa: S311 - chance that repeats, no secret


def odd_number(dice: Random, bits: int) -> int:
    """A number of so many bits that a parser may not have thought of."""
    chosen = dice.choice((*ODD_NUMBERS, *LARGE_NUMBERS, dice.getrandbits(bits)))
    return int(chosen) & ((1 << bits) - 1)


def garbage(dice: Random, most: int) -> bytes:
    """Up to ``most`` bytes: random ones, or one byte over and over."""
    length = dice.randint(0, most)
    return dice.choice((dice.randbytes(length), bytes([dice.getrandbits(8)]) * length))


def flipped(dice: Random, data: bytes, most: int = 8) -> bytes:
    """Some bits flipped, some bytes made odd."""
    if not data:
        return data
    changed = bytearray(data)
    for _ in range(dice.randint(1, most)):
        at = dice.randrange(len(changed))
        changed[at] = dice.choice((changed[at] ^ 1 << dice.randrange(8), 0, 0x7F, 0x80, 0xFF))
    return bytes(changed)


def patched(data: bytes, at: int, patch: bytes) -> bytes:
    """``patch`` in place of as many bytes."""
    return data[:at] + patch + data[at + len(patch) :]


def rearranged(dice: Random, pieces: Sequence[Piece]) -> list[Piece]:
    """The pieces with one dropped, one doubled, two swapped, or all shuffled."""
    pieces = list(pieces)
    if not pieces:
        return pieces
    one, other = dice.randrange(len(pieces)), dice.randrange(len(pieces))
    match dice.randrange(4):
        case 0:
            del pieces[one]
        case 1:
            pieces.insert(other, pieces[one])
        case 2:
            pieces[one], pieces[other] = pieces[other], pieces[one]
        case _:
            dice.shuffle(pieces)
    return pieces
