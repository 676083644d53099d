"""A photo as pixels, passed from the request to the face pipeline."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
"""RGB, shape (height, width, 3)."""


@dataclass(frozen=True, eq=False)
class Photo:
    """Pixels as they are stored and the EXIF orientation that says how to show them.

    ``pixels``: uint8 RGB, shape (height, width, 3), possibly scaled down by decoding;
    ``orientation``: EXIF tag 0x0112, 1 to 8, where 1 is upright.
    """

    pixels: Pixels
    orientation: int = 1
