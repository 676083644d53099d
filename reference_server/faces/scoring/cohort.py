"""Adaptive symmetric score normalisation (AS-norm) against a cohort of faces that nobody has.

Where many people look alike to the model, their cosines are high for everybody. AS-norm measures
each template's cosines to a cohort and takes the mean and the spread of its highest ones off:
s' = ((s - m1) / d1 + (s - m2) / d2) / 2 (Matejka et al., "Analysis of Score Normalization in
Multilingual Speaker Recognition", 2017). The cohort is drawn from a mixture of Gaussians, so no
person's template is in it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from reference_server.faces.recognition.recogniser import Templates

NEAREST = 400
"""How many of the cohort, the most similar ones, a template is measured against."""


@dataclass(frozen=True, eq=False)
class Cohort:
    """Unit vectors, shape (size, D)."""

    vectors: Templates

    def similarity(self, first: Templates, second: Templates, cosine: float) -> float:
        """The normalised cosine of two templates; the same whichever comes first."""
        means, spreads = _nearest(self._cosines(np.stack([first, second])))
        return float(((cosine - means) / spreads).sum() / 2)

    def statistics(self, templates: Templates) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Mean and standard deviation of each template's highest cosines, each of shape (N,)."""
        blocks = range(0, len(templates), 256)
        found = [_nearest(self._cosines(templates[i : i + 256])) for i in blocks]
        means, spreads = zip(*found, strict=True)
        return np.concatenate(means), np.concatenate(spreads)

    def _cosines(self, templates: Templates) -> NDArray[np.float32]:
        (cosines,) = self._session.run(None, {"templates": templates})
        return np.asarray(cosines, np.float32)

    @cached_property
    def _session(self) -> onnxruntime.InferenceSession:
        """The product as a network, as numpy's own would start a thread for every core."""
        from reference_server.faces.onnx_graph import product  # noqa: PLC0415
        from reference_server.faces.runtime import session  # noqa: PLC0415

        return session(product("templates", self.vectors.T))

    def save(self, path: Path) -> None:
        """Write the vectors in half precision, which is what ``load`` gives back."""
        np.savez_compressed(path, vectors=self.vectors.astype(np.float16))

    @classmethod
    def load(cls, path: Path) -> Cohort:
        """Read a cohort that ``save`` wrote."""
        with path.open("rb") as file, np.load(file) as stored:
            return cls(stored["vectors"].astype(np.float32))


def _nearest(cosines: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    highest = np.partition(cosines, -NEAREST, axis=1)[:, -NEAREST:]
    return highest.mean(axis=1), highest.std(axis=1)
