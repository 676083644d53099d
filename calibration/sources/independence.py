"""Whether templates that must be another system's are: those of the system under test, or of a copy
of it, put pairs in the order of its own scores."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from calibration.counting.comparisons import Measurement
from calibration.counting.groups import Clusters
from calibration.objections import Effect, Objection
from calibration.sources.all_pairs import Similarities
from calibration.sources.templates import OfPhotos, Templates
from calibration.statistics.arrays import Counts, Floats
from verikit.plural import counted

SAME_SYSTEM = "same system"
"""The kind of objection that templates are those of the system under test."""
UNRELATED = "unrelated templates"
"""The kind of objection that templates tell nothing of the order of the scores."""
_SAME = 0.9
_CHANCE = 0.52
"""Shares of twos of comparisons in one order: above the first it is one system (a rank correlation
of 0.95 of normally distributed scores), below the second they have nothing in common."""
_LEAST, _LEAST_FOR_CHANCE = 100, 1000
"""Comparisons that it takes to say so."""
_MOST, _TWOS = 20_000, 200_000
_ONE_LENGTH = 1e-3
"""Lengths that differ less, relatively, change no order worth telling."""


def objections(measurement: Measurement, given: OfPhotos) -> list[Objection]:
    """What the order of non-mated scores says of templates.

    Raises:
        WrongUse: the templates name other people.
    """
    first, second, scores = measurement.non_mated.pairs.sample(_MOST)
    found, place = _other_people(measurement, given), given.places()
    first, second = place[first], place[second]
    known = (first >= 0) & (second >= 0)
    n = int(known.sum())
    if n < _LEAST:
        text = (
            f"Whether {given.path.name} is of another system was not checked: {_LEAST} non-mated "
            f"comparisons of photos with a template show it, and there are {n:,}."
        )
        return [*found, Objection(kind="independence unknown", effect=Effect.SHOWN, text=text)]
    agreeing = max(
        (
            concordance(alike, scores[known])
            for alike in _similarities(given.templates, first[known], second[known])
        ),
        key=lambda share: abs(share - 0.5),
    )
    told = (
        f"{given.path.name} ranks any two of {n:,} non-mated comparisons as their scores do in "
        f"{100 * agreeing:.3g} % of cases"
    )
    if agreeing <= 1 - _CHANCE:
        told += ", more often in the reverse order"
    if max(agreeing, 1 - agreeing) >= _SAME:
        text = (
            f"{told}: these are templates of the system under test, or of one like it. Give those "
            "of another system."
        )
        return [*found, Objection(kind=SAME_SYSTEM, effect=Effect.NO_PASS, text=text)]
    if agreeing < _CHANCE and n >= _LEAST_FOR_CHANCE:
        why = ", which is chance" if agreeing > 1 - _CHANCE else ""
        text = (
            f"{told}{why}: it does not tell who looks alike to this system. Do its "
            "vectors belong to its photos?"
        )
        return [*found, Objection(kind=UNRELATED, effect=Effect.SHOWN, text=text)]
    return found


def _similarities(templates: Templates, first: Counts, second: Counts) -> Iterator[Floats]:
    """What systems compute of two templates: cosines, as normalized, and where vectors are not of
    one length also products and distances."""
    yield Similarities(templates).between(first, second)
    one, other = templates.lengths[first], templates.lengths[second]
    if np.ptp(templates.lengths) <= _ONE_LENGTH * templates.lengths.max():
        return
    cosines = np.einsum("nd,nd->n", templates.vectors[first], templates.vectors[second])
    products = one * other * cosines
    yield products
    yield 2 * products - one**2 - other**2


def trusted(
    measurement: Measurement, clusters: Clusters | None, told: Iterable[Objection]
) -> Clusters | None:
    """The clusters, unless their templates are those of the system under test: then none, and the
    measurement loses its groups."""
    if clusters is None or all(one.kind != SAME_SYSTEM for one in told):
        return clusters
    measurement.drop_groups()
    return None


def _other_people(measurement: Measurement, given: OfPhotos) -> list[Objection]:
    people = measurement.identities.people().by_photo()
    given.require_same_people(people)
    wrong, example = given.other_people(people)
    text = (
        f"{counted(wrong, 'template names', 'templates name')} another person than is on the photo "
        f"({example}): the file's people count."
    )
    return [Objection(kind="other people", effect=Effect.SHOWN, text=text)] if wrong else []


def concordance(one: Floats, other: Floats) -> float:
    """The share of twos that two rankings put in the same order, of those that both tell apart
    (Goodman and Kruskal's gamma is twice that, less 1); NaN if there are none.

    Shapes (n,). Of all twos a sample that is always the same.
    """
    a, b = np.random.default_rng(1).integers(0, one.size, (2, _TWOS))
    ours, theirs = np.sign(one[a] - one[b]), np.sign(other[a] - other[b])
    apart = (ours != 0) & (theirs != 0)
    return float(np.mean(ours[apart] == theirs[apart])) if apart.any() else float("nan")
