"""Measures a scorer on people it was not fitted to: does it keep the contract's table?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.cluster import KMeans

from reference_server.faces.fitting.counts import Counts, count
from reference_server.faces.fitting.gallery import Gallery
from reference_server.faces.fitting.intervals import (
    Interval,
    clopper_pearson,
    resampled,
    samples_of_people,
)
from reference_server.faces.scoring.scorer import Scorer
from verikit.contract import load_contract

LEVELS = (1e-3, 1e-4, 1e-5)
CLUSTERS = 12
FEWEST_MATED = 30  # people with two photos, below which a rate of theirs says nothing


@dataclass(frozen=True, kw_only=True)
class Threshold:
    """False matches among the non-mated pairs at a documented threshold.

    ``exact`` (Clopper-Pearson) takes the pairs for independent; ``resampled`` draws people anew.
    ``fmr`` counts every pair of photos once, ``fmr_of_people`` every two people, so that it does
    not hang on a few who have many photos.
    """

    threshold: float
    claimed: float
    false_matches: int
    pairs: int
    fmr: float
    exact: Interval
    resampled: Interval
    fmr_of_people: float
    people_resampled: Interval


@dataclass(frozen=True, kw_only=True)
class NonMatches:
    """Mated pairs below the score at which the non-mated ones reach a false match rate.

    ``fnmr`` counts every pair once, ``fnmr_of_people`` every person with two photos or more.
    """

    fmr: float
    score: float
    pairs: int
    fnmr: float
    resampled: Interval
    people: int
    fnmr_of_people: float
    people_resampled: Interval


@dataclass(frozen=True, kw_only=True)
class Groups:
    """False match rates at one threshold within and across clusters of templates.

    ``within``: photos and rate of each cluster; ``worst``: the highest of these rates as a multiple
    of the overall one.
    """

    threshold: float
    same: float
    cross: float
    worst: float
    within: list[tuple[int, float]]


@dataclass(frozen=True, kw_only=True)
class Check:
    """Everything measured of one scorer; no non-matches if hardly anybody has two photos."""

    people: int
    photos: int
    thresholds: list[Threshold]
    non_matches: list[NonMatches]
    groups: Groups


def check(people: Gallery, scorer: Scorer, groups: NDArray[np.int64], seed: int = 0) -> Check:
    """Compare all pairs; ``groups`` is the cluster of each person."""
    counts = count(people, scorer)
    sizes = np.bincount(people.people)
    weights = samples_of_people(len(sizes), seed)
    rates = load_contract().error_rates
    return Check(
        people=len(people.names),
        photos=len(people.templates),
        thresholds=[
            _threshold(t, rates.rate_at(t), matches, sizes, weights)
            for t, matches in zip(rates.thresholds, counts.false_matches, strict=True)
        ],
        non_matches=[_non_matches(level, counts, weights) for level in LEVELS]
        if len(np.unique(counts.mated_people)) >= FEWEST_MATED
        else [],
        groups=_groups(counts, groups, sizes),
    )


def clusters(people: Gallery, seed: int = 0) -> NDArray[np.int64]:
    """People of similar looks to the model: the cluster of each one's mean template."""
    found = KMeans(CLUSTERS, n_init=4, random_state=seed).fit_predict(people.means())
    return np.asarray(found, np.int64)


def _threshold(
    threshold: float,
    claimed: float,
    matches: csr_matrix,
    sizes: NDArray[np.int64],
    weights: NDArray[np.int64],
) -> Threshold:
    false_matches, pairs = int(matches.sum()), _non_mated_pairs(sizes)

    ones = np.ones_like(sizes)
    shares = matches.multiply(1 / sizes).multiply(1 / sizes[:, None]).tocsr()

    def rate(found: csr_matrix, photos: NDArray[np.int64], weight: NDArray[np.int64]) -> float:
        return float(weight @ (found @ weight)) / _non_mated_pairs(photos, weight)

    return Threshold(
        threshold=threshold,
        claimed=claimed,
        false_matches=false_matches,
        pairs=pairs,
        fmr=false_matches / pairs,
        exact=clopper_pearson(false_matches, pairs),
        resampled=resampled(lambda w: rate(matches, sizes, w), weights),
        fmr_of_people=rate(shares, ones, ones),
        people_resampled=resampled(lambda w: rate(shares, ones, w), weights),
    )


def _non_mated_pairs(sizes: NDArray[np.int64], weight: NDArray[np.int64] | int = 1) -> int:
    """Pairs of photos of different people, each person taken ``weight`` times."""
    weighted = sizes * weight
    return int((weighted.sum() ** 2 - (weighted**2).sum()) // 2)


def _non_matches(level: float, counts: Counts, weights: NDArray[np.int64]) -> NonMatches:
    histogram = counts.non_mated
    score = float(histogram.edges[np.argmax(histogram.rates <= level)])
    size = weights.shape[1]
    missed = np.bincount(counts.mated_people[counts.mated_scores < score], minlength=size)
    pairs = np.bincount(counts.mated_people, minlength=size)
    people = pairs > 0
    share = np.divide(missed, pairs, where=people, out=np.zeros(size))
    return NonMatches(
        fmr=level,
        score=score,
        pairs=int(pairs.sum()),
        fnmr=float(missed.sum() / pairs.sum()),
        resampled=resampled(lambda w: float(w @ missed / (w @ pairs)), weights),
        people=int(people.sum()),
        fnmr_of_people=float(share.sum() / people.sum()),
        people_resampled=resampled(lambda w: float(w @ share / (w @ people)), weights),
    )


def _groups(counts: Counts, groups: NDArray[np.int64], sizes: NDArray[np.int64]) -> Groups:
    rates = load_contract().error_rates
    index = rates.thresholds.index(rates.recommended_above)
    matches = counts.false_matches[index].tocoo()
    same = groups[matches.row] == groups[matches.col]
    inside = np.array([_non_mated_pairs(sizes[groups == g]) for g in range(groups.max() + 1)])
    matched = np.bincount(groups[matches.row][same], matches.data[same], minlength=len(inside))
    across = _non_mated_pairs(sizes) - inside.sum()
    photos = np.bincount(groups, sizes, minlength=len(inside))
    within = sorted(zip(photos.astype(int).tolist(), (matched / inside).tolist(), strict=True))
    return Groups(
        threshold=rates.thresholds[index],
        same=float(matched.sum() / inside.sum()),
        cross=float(matches.data[~same].sum() / across),
        worst=float((matched / inside).max() / (matches.sum() / _non_mated_pairs(sizes))),
        within=within,
    )
