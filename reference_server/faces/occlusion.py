"""Finds covered parts of a face with a small network of our own.

How it was made and what it was measured by: docs/evidence/occlusion-model.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from reference_server.faces.alignment import Recipe
from reference_server.faces.errors import OWN_FILES, reading
from reference_server.faces.runtime import session
from reference_server.pictures import Pixels

MODEL = Path(__file__).parent.parent / "models" / "occlusion.onnx"
REGIONS = ("left eye", "right eye", "nose", "mouth")
"""What the network's first outputs are about; left and right are the person's own."""
CHIP = Recipe(side=150, padding=0.25)
"""The face as the network wants it: as dlib's recogniser does."""


def over_threshold(regions: Mapping[str, float]) -> tuple[str, ...]:
    """The covered regions, from the confidence for each region."""
    return tuple(region for region, sureness in regions.items() if sureness > 0.5)


class Occlusion:
    """The network; it may be shared by threads.

    It has an output for each region and one for "this is an upright face"; each exceeds 1/2 if it
    exceeds the threshold chosen in training.
    """

    def __init__(self) -> None:
        with reading(MODEL, OWN_FILES):
            self._session = session(MODEL)

    def regions(self, chip: Pixels) -> dict[str, float]:
        """The confidence, from 0 to 1, that each region of a chip, (150, 150, 3), is covered."""
        return dict(zip(REGIONS, self._answers(chip), strict=False))

    def face(self, chip: Pixels) -> float:
        """The confidence, from 0 to 1, that a chip shows an upright face, covered or not."""
        return self._answers(chip)[-1]

    def _answers(self, chip: Pixels) -> list[float]:
        (answers,) = self._session.run(None, {"chips": chip[None]})
        return [float(answer) for answer in answers[0]]
