"""Coordinates on a face, so that things can be drawn where they belong."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PIL import Image, ImageDraw

Points = NDArray[np.float64]
Mask = NDArray[np.float32]

SMOOTHING = 2  # masks are drawn this many times as large, then averaged


@dataclass(frozen=True, eq=False)
class Frame:
    """Affine coordinates of a face in a photo of ``size`` (width, height).

    The eye on the picture's left is at (-1, 0), the other one at (1, 0), the middle of the mouth at
    (0, 2); the chin is near (0, 3.3), the temples near (-2, 0) and (2, 0).
    """

    origin: Points
    axes: Points
    nose: Points
    mouth_width: float
    size: tuple[int, int]

    @classmethod
    def of(cls, landmarks: ArrayLike, size: tuple[int, int]) -> Frame:
        """The frame of MTCNN's landmarks: eyes, nose, corners of the mouth, left first."""
        left, right, nose, mouth_left, mouth_right = np.asarray(landmarks, np.float64)
        origin, mouth = (left + right) / 2, (mouth_left + mouth_right) / 2
        axes = np.stack([(right - left) / 2, (mouth - origin) / 2])
        inverse = np.linalg.inv(axes)
        half = (mouth_right - mouth_left) @ inverse / 2
        return cls(origin, axes, (nose - origin) @ inverse, float(np.hypot(*half)), size)

    def on_photo(self, points: ArrayLike) -> Points:
        """Points of the face, shape (N, 2), in pixels of the photo."""
        return np.asarray(points, np.float64) @ self.axes + self.origin

    @property
    def unit(self) -> float:
        """The length of one unit in pixels, averaged over both directions."""
        return float(np.sqrt(abs(np.linalg.det(self.axes))))

    def fill(self, *outlines: ArrayLike) -> Mask:
        """How much of each pixel lies inside one of the outlines, shape (height, width)."""
        width, height = self.size
        canvas = Image.new("L", (width * SMOOTHING, height * SMOOTHING))
        pen = ImageDraw.Draw(canvas)
        for outline in outlines:
            pen.polygon([tuple(p) for p in self.on_photo(outline) * SMOOTHING], fill=255)
        return np.asarray(canvas.reduce(SMOOTHING), np.float32) / np.float32(255)

    def regions(self) -> dict[str, Mask]:
        """The parts of a face that must be free; left and right are the person's own."""
        x, y = self.nose
        eye = (0.55, 0.3)
        nose = [
            (x * 0.3 - 0.2, 0.35),
            (x * 0.3 + 0.2, 0.35),
            (x + 0.5, y + 0.2),
            (x - 0.5, y + 0.2),
        ]
        return {
            "left eye": self.fill(ellipse((1, 0), eye)),
            "right eye": self.fill(ellipse((-1, 0), eye)),
            "nose": self.fill(nose),
            "mouth": self.fill(ellipse((0, 2), (self.mouth_width, 0.35))),
        }


def ellipse(
    centre: ArrayLike, radii: tuple[float, float], angle: float = 0.0, power: float = 2.0
) -> Points:
    """An outline of 40 points; a power above 2 makes it a rectangle with round corners."""
    turn = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    cos, sin = np.cos(turn), np.sin(turn)
    x = np.sign(cos) * np.abs(cos) ** (2 / power) * radii[0]
    y = np.sign(sin) * np.abs(sin) ** (2 / power) * radii[1]
    return np.asarray(np.stack([x, y], axis=1) @ rotation(angle) + np.asarray(centre))


def rotation(angle: float) -> Points:
    """Turns row vectors by an angle in radians."""
    return np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])


def smooth(outline: ArrayLike, rounds: int = 3) -> Points:
    """The closed outline with its corners cut (Chaikin's algorithm)."""
    points = np.asarray(outline, np.float64)
    for _ in range(rounds):
        after = np.roll(points, -1, axis=0)
        points = np.stack([0.75 * points + 0.25 * after, 0.25 * points + 0.75 * after], axis=1)
        points = points.reshape(-1, 2)
    return points


def stroke(path: ArrayLike, start: float, end: float | None = None) -> Points:
    """The outline of a line along a path, ``start`` wide at first and ``end`` wide at last."""
    points = np.asarray(path, np.float64)
    along = np.gradient(points, axis=0)
    length = np.linalg.norm(along, axis=1, keepdims=True)
    side = along[:, ::-1] * (-1, 1) / np.maximum(length, 1e-9)
    half = np.linspace(start, start if end is None else end, len(points))[:, None] / 2
    return np.concatenate([points + side * half, (points - side * half)[::-1]])


def curve(start: ArrayLike, middle: ArrayLike, end: ArrayLike) -> Points:
    """A quadratic Bezier curve of 12 points."""
    t = np.linspace(0, 1, 12)[:, None]
    a, b, c = (np.asarray(p, np.float64) for p in (start, middle, end))
    return np.asarray((1 - t) ** 2 * a + 2 * t * (1 - t) * b + t**2 * c)
