"""Estimates the pose of a face from five landmarks."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from reference_server.faces.detection.landmarks import roll_of

MODEL = np.array(
    [(-31, -35, 0), (31, -35, 0), (0, 4, 24), (-25, 35, 2), (25, 35, 2)], dtype=np.float64
)
"""An average face in mm: x to the picture's right, y down, z towards the camera."""


@dataclass(frozen=True, kw_only=True)
class Pose:
    """Degrees: ``roll`` clockwise; after undoing it, ``yaw`` to the right and ``pitch`` down."""

    yaw: float
    pitch: float
    roll: float


def pose_of(landmarks: ArrayLike) -> Pose:
    """The pose of MTCNN's landmarks, shape (5, 2): eyes, nose, corners of the mouth, left first.

    Pose from orthography and scaling, the first step of POSIT: DeMenthon and Davis, "Model-Based
    Object Pose in 25 Lines of Code", 1995. The model is rigid: a smile looks like a small pitch.
    """
    points = np.asarray(landmarks, np.float64)
    roll = roll_of(points.astype(np.float32))
    level = (points - points.mean(axis=0)) @ _turn(-roll)
    axes, *_ = np.linalg.lstsq(MODEL - MODEL.mean(axis=0), level, rcond=None)
    across, down = _orthonormal(axes.T)
    x, y, z = across[2], down[2], np.cross(across, down)[2]  # where the nose points
    pitch = math.asin(float(np.clip(y, -1, 1)))
    return Pose(yaw=math.degrees(math.atan2(x, z)), pitch=math.degrees(pitch), roll=roll)


def _turn(degrees: float) -> NDArray[np.float64]:
    """Turns row vectors clockwise, as y points down."""
    angle = math.radians(degrees)
    cos, sin = math.cos(angle), math.sin(angle)
    return np.array([[cos, sin], [-sin, cos]])


def _orthonormal(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """The nearest two unit vectors at right angles."""
    left, _, right = np.linalg.svd(rows, full_matrices=False)
    return np.asarray(left @ right)
