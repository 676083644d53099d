"""The position of a face in a picture."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Box:
    """A square in pixels, possibly reaching beyond the picture, and how sure the detector is.

    ``roll``: degrees by which the face is turned clockwise from upright, if the detector tells.
    """

    left: float
    top: float
    right: float
    bottom: float
    confidence: float
    roll: float = 0.0

    @property
    def width(self) -> float:
        """In pixels."""
        return self.right - self.left

    @property
    def area(self) -> float:
        """In square pixels."""
        return self.width * (self.bottom - self.top)

    @property
    def centre(self) -> tuple[float, float]:
        """x and y."""
        return (self.left + self.right) / 2, (self.top + self.bottom) / 2

    def covers(self, other: Box) -> bool:
        """Whether the centre of either lies in the other: two boxes of one face, not two faces."""
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


def largest(boxes: Sequence[Box], _: tuple[int, int]) -> Box:
    """The face that fills most of the picture."""
    return max(boxes, key=lambda box: box.area)


def nearest_centre(boxes: Sequence[Box], size: tuple[int, int]) -> Box:
    """The face whose centre is nearest the picture's: the subject of an LFW photo."""
    x, y = size[0] / 2, size[1] / 2

    def distance(box: Box) -> float:
        return (box.centre[0] - x) ** 2 + (box.centre[1] - y) ** 2

    return min(boxes, key=distance)


def surest(boxes: Sequence[Box]) -> float:
    """The highest confidence, far below any other where there is no face."""
    return max((box.confidence for box in boxes), default=-1e9)
