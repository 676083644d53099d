"""Fits what poor photos cost a score and writes models/Dlib-penalty.json.

    verikit templates ../shared/data/lfw --out lfw.npz --subject centre \\
        --label-errors datasets/lfw/label-errors.csv
    python -m training.penalty lfw.npz --data ../shared/data --work /tmp/poor

With --dark, the costs of flatness are fitted anew to dark photos, and all others stay.

Of each kind of poor photos all pairs of different people are compared. What their similarities are
too high by is what such photos cost; a sum of monotone functions of the measures is fitted to it.
The templates are kept in the work folder; they are biometric data, so put it outside the project.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import nnls

from reference_server.faces.fitting.fit import Fit, fit_to
from reference_server.faces.fitting.pairs import Statistics
from reference_server.faces.fitting.people import LabelledTemplates
from reference_server.faces.scoring.cohort import Cohort
from reference_server.faces.scoring.penalty import Knots, Penalty
from reference_server.faces.scoring.score_map import ScoreMap
from reference_server.faces.scoring.scorer import SHIPPED
from training.photos import data_folder, lfw_people
from training.poor_faces import NAMES, Faces, collected, costs_of, good_portraits, people_of
from training.poor_photos import DARK, GOOD, KINDS

PEOPLE, SHOWN, SEED = 300, 200, 3
"""How many people it is fitted to, and how many benchmarks/faces/poor_photos.py judges it by."""
EDGES = {
    "blur": (1.82, 2.0, 2.2, 2.5, 2.8, 3.1, 3.5),
    "smear": (0.17, 0.35, 0.6, 2.0),
    "noise": (-0.8, -0.6, -0.4, -0.1, 1.0),
    "colour_noise": (-1.4, -0.7, -0.3, 0.1, 0.5, 1.0, 1.5),
    "blocks": (0.3, 0.6, 0.9, 1.2, 2.5),
    "mosaic": (0.35, 0.7, 1.2, 1.7, 3.5),
    "smallness": (-4.1, -3.0, -1.5),
    "flatness": (-3.0, -2.6, -2.3, -2.0, -1.7, 0.0),
    "veil": (1.9, 2.2, 2.5, 2.8, 4.0),
    "greyness": (-2.0, -1.0, 0.0),
    "glare": (0.1, 0.3, 0.6, 1.0),
    "eyes": (0.1, 1.0),
    "nose": (0.1, 1.0),
    "mouth": (0.1, 1.0),
}
"""Where the slope of a measure's cost may rise. Nine good photos in ten (kind ``GOOD``) lie below
the first edge."""
RATES, AIM = (1e-2, 1e-3, 1e-4), 0.5
"""The false match rates at which a kind is compared with the map, down to the strictest that its
pairs can tell, and what is aimed at there, of the claim: similar kinds of poor photos need room."""
GOOD_WEIGHT = 8
Edges = Mapping[str, tuple[float, ...]]
ROUNDS, STEP, MOST_RAISED = 12, 0.8, 2
"""The better one of two photos decides, so what a kind costs is raised until that is enough."""


@dataclass(frozen=True, eq=False)
class Pairs:
    """Similarities of all pairs of different people of one kind, and the two photos of each."""

    similarities: NDArray[np.float32]
    first: NDArray[np.int64]
    second: NDArray[np.int64]

    @classmethod
    def of(cls, faces: Faces, cohort: Cohort) -> Pairs:
        """As the server normalizes them."""
        statistics = Statistics.of(faces.templates, cohort)
        cosines = faces.templates @ faces.templates.T
        similarities = statistics.normalised(cosines, slice(0, len(cosines)))
        first, second = np.nonzero(np.triu(faces.people[:, None] != faces.people))
        return cls(similarities[first, second], first, second)

    def excess(self, costs: NDArray[np.float64], thresholds: Sequence[float]) -> float:
        """By how much they are too high where it is most, once what the photos cost is taken off.

        ``thresholds``: the similarities at which the map claims ``RATES``.
        """
        left = self.similarities - np.minimum(costs[self.first], costs[self.second])
        return float((np.quantile(left, 1 - AIM * np.array(RATES)) - thresholds).max())


def fit(
    kinds: Mapping[str, Faces],
    good: NDArray[np.float64],
    fitted: Fit,
    kept: Penalty | None = None,
    names: Sequence[str] = tuple(EDGES),
) -> Penalty:
    """The penalty that kinds of photos need; ``good``: measures of further good photos.

    ``fitted``: the score of other people. ``names``: the measures that costs are fitted to; those
    of all others are ``kept``.
    """
    edges = {name: EDGES[name] for name in names}
    if kept:
        others = {name: knots for name, knots in kept.knots.items() if name not in edges}
        kept = replace(kept, knots=others)
    paid = {
        kind: costs_of(faces, kept) if kept else np.zeros(len(faces.people))
        for kind, faces in kinds.items()
    }
    pairs = {kind: Pairs.of(faces, fitted.cohort) for kind, faces in kinds.items()}
    similarity, log10_rate = zip(*fitted.score_map.knots, strict=True)
    thresholds = np.interp(np.log10(RATES), log10_rate[::-1], similarity[::-1]).tolist()
    hinges = {kind: _hinges(faces.measures, edges) for kind, faces in kinds.items()}
    needed = {kind: max(0.0, each.excess(paid[kind], thresholds)) for kind, each in pairs.items()}
    aimed = {**needed, GOOD: 0.0}
    for _ in range(ROUNDS):
        slopes = _slopes(hinges, aimed, _hinges(good, edges))
        for kind in kinds.keys() - {GOOD}:
            left = pairs[kind].excess(paid[kind] + hinges[kind] @ slopes, thresholds)
            aimed[kind] = float(
                np.clip(aimed[kind] + STEP * left, 0, MOST_RAISED * needed[kind] + 0.5)
            )
    knots = {**(kept.knots if kept else {}), **_knots(slopes, edges)}
    return Penalty(
        model=fitted.score_map.model,
        weights=fitted.score_map.weights or "",
        people=len(people_of(kinds)),
        knots={name: knots[name] for name in NAMES if name in knots},
    )


def _hinges(found: NDArray[np.float64], edges: Edges) -> NDArray[np.float64]:
    """How far each measure lies above each edge, shape (N, edges)."""
    columns = [
        np.clip(found[:, NAMES.index(name)], None, places[-1]) - edge
        for name, places in edges.items()
        for edge in places[:-1]
    ]
    return np.maximum(0, np.stack(columns, axis=1))


def _slopes(
    hinges: Mapping[str, NDArray[np.float64]],
    aimed: Mapping[str, float],
    good: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Least squares under the condition that no slope is negative."""
    sides, values = [good * GOOD_WEIGHT / len(good) ** 0.5], [np.zeros(len(good))]
    for kind, rows in hinges.items():
        weight = (GOOD_WEIGHT if kind == GOOD else 1 / (1 + 0.1 * aimed[kind])) / len(rows) ** 0.5
        sides.append(rows * weight)
        values.append(np.full(len(rows), aimed[kind] * weight))
    slopes, _ = nnls(np.concatenate(sides), np.concatenate(values))
    return np.asarray(slopes)


def _knots(slopes: NDArray[np.float64], edges: Edges) -> dict[str, Knots]:
    """The same as points, without measures that cost nothing."""
    found: dict[str, Knots] = {}
    left = iter(slopes.tolist())
    for name, places in edges.items():
        rises = [next(left) for _ in places[:-1]]
        costs = [
            sum(rise * max(0, x - edge) for rise, edge in zip(rises, places, strict=False))
            for x in places
        ]
        if costs[-1]:
            found[name] = tuple(zip(places, (round(cost, 3) for cost in costs), strict=True))
    return found


def main() -> None:
    """Collect, fit, write."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("templates", type=Path, help="of all people, for a score of the others")
    parser.add_argument("--data", type=Path, default=data_folder())
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--dark", action="store_true", help="fit the costs of flatness alone")
    given = parser.parse_args()
    photos = [(person, of[0]) for person, of in lfw_people(given.data, PEOPLE, SEED).items()]
    kinds = collected(given.work / "kinds", DARK if given.dark else KINDS, photos)
    fitted = score_of_others(given.templates, given.data, given.work / "score")
    path = SHIPPED / f"{fitted.score_map.model}-penalty.json"
    good = good_portraits(given.data)
    if given.dark:
        penalty = fit(kinds, good, fitted, Penalty.load(path), ["flatness"])
    else:
        penalty = fit(kinds, good, fitted)
    penalty.save(path)


def score_of_others(templates: Path, data: Path, folder: Path) -> Fit:
    """A score fitted without those whose photos become poor, nor penalty; the folder keeps it."""
    others = LabelledTemplates.load(templates).without(lfw_people(data, PEOPLE + SHOWN, SEED))
    kept = [folder / f"{others.model}.{suffix}" for suffix in ("json", "npz")]
    if not all(file.exists() for file in kept):
        fit_to(replace(others, penalties=np.zeros_like(others.penalties))).save(folder)
    with np.load(kept[1]) as stored:
        return Fit(ScoreMap.load(kept[0]), stored["vectors"])


if __name__ == "__main__":
    main()
