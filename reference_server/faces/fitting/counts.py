"""Scores of all pairs of a gallery, counted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from reference_server.faces.fitting.gallery import Gallery
from reference_server.faces.fitting.pairs import Statistics, blocks
from reference_server.faces.fitting.tail import Histogram
from reference_server.faces.scoring.scorer import Scorer
from verikit.contract import load_contract


@dataclass(frozen=True, eq=False)
class Counts:
    """Scores of all pairs: histograms, false matches by pair of people, scores of mated pairs."""

    non_mated: Histogram
    false_matches: list[csr_matrix]
    mated_scores: NDArray[np.float64]
    mated_people: NDArray[np.int64]


def count(people: Gallery, scorer: Scorer) -> Counts:
    """Score every pair once."""
    statistics = Statistics.of(people.templates, scorer.cohort) if scorer.cohort else None
    thresholds = load_contract().error_rates.thresholds
    histogram = Histogram.empty((0.0, 1.0))
    found: list[list[NDArray[np.int64]]] = [[] for _ in thresholds]
    mated_scores, mated_people = [], []
    for block in blocks(people, statistics):
        scores = scorer.score_map.scores(block.similarities, block.cosines)
        mated = block.mated
        histogram.add(scores[~mated])
        mated_scores.append(scores[mated])
        mated_people.append(block.first[mated])
        for matches, threshold in zip(found, thresholds, strict=True):
            false = ~mated & (scores >= threshold)
            matches.append(np.stack([block.first[false], block.second[false]]))
    shape = (len(people.names),) * 2
    return Counts(
        histogram,
        [_matrix(np.concatenate(matches, axis=1), shape) for matches in found],
        np.concatenate(mated_scores),
        np.concatenate(mated_people),
    )


def _matrix(pairs: NDArray[np.int64], shape: tuple[int, int]) -> csr_matrix:
    return csr_matrix((np.ones(pairs.shape[1]), (pairs[0], pairs[1])), shape=shape)
