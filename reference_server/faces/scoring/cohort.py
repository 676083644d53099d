"""Adaptive symmetric score normalization (AS-norm) against a synthetic cohort.

If many people look alike to the model, their cosines are high with everybody. AS-norm measures each
template's cosines to a cohort, subtracts the mean of the highest ones and divides by their spread:
s' = ((s - m1) / d1 + (s - m2) / d2) / 2 (Matejka et al., "Analysis of Score Normalization in
Multilingual Speaker Recognition", 2017). The cohort is drawn from a mixture of Gaussians, so no
person's template is in it.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from reference_server.faces.onnx_graph import product
from reference_server.faces.recognition.recogniser import Templates
from reference_server.faces.runtime import session
from verikit.foreign_arrays import arrays_of

NEAREST = 400
"""How many of the cohort, the most similar ones, a template is measured against."""


class Cohort:
    """The cohort's unit vectors, shape (size, D).

    onnxruntime multiplies them with templates, because numpy would start a thread for every core.
    """

    def __init__(self, vectors: Templates) -> None:
        self._network = session(product("templates", vectors.T))

    def similarity(self, first: Templates, second: Templates, cosine: float) -> float:
        """The normalized cosine of two templates, each of shape (D,); the same in both orders."""
        means, spreads = _nearest(self._cosines(np.stack([first, second])))
        return float(((cosine - means) / spreads).sum() / 2)

    def statistics(self, templates: Templates) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Mean and standard deviation of each template's highest cosines, each of shape (N,)."""
        blocks = range(0, len(templates), 256)
        found = [_nearest(self._cosines(templates[i : i + 256])) for i in blocks]
        means, spreads = (np.concatenate(each) for each in zip(*found, strict=True))
        return means.astype(np.float32), spreads.astype(np.float32)

    def _cosines(self, templates: Templates) -> NDArray[np.float32]:
        (cosines,) = self._network.run(None, {"templates": templates})
        return np.asarray(cosines, np.float32)

    @classmethod
    def load(cls, path: Path) -> Cohort:
        """Read a cohort that ``verikit fit`` wrote.

        Raises:
            WrongUse: it is no .npz.
            LookupError, ValueError: it has no vectors, too few, or some that are not finite.
        """
        vectors = arrays_of(path, "a cohort", ("vectors",))["vectors"].astype(np.float32)
        if vectors.ndim != 2 or len(vectors) < NEAREST or not np.isfinite(vectors).all():
            raise ValueError("it has too few vectors, or some that are not finite")
        return cls(vectors)


def _nearest(cosines: NDArray[np.float32]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """In float64, because processors add in different orders."""
    highest = np.partition(cosines, -NEAREST, axis=1)[:, -NEAREST:].astype(np.float64)
    return highest.mean(axis=1), highest.std(axis=1)
