"""The pictures that hostile files are made of; small, as a face costs a comparison."""

from __future__ import annotations

from functools import cache
from random import Random

import numpy as np
from PIL import Image

from verikit.portraits import head

SIDES = (100, 130, 160)


@cache
def ramp(side: int) -> Image.Image:
    """Three gradients, one a channel: no face."""
    gradient = Image.linear_gradient("L").resize((side, side + 8))
    turned = [gradient.rotate(turn) for turn in (0, 90, 180)]
    return Image.merge("RGB", turned)


@cache
def noise(side: int, seed: int = 0) -> Image.Image:
    """Chance in every pixel."""
    levels = np.random.default_rng(seed).integers(0, 256, (side, side, 3), dtype=np.uint8)
    return Image.fromarray(levels)


@cache
def pictures() -> tuple[Image.Image, ...]:
    """One of three shows a face."""
    return (
        *(head("collins", side) for side in SIDES),
        *map(ramp, (32, 48, 64)),
        *map(noise, (32, 40, 56)),
    )


def picture(dice: Random) -> Image.Image:
    """One of them, as a copy: Pillow writes notes on an image while it saves it."""
    return dice.choice(pictures()).copy()
