"""How alike two templates are."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float32]


class Similarity(Protocol):
    """A symmetric function of two unit vectors; greater means more alike."""

    def __call__(self, first: Vector, second: Vector) -> float:
        """The similarity."""


def cosine(first: Vector, second: Vector) -> float:
    """The cosine of the angle between two unit vectors."""
    return float(np.dot(first, second))
