"""How long answers took, by label, in bounded memory."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from calibration.statistics.arrays import Counts, Floats

_LEAST, _MOST = 1e-4, 1e4
_A_DECADE = 100


class Latencies:
    """A histogram of seconds for each label, whose bins are a hundredth of a decade wide."""

    def __init__(self) -> None:
        self._bins: dict[int, Counts] = {}

    def add(self, labels: Counts, seconds: Floats) -> None:
        """Count answers: numbers of labels, and seconds, NaN where nobody measured; (n,) each."""
        known = np.isfinite(seconds)
        places = np.log10(np.clip(seconds[known], _LEAST, _MOST) / _LEAST) * _A_DECADE
        labels, places = labels[known], places.astype(np.int64)
        for label in np.unique(labels).tolist():
            size = round(np.log10(_MOST / _LEAST) * _A_DECADE) + 1
            counts = np.bincount(places[labels == label], minlength=size)
            self._bins[label] = self._bins.get(label, np.zeros(size, np.int64)) + counts

    def quantiles(self, labels: Sequence[int], shares: Sequence[float]) -> list[float] | None:
        """The seconds within which these shares of the answers came, to 2.4 %; None without any."""
        found = [self._bins[label] for label in labels if label in self._bins]
        if not found:
            return None
        reached = np.cumsum(np.sum(found, axis=0))
        places = [int(np.searchsorted(reached, share * reached[-1])) for share in shares]
        return [_LEAST * 10 ** ((place + 1) / _A_DECADE) for place in places]
