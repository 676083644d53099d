"""The position of a face in a picture."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Box:
    """A square around a face in pixels, which may extend beyond the picture.

    ``confidence``: on the detector's own scale. ``roll``: degrees clockwise from upright, 0 if the
    detector does not measure it.
    """

    left: float
    top: float
    right: float
    bottom: float
    confidence: float
    roll: float = 0.0

    @property
    def width(self) -> float:
        """The width in pixels."""
        return self.right - self.left

    @property
    def area(self) -> float:
        """The area in square pixels."""
        return self.width * (self.bottom - self.top)

    @property
    def centre(self) -> tuple[float, float]:
        """The center (x, y) in pixels."""
        return (self.left + self.right) / 2, (self.top + self.bottom) / 2

    def covers(self, other: Box) -> bool:
        """Whether the center of either box is inside the other, so that both are of one face."""
        return any(
            abs(one.centre[0] - two.centre[0]) < two.width / 2
            and abs(one.centre[1] - two.centre[1]) < (two.bottom - two.top) / 2
            for one, two in ((self, other), (other, self))
        )

    def scaled(self, factor: float) -> Box:
        """The same region in a picture whose sides are ``factor`` times as long."""
        return replace(
            self,
            left=self.left * factor,
            top=self.top * factor,
            right=self.right * factor,
            bottom=self.bottom * factor,
        )


Choice = Callable[[Sequence[Box], tuple[int, int]], Box]
"""Picks one of several faces, given the picture's width and height."""


def largest(boxes: Sequence[Box], size: tuple[int, int]) -> Box:
    """The face with the largest part in a picture of ``size`` (width, height)."""
    width, height = size

    def visible(box: Box) -> float:
        across = min(box.right, width) - max(box.left, 0)
        down = min(box.bottom, height) - max(box.top, 0)
        return max(0.0, across) * max(0.0, down)

    return max(boxes, key=visible)


def nearest_centre(boxes: Sequence[Box], size: tuple[int, int]) -> Box:
    """The face nearest to the center of a picture of ``size`` (width, height): LFW's subject."""
    x, y = size[0] / 2, size[1] / 2

    def distance(box: Box) -> float:
        return (box.centre[0] - x) ** 2 + (box.centre[1] - y) ** 2

    return min(boxes, key=distance)


def surest(boxes: Sequence[Box]) -> float:
    """The highest confidence; -1e9 without a face."""
    return max((box.confidence for box in boxes), default=-1e9)
