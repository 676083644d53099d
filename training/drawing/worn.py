"""The masks of the masked portraits, as things that are drawn on the bare ones."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from training.drawing.paint import Layer, soft
from training.drawing.scene import Drawing, Scene
from training.photos import LARGEST, masked, read

DIFFERENT = 24  # of 255; JPEG alone makes less of a difference
MOST_OF_PHOTO = 0.5  # a pair that differs more shows two photos


def worn_mask(bare: Path) -> Drawing | None:
    """Puts the mask on that the other photo of the pair shows; None for photos that have none."""
    if not masked(bare).exists():
        return None
    before, after = (read(path, LARGEST).astype(np.float32) for path in (bare, masked(bare)))
    if before.shape != after.shape:
        return None
    different = (np.abs(after - before).max(axis=2) > DIFFERENT).astype(np.float32)
    if different.mean() > MOST_OF_PHOTO:
        return None

    def draw(scene: Scene) -> list[Layer]:
        tint = scene.rng.uniform(0.2, 1, 3) if scene.rng.random() < 0.5 else np.ones(3)
        return [Layer(soft(different, 0.7), (after * tint).astype(np.float32))]

    return draw
