"""Groups where nobody gives any: clusters of people who look alike to a system that is not under
test.

A person is the mean of the templates of his photos. K-means puts people into clusters; one that is
too small to be judged is dissolved, and its people join the nearest of the others.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from calibration.counting.groups import Clusters
from calibration.sources.templates import OfPhotos
from calibration.statistics.arrays import Counts, Floats
from calibration.statistics.dependence import LEAST_PEOPLE
from verikit.errors import WrongUse

A_CLUSTER = 100
MOST = 8
"""By default there is a cluster for every hundred people, but at least two and at most so many."""
_STARTS = 10
"""K-means is begun so often, always in the same way, and the tightest clusters are taken."""


@dataclass(frozen=True)
class Clustering:
    """Groups are to be clusters, ``number`` of them or as many as the rule says."""

    number: int | None = None

    def __str__(self) -> str:
        return f"clusters:{self.number}" if self.number else "clusters"


def cluster_people(
    given: OfPhotos, people: Sequence[str], wanted: Clustering
) -> tuple[dict[str, str], Clusters]:
    """The cluster of each person who has a template; ``people`` says who is on each photo.

    Raises:
        WrongUse: the templates name other people, or are of too few.
    """
    given.require_same_people(people)
    names = np.array(people)[given.number]
    known, person = np.unique(names, return_inverse=True)
    given.require_two_people(person)
    count = wanted.number or min(MOST, max(2, known.size // A_CLUSTER))
    if known.size < count * LEAST_PEOPLE:
        raise WrongUse(
            f"{given.path} holds templates of {known.size:,} of these people: {count} clusters of "
            f"at least {LEAST_PEOPLE} take {count * LEAST_PEOPLE:,}."
        )
    label = _named(clustered(_means(given.templates.vectors, person, known.size), count))
    found = Clusters(
        source=given.path.name,
        number=len(set(label)),
        people=known.size,
        without_template=len(set(people)) - known.size,
    )
    if found.number < 2:
        raise WrongUse(
            f"{given.path}: of {count} clusters of its {known.size:,} people only one had at least "
            f"{LEAST_PEOPLE}, the least that can be judged, so there is nothing to compare."
        )
    return dict(zip(known.tolist(), label, strict=True)), found


def _means(vectors: Floats, person: Counts, people: int) -> Floats:
    """The direction of each person's mean, shape (people, d)."""
    sums = np.zeros((people, vectors.shape[1]))
    np.add.at(sums, person, vectors)
    lengths = np.linalg.norm(sums, axis=1, keepdims=True)
    means: Floats = sums / np.maximum(lengths, np.finfo(float).tiny)
    return means


def clustered(means: Floats, count: int) -> Counts:
    """The cluster of each person, shape (people,); each has LEAST_PEOPLE or more."""
    from sklearn.cluster import KMeans  # noqa: PLC0415 - slow to import, seldom needed
    from sklearn.exceptions import ConvergenceWarning  # noqa: PLC0415 - as above
    from threadpoolctl import threadpool_limits  # noqa: PLC0415 - as above

    # The order of sums, and so a tie, depends on the number of threads.
    with threadpool_limits(1), warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # fewer kinds of people than clusters
        labels: Counts = KMeans(count, n_init=_STARTS, random_state=0).fit_predict(means)
    while True:
        found, sizes = np.unique(labels, return_counts=True)
        if found.size == 1 or sizes.min() >= LEAST_PEOPLE:
            return labels
        least = found[np.argmin(sizes)]
        others = found[found != least]
        centres = np.array([means[labels == other].mean(axis=0) for other in others])
        moving = labels == least
        apart = np.linalg.norm(means[moving, None] - centres[None], axis=2)
        labels[moving] = others[np.argmin(apart, axis=1)]


def _named(labels: Counts) -> list[str]:
    """ "cluster 1" is the largest; of two of one size that whose first person comes first."""
    found, first, sizes = np.unique(labels, return_index=True, return_counts=True)
    order = found[np.lexsort((first, -sizes))].tolist()
    names = {label: f"cluster {place}" for place, label in enumerate(order, start=1)}
    return [names[label] for label in labels.tolist()]
