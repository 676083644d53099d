"""Trains the network that finds covered parts of a face and writes models/occlusion.onnx.

    pip install torch==2.13.0        # needed here only
    python -m training.occlusion --data ../shared/data --work /tmp/chips

The chips are kept in the work folder, which makes a second run start at once; they are faces, so
put it outside the project.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from reference_server.faces.occlusion import REGIONS
from training.dataset import NOTHING, Chips, make
from training.export import to_onnx
from training.learn import Recipe, answers, learn, targets
from training.photos import Part, data_folder

MODEL = Path(__file__).parents[1] / "reference_server" / "models" / "occlusion.onnx"
SEED = 7
FALSE_ALARMS = 0.02
"""Wanted share of bare validation faces (distorted ones) of which a region passes."""
FALSE_FACES = 0.02
"""Wanted share of validation chips without a face that pass for one."""


def main() -> None:
    """Draw, learn, choose thresholds, export."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=data_folder())
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--processes", type=int, default=2)
    given = parser.parse_args()
    training, validation = (chips(given, part) for part in ("training", "validation"))
    model = learn(training, SEED, Recipe())
    found, truth = answers(model, validation.pixels), targets(validation)
    thresholds = choose(found, truth, validation.kinds)
    MODEL.write_bytes(to_onnx(model, thresholds))
    report(found > thresholds, truth, validation.kinds)
    for source, chosen in validation.sources().items():
        share = missed(found[chosen, :-1], truth[chosen, :-1])
        print(f"{source}: {share:.2%} of the covered missed at {FALSE_ALARMS:.0%} false alarms")


def chips(given: argparse.Namespace, part: Part) -> Chips:
    """The chips of a part, drawn now or in an earlier run."""
    path: Path = given.work / f"{part}.npz"
    if not path.exists():
        given.work.mkdir(parents=True, exist_ok=True)
        make(given.data, part, SEED, given.processes).save(path)
    return Chips.load(path)


def choose(
    found: NDArray[np.float32], truth: NDArray[np.float32], kinds: NDArray[np.str_]
) -> list[float]:
    """One threshold for all regions, from bare faces, and one for faces, from chips without."""
    bare = np.all(truth[:, :-1] == 0, axis=1)
    regions = np.quantile(found[bare, :-1].max(axis=1), 1 - FALSE_ALARMS)
    face = np.quantile(found[kinds == NOTHING, -1], 1 - FALSE_FACES)
    return [float(regions)] * len(REGIONS) + [float(face)]


def missed(found: NDArray[np.float32], truth: NDArray[np.float32]) -> float:
    """The share of covered chips that pass where few of the bare and harmless are refused."""
    surest, most = found.max(axis=1), np.nan_to_num(truth).max(axis=1)
    bare = np.all(truth == 0, axis=1)
    return float((surest[most == 1] <= np.quantile(surest[bare], 1 - FALSE_ALARMS)).mean())


def report(passed: NDArray[np.bool_], truth: NDArray[np.float32], kinds: NDArray[np.str_]) -> None:
    """Prints what happens to each kind of validation chip."""
    print(f"{'kind':16}{'chips':>6}{'any region':>12}{'face':>8}")
    for kind in np.unique(kinds):
        for wanted, name in ((1, "covered"), (0, "bare")):
            chosen = (kinds == kind) & (np.nan_to_num(truth[:, :-1]).max(axis=1) == wanted)
            if chosen.sum() > 20:
                some, face = passed[chosen, :-1].any(axis=1).mean(), passed[chosen, -1].mean()
                print(f"{kind:16}{chosen.sum():6}{some:12.2%}{face:8.2%}  {name}")


if __name__ == "__main__":
    main()
