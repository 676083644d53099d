"""All pairs of templates, in blocks of bounded memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reference_server.faces.fitting.people import LabelledTemplates
from reference_server.faces.recognition.recogniser import Templates
from reference_server.faces.scoring.cohort import Cohort

ROWS = 256


@dataclass(frozen=True, eq=False)
class Statistics:
    """The mean and the standard deviation of each template's highest cosines to a cohort.

    Each has shape (N,); AS-norm needs them.
    """

    means: NDArray[np.float32]
    spreads: NDArray[np.float32]

    @classmethod
    def of(cls, templates: Templates, cohort: Cohort) -> Statistics:
        """The statistics of templates, shape (N, D), against a cohort."""
        return cls(*cohort.statistics(templates))

    def normalised(self, cosines: NDArray[np.float32], first: slice) -> NDArray[np.float32]:
        """The AS-norm of cosines between the templates of ``first`` and all from its start on.

        The result has shape (len(first), N - first.start).
        """
        rest = slice(first.start, None)
        rows = (cosines - self.means[first, None]) / self.spreads[first, None]
        columns = (cosines - self.means[rest]) / self.spreads[rest]
        return np.asarray((rows + columns) / 2)


@dataclass(frozen=True, eq=False)
class Block:
    """Pairs of templates as arrays of shape (pairs,): people, cosines and similarities."""

    first: NDArray[np.int64]
    second: NDArray[np.int64]
    cosines: NDArray[np.float32]
    similarities: NDArray[np.float32]

    @property
    def mated(self) -> NDArray[np.bool_]:
        """Whether both show one person: a mask of shape (pairs,)."""
        return np.asarray(self.first == self.second)


def blocks(people: LabelledTemplates, statistics: Statistics) -> Iterator[Block]:
    """All pairs, each once."""
    templates, persons = people.templates, people.people
    for start in range(0, len(templates), ROWS):
        rows = slice(start, min(start + ROWS, len(templates)))
        cosines = templates[rows] @ templates[start:].T
        similarities = statistics.normalised(cosines, rows)
        similarities -= np.minimum(people.penalties[rows, None], people.penalties[start:])
        upper = np.triu(np.ones(cosines.shape, bool), k=1)
        first, second = np.nonzero(upper)
        yield Block(
            persons[rows][first], persons[start:][second], cosines[upper], similarities[upper]
        )
