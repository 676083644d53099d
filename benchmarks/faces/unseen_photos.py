"""What the documented rates are worth for kinds of poor photos to which the penalty is not fitted.

The people are those of benchmarks/faces/poor_photos.py, two photos each; all pairs of them are
compared. Prints a row of a table for each kind: in how many photos a face is found; the false match
rate as a multiple of the claim at three thresholds without and with the penalty, both photos of the
kind; the same with one good photo; how many photos ``verikit inspect`` calls poor, and why.

    verikit templates ../shared/data/lfw --out lfw.npz --subject centre \\
        --label-errors datasets/lfw/label-errors.csv
    python -m benchmarks.faces.unseen_photos lfw.npz --work /tmp/poor

The work folder holds templates, which are biometric data: put it outside the project.
"""

from __future__ import annotations

import argparse
from collections import Counter
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.faces.poor_photos import ROWS, measured
from reference_server.faces.fitting.fit import Fit
from reference_server.faces.photo_quality import Measures
from reference_server.faces.scoring.penalty import Penalty
from reference_server.faces.scoring.scorer import SHIPPED
from training.penalty import PEOPLE, SEED, SHOWN, score_of_others
from training.photos import data_folder, lfw_people
from training.poor_faces import NAMES, Faces, collected
from training.unseen_photos import UNSEEN

GOOD = "as they are"
THRESHOLDS = (0.5, 0.6, 0.7)
SHOWN_ROWS = [index for index, (threshold, _) in enumerate(ROWS) if threshold in THRESHOLDS]
CLAIMED = np.array([ROWS[index][1] for index in SHOWN_ROWS])


def main() -> None:
    """Collect, compare, print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("templates", type=Path)
    parser.add_argument("--data", type=Path, default=data_folder())
    parser.add_argument("--work", type=Path, required=True)
    given = parser.parse_args()
    people = list(lfw_people(given.data, PEOPLE + SHOWN, SEED).items())[PEOPLE:]
    photos = [(person, photo) for person, all_of in people for photo in all_of[:2]]
    good = collected(given.work / "conditions", [GOOD], photos)[GOOD]
    fitted = score_of_others(given.templates, given.data, given.work / "score")
    penalty = Penalty.load(SHIPPED / f"{fitted.score_map.model}-penalty.json")
    kinds = collected(given.work / "unseen", UNSEEN, photos)
    print(
        "| Both photos | Face found | FMR without penalty: 0.5 / 0.6 / 0.7 | FMR: 0.5 / 0.6 / 0.7 "
        "| FMR with one good photo | Called poor |"
    )
    print("|---|---|---|---|---|---|")
    for kind, faces in kinds.items():
        found = f"{len(faces.people) / len(good.people):.0%}"
        print("|", " | ".join([kind, found, *row(faces, good, penalty, fitted)]), "|")


def row(faces: Faces, good: Faces, penalty: Penalty, fitted: Fit) -> list[str]:
    """The cells of a kind after how many faces are found."""
    table = measured({"kind": faces, GOOD: good}, penalty, fitted)
    both, mixed = table["kind", "kind"], table["kind", GOOD]
    rates = both["fmr_before"], both["fmr"], mixed["fmr"]
    return [*map(multiples, rates), called_poor(faces, penalty)]


def multiples(rates: NDArray[np.float64]) -> str:
    """Of the claims, to two digits."""
    rounded = (float(f"{multiple:.2g}") for multiple in rates[SHOWN_ROWS] / CLAIMED)
    return " / ".join(f"{multiple:,g}" for multiple in rounded)


def called_poor(faces: Faces, penalty: Penalty) -> str:
    """The share of photos that are, and the most frequent reason."""
    causes = [
        penalty.causes(Measures(**dict(zip(NAMES, values, strict=True))))
        for values in faces.measures.tolist()
    ]
    share = f"{sum(map(bool, causes)) / len(causes):.0%}"
    counts = Counter(cause for of_photo in causes for cause in of_photo)
    return f"{share}, {counts.most_common(1)[0][0]}" if counts else share


if __name__ == "__main__":
    main()
