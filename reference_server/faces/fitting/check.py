"""Measures a scorer on people it was not fitted to: does it keep the contract's table?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from scipy.stats import beta
from sklearn.cluster import KMeans

from contract import load_contract
from reference_server.faces.fitting.gallery import Gallery
from reference_server.faces.fitting.pairs import Statistics, blocks
from reference_server.faces.fitting.tail import Histogram
from reference_server.faces.scorer import Scorer

LEVELS = (1e-3, 1e-4, 1e-5)
CLUSTERS = 12
RESAMPLES = 400
CONFIDENCE = 0.95
FEWEST_MATED = 30  # people with two photos, below which a rate of theirs says nothing
Interval = tuple[float, float]


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


@dataclass(frozen=True, eq=False)
class _Counts:
    """Scores of all pairs: histograms, false matches by pair of people, scores of mated pairs."""

    non_mated: Histogram
    false_matches: list[csr_matrix]
    mated_scores: NDArray[np.float64]
    mated_people: NDArray[np.int64]


def check(people: Gallery, scorer: Scorer, groups: NDArray[np.int64], seed: int = 0) -> Check:
    """Compare all pairs; ``groups`` is the cluster of each person."""
    counts = _count(people, scorer)
    sizes = np.bincount(people.people)
    rng = np.random.default_rng(seed)
    weights = rng.multinomial(len(sizes), np.full(len(sizes), 1 / len(sizes)), RESAMPLES)
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


def _count(people: Gallery, scorer: Scorer) -> _Counts:
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
    return _Counts(
        histogram,
        [_matrix(np.concatenate(matches, axis=1), shape) for matches in found],
        np.concatenate(mated_scores),
        np.concatenate(mated_people),
    )


def _matrix(pairs: NDArray[np.int64], shape: tuple[int, int]) -> csr_matrix:
    return csr_matrix((np.ones(pairs.shape[1]), (pairs[0], pairs[1])), shape=shape)


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
        resampled=_interval(lambda w: rate(matches, sizes, w), weights),
        fmr_of_people=rate(shares, ones, ones),
        people_resampled=_interval(lambda w: rate(shares, ones, w), weights),
    )


def _non_mated_pairs(sizes: NDArray[np.int64], weight: NDArray[np.int64] | int = 1) -> int:
    """Pairs of photos of different people, each person taken ``weight`` times."""
    weighted = sizes * weight
    return int((weighted.sum() ** 2 - (weighted**2).sum()) // 2)


def _non_matches(level: float, counts: _Counts, weights: NDArray[np.int64]) -> NonMatches:
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
        resampled=_interval(lambda w: float(w @ missed / (w @ pairs)), weights),
        people=int(people.sum()),
        fnmr_of_people=float(share.sum() / people.sum()),
        people_resampled=_interval(lambda w: float(w @ share / (w @ people)), weights),
    )


def _groups(counts: _Counts, groups: NDArray[np.int64], sizes: NDArray[np.int64]) -> Groups:
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


def clopper_pearson(k: int, n: int) -> Interval:
    """The exact two-sided interval of a share of k in n."""
    tail = (1 - CONFIDENCE) / 2
    low = float(beta.ppf(tail, k, n - k + 1)) if k else 0.0
    high = float(beta.ppf(1 - tail, k + 1, n - k)) if k < n else 1.0
    return low, high


def _interval(
    estimate: Callable[[NDArray[np.int64]], float], weights: NDArray[np.int64]
) -> Interval:
    """Percentiles of an estimate over samples of people drawn with replacement."""
    tail = (1 - CONFIDENCE) / 2
    low, high = np.quantile([estimate(weight) for weight in weights], [tail, 1 - tail])
    return float(low), float(high)
