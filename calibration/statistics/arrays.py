"""Names for the types of arrays; docstrings give their shapes."""

from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.floating[Any]]
Counts = npt.NDArray[np.int64]
"""Whole numbers: counts, and the numbers (indices from 0) of photos, people and labels."""
Flags = npt.NDArray[np.bool_]
