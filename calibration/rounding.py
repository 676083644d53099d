"""Are scores rounded? A score of two decimals moves a rate by a quarter at a threshold."""

from __future__ import annotations

import numpy as np

from calibration.arrays import Floats

FULL = 9
_SAMPLE = 2_000


class Rounding:
    """Finds the fewest decimals that write every score seen; ``FULL`` stands for "not rounded"."""

    def __init__(self) -> None:
        self.decimals = 0

    def merge(self, other: Rounding) -> None:
        """Take what was found elsewhere into account."""
        self.decimals = max(self.decimals, other.decimals)

    def add(self, scores: Floats) -> None:
        """Look at the first scores of a block."""
        sample = scores[:_SAMPLE].astype(float)
        while self.decimals < FULL and not np.allclose(
            sample, np.round(sample, self.decimals), rtol=0, atol=1e-9
        ):
            self.decimals += 1
