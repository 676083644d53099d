"""Measures the ranges of the recogniser's layers and writes models/Dlib-ranges.json.

    python -m training.int8 --data ../shared/data

They are the lowest and highest values that portraits, of people who are in no other data set, and
their mirror images cause in the network of real numbers. Whatever was fitted to other ranges no
longer fits: delete models/Dlib.json, then repeat `verikit templates`, `verikit fit` and
training/penalty.py.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from reference_server.faces import weights
from reference_server.faces.finder import load_finder
from reference_server.faces.recognition.dlib_file import read_network
from reference_server.faces.recognition.dlib_int8 import RANGES, Ranges, rounded
from reference_server.faces.recognition.dlib_onnx import to_onnx
from reference_server.faces.runtime import session
from reference_server.pictures import Photo, Pixels
from reference_server.stages import Stages
from training.photos import data_folder, portraits, read


def measured(chips: Sequence[Pixels]) -> Ranges:
    """The ranges, to four digits, which hardly any processor's rounding can change."""
    layers = read_network(weights.RECOGNISER.read())
    network, found = session(to_onnx(layers, rounded(layers))), []
    for chip in chips:
        *values, _ = network.run(None, {"chips": np.stack([chip, chip[:, ::-1]])})
        found.append([(value.min(), value.max()) for value in values])
    lowest, highest = np.min(found, axis=0)[:, 0], np.max(found, axis=0)[:, 1]
    return Ranges(
        weights=weights.RECOGNISER.sha256,
        photos=len(chips),
        ranges=[
            (float(f"{low:.4g}"), float(f"{high:.4g}"))
            for low, high in zip(lowest, highest, strict=True)
        ],
    )


def portrait_chips(data: Path) -> list[Pixels]:
    """The faces of the portraits for training."""
    finder = load_finder()
    photos = [Photo(read(path)) for path in portraits(data, "training")]
    return [finder.find(photo, stages=Stages()).chip for photo in photos]


def main() -> None:
    """Measure, write."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--data", type=Path, default=data_folder())
    given = parser.parse_args()
    measured(portrait_chips(given.data)).save(RANGES)


if __name__ == "__main__":
    main()
