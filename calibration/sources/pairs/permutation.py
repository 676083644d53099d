"""A random order of numbers that needs no memory: a Feistel network over them, keyed by a seed."""

from __future__ import annotations

from hashlib import blake2b
from typing import Protocol


class Order(Protocol):
    """Numbers of pairs in the order in which they are asked."""

    def __len__(self) -> int: ...

    def __getitem__(self, place: int, /) -> int: ...


_ROUNDS = 4


class Permutation:
    """Maps 0 .. size - 1 onto itself, in an order that the seed decides.

    Numbers beyond the size are mapped again until they are within it (cycle walking: Black &
    Rogaway, 2002).
    """

    def __init__(self, size: int, seed: int, name: str = "") -> None:
        self.size = size
        self._half = max(1, ((max(size, 2) - 1).bit_length() + 1) // 2)
        self._mask = (1 << self._half) - 1
        self._key = blake2b(f"{name}/{seed}".encode(), digest_size=16).digest()

    def __len__(self) -> int:
        return self.size

    def __getitem__(self, place: int) -> int:
        if not 0 <= place < self.size:
            raise IndexError(place)
        value = self._shuffle(place)
        while value >= self.size:
            value = self._shuffle(value)
        return value

    def _shuffle(self, value: int) -> int:
        left, right = value >> self._half, value & self._mask
        for turn in range(_ROUNDS):
            left, right = right, left ^ self._mix(turn, right)
        return left << self._half | right

    def _mix(self, turn: int, value: int) -> int:
        message = turn.to_bytes(1, "big") + value.to_bytes(8, "big")
        return int.from_bytes(blake2b(message, key=self._key, digest_size=8).digest()) & self._mask
