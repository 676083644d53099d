"""What a drawing knows about the photo it is made for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from training.drawing.frame import Frame, Points, rotation
from training.drawing.paint import Layer, Picture, soft

DARK_HAIR, LIGHT_HAIR = np.array([25, 20, 18]), np.array([190, 150, 100])


@dataclass(frozen=True, eq=False, kw_only=True)
class Scene:
    """The photo, where its face is, other photos to cut pieces from, and a source of chance."""

    rng: np.random.Generator
    frame: Frame
    photo: Picture
    others: Sequence[NDArray[np.uint8]]

    def near(self, place: ArrayLike, spread: float = 0.15) -> Points:
        """A place of the face, about the given one."""
        return self.rng.normal(np.asarray(place, np.float64), spread)

    def layer(self, picture: Picture, *outlines: ArrayLike, alpha: float = 1.0) -> Layer:
        """Outlines filled with a picture (or one color), their edges as soft as the photo."""
        mask = soft(self.frame.fill(*outlines), self.rng.uniform(0.3, 1.0)) * alpha
        return Layer(mask, np.broadcast_to(picture, self.photo.shape))

    def hair_colour(self) -> Picture:
        """From black to blond, now and then gray."""
        share = self.rng.beta(1, 2)
        tone = DARK_HAIR * (1 - share) + LIGHT_HAIR * share
        return np.asarray(
            tone if self.rng.random() < 0.85 else [self.rng.uniform(90, 220)] * 3, np.float32
        )

    def turned(self, outline: ArrayLike, most: float) -> Points:
        """The outline turned about its middle by at most so many degrees."""
        points = np.asarray(outline, np.float64)
        middle = points.mean(axis=0)
        angle = np.radians(self.rng.uniform(-most, most))
        return np.asarray((points - middle) @ rotation(angle) + middle)


Drawing = Callable[[Scene], list[Layer]]
"""Draws one thing, new each time."""
