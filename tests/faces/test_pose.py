"""Pose from five landmarks, on heads that are turned by known angles."""

import math

import numpy as np
import pytest

from reference_server.faces.detection.pose import MODEL, pose_of


def seen(yaw: float, pitch: float, roll: float) -> np.ndarray:
    """The model's landmarks, turned about x, then y, then z, and seen from afar."""
    a, b, c = (math.radians(angle) for angle in (pitch, yaw, roll))
    about_x = np.array([(1, 0, 0), (0, np.cos(a), np.sin(a)), (0, -np.sin(a), np.cos(a))])
    about_y = np.array([(np.cos(b), 0, np.sin(b)), (0, 1, 0), (-np.sin(b), 0, np.cos(b))])
    about_z = np.array([(np.cos(c), -np.sin(c), 0), (np.sin(c), np.cos(c), 0), (0, 0, 1)])
    return (MODEL @ (about_z @ about_y @ about_x).T)[:, :2] * 1.7 + (90, 120)


@pytest.mark.parametrize("yaw", [-40, 0, 25])
@pytest.mark.parametrize("pitch", [-20, 0, 20])
@pytest.mark.parametrize("roll", [-60, 0, 30])
def test_angles_come_back(yaw, pitch, roll):
    pose = pose_of(seen(yaw, pitch, roll))
    # The roll is read off the line from eyes to mouth, which yaw and pitch together bend.
    bent = 2 + 0.03 * abs(yaw * pitch)
    assert abs(pose.roll - roll) < bent
    assert abs(pose.yaw - yaw) < bent
    assert abs(pose.pitch - pitch) < bent


def test_a_face_that_looks_right_has_its_nose_to_the_right():
    points = seen(30, 0, 0)
    assert points[2, 0] > points[:2, 0].mean()
    assert pose_of(points).yaw > 0


def test_the_mirror_image_looks_the_other_way():
    points = seen(20, 10, 5)
    mirrored = (points * (-1, 1))[[1, 0, 2, 4, 3]]
    first, second = pose_of(points), pose_of(mirrored)
    assert first.yaw == pytest.approx(-second.yaw)
    assert first.roll == pytest.approx(-second.roll)
    assert first.pitch == pytest.approx(second.pitch)
