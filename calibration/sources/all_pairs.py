"""Compares all pairs of templates in blocks, without a list of pairs.

The similarity is the cosine; with mean and deviation against a cohort, it is the adaptive symmetric
normalization ((s - m1) / d1 + (s - m2) / d2) / 2 (Matejka et al., 2017). The smaller of the two
penalties, if there are any, is subtracted.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np

from calibration.counting.comparisons import Measurement
from calibration.counting.groups import label_of
from calibration.counting.identities import Identities
from calibration.counting.people_pairs import EveryPair
from calibration.sources.templates import Templates
from calibration.statistics.arrays import Counts, Floats
from verikit.errors import WrongUse

TILE = 1024
_LOOKED_AT = 4096
"""Scores of a tile that tell whether all scores are one and the same."""


def measure(
    templates: Templates,
    measurement: Measurement,
    tell: Callable[[int, int], None] = lambda done, total: None,
) -> None:
    """Compare every template with every other; ``tell`` gets the tiles done and their total."""
    counter = Counter(templates, measurement, enrol(templates, measurement.identities))
    tiles = tiles_of(templates)
    for done, (rows, columns) in enumerate(tiles, start=1):
        counter.count(rows, columns)
        tell(done, len(tiles))


def enrol(templates: Templates, identities: Identities) -> Counts:
    """The number of the person of each template, shape (n,)."""
    photos = identities.add(templates.photos, templates.people)
    if np.unique(photos).size < photos.size:
        raise WrongUse("a photo has two templates: give each photo one template")
    return identities.people().person[photos]


class Similarities:
    """The similarities of a tile of pairs; each result overwrites the one before."""

    def __init__(self, templates: Templates) -> None:
        self._templates = templates
        self._room = np.empty(TILE * TILE, np.float32)
        self._weights = None
        if templates.mean is not None and templates.deviation is not None:
            self._weights = (
                np.float32(0.5) / templates.deviation,
                np.float32(0.5) * templates.mean / templates.deviation,
            )

    def of(self, rows: slice, columns: slice) -> Floats:
        """The similarity of each row with each column, shape (rows, columns)."""
        vectors = self._templates.vectors
        shape = rows.stop - rows.start, columns.stop - columns.start
        scores = self._room[: shape[0] * shape[1]].reshape(shape)
        np.matmul(vectors[rows], vectors[columns].T, out=scores)
        return self._adjusted(scores, (rows, None), (None, columns))

    def between(self, first: Counts, second: Counts) -> Floats:
        """Of the templates at these places, shapes (n,)."""
        vectors = self._templates.vectors
        scores = np.einsum("nd,nd->n", vectors[first], vectors[second])
        return self._adjusted(scores, (first,), (second,))

    def _adjusted(self, scores: Floats, first: tuple[Any, ...], second: tuple[Any, ...]) -> Floats:
        """Cosines normalized and with the penalty taken off, in place; by the indices of each
        end."""
        if self._weights is not None:
            slope, offset = self._weights
            scores *= slope[first] + slope[second]
            scores -= offset[first] + offset[second]
        if (penalty := self._templates.penalty) is not None:
            scores -= np.minimum(penalty[first], penalty[second])
        return scores


class Counter:
    """Counts tile after tile; the fast path is for tiles that hold no mated pair."""

    def __init__(self, templates: Templates, measurement: Measurement, people: Counts) -> None:
        self._templates = templates
        self._similarities = Similarities(templates)
        self._measurement = measurement
        self._people = people
        self._every_pair = EveryPair(people, measurement.thresholds)
        measurement.non_mated.every_pair = self._every_pair

    def count(self, rows: slice, columns: slice) -> None:
        """Count one tile."""
        scores = self._similarities.of(rows, columns)
        if self._meet(rows, columns):
            self._count_mixed(rows, columns, scores)
        else:
            self._count_non_mated(rows, columns, scores.ravel())

    def _meet(self, rows: slice, columns: slice) -> bool:
        return bool(np.intersect1d(self._people[rows], self._people[columns]).size)

    def _count_mixed(self, rows: slice, columns: slice, scores: Floats) -> None:
        once = np.flatnonzero(
            np.arange(rows.start, rows.stop)[:, None] < np.arange(columns.start, columns.stop)
        )
        first, second = _photos(once, rows, columns)
        scores = scores.ravel()[once]
        people = self._people[first], self._people[second]
        for counts in self._measurement.kinds:
            ours = (people[0] == people[1]) == counts.mated
            counts.add(first[ours], second[ours], scores[ours])
            if not counts.mated:
                self._every_pair.add(first[ours], second[ours], scores[ours])
            labels = self._label(rows, columns, int(np.count_nonzero(ours)))
            if labels is not None:
                groups = self._measurement.groups[counts.mated]
                groups.add(first[ours], second[ours], labels, scores[ours])

    def _count_non_mated(self, rows: slice, columns: slice, scores: Floats) -> None:
        counts = self._measurement.non_mated
        counts.histogram.add(scores)
        hits = np.flatnonzero(scores >= counts.histogram.thresholds[0])
        first, second = _photos(hits, rows, columns)
        tried = np.zeros(len(self._people), np.int64)
        tried[rows] += columns.stop - columns.start
        tried[columns] += rows.stop - rows.start
        counts.by_photo.add_tried(tried)
        counts.by_photo.add_events(first, second, scores[hits])
        self._every_pair.add(first, second, scores[hits])
        counts.extremes.add(first, second, scores[hits])
        counts.spread.add(scores[:_LOOKED_AT])
        photos = np.flatnonzero(tried)
        labels = self._label(rows, columns, max(photos.size, hits.size))
        if labels is not None:
            groups = self._measurement.groups[False]
            groups.add_tried(photos, labels[: photos.size], tried[photos])
            groups.add_events(first, second, labels[: hits.size], scores[hits])

    def _label(self, rows: slice, columns: slice, n: int) -> Counts | None:
        """The number of the label of a tile, which lies within one or across two, n times."""
        groups = self._templates.groups
        if groups is None:
            return None
        label = label_of(groups[rows.start], groups[columns.start])
        return np.full(n, self._measurement.labels[label])


def _photos(places: Counts, rows: slice, columns: slice) -> tuple[Counts, Counts]:
    """The two photos at each place of a tile that is read row by row."""
    row, column = np.divmod(places, columns.stop - columns.start)
    return row + rows.start, column + columns.start


def tiles_of(templates: Templates) -> list[tuple[slice, slice]]:
    """The tiles of the upper triangle as (rows, columns); no tile includes two groups."""
    n = len(templates.vectors)
    starts = set(range(0, n, TILE))
    if templates.groups is not None:
        starts |= set((np.flatnonzero(templates.groups[1:] != templates.groups[:-1]) + 1).tolist())
    edges = [*sorted(starts), n]
    strips = [slice(*edge) for edge in pairwise(edges)]
    return [(rows, columns) for place, rows in enumerate(strips) for columns in strips[place:]]
