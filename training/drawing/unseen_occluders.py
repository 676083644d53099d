"""Kinds of occluders that training never draws: the network is judged on them."""

from __future__ import annotations

import numpy as np

from training.drawing.frame import Points, curve, ellipse, smooth, stroke
from training.drawing.paint import Layer, cloth, colour, lit, noise
from training.drawing.scene import Drawing, Scene


def _shaded(scene: Scene, tone: np.ndarray, depth: float = 0.3) -> np.ndarray:
    return lit(scene.rng, scene.frame, np.broadcast_to(tone, scene.photo.shape), depth)


def phone(scene: Scene) -> list[Layer]:
    """A phone held before the face, with camera and edge."""
    rng = scene.rng
    centre = scene.near([(-0.8, 0.7), (0.8, 0.7), (0, 1.7)][rng.integers(3)], 0.15)
    body = ellipse(centre, (rng.uniform(0.75, 1), rng.uniform(1.5, 2)), rng.uniform(-0.4, 0.4), 9)
    lens = ellipse(np.add(centre, (-0.4, -1)), (0.2, 0.2))
    tone = colour(rng, saturation=0.3, value=(0.05, 0.9))
    return [scene.layer(_shaded(scene, tone), body), scene.layer(tone * 0.5, lens)]


def cup(scene: Scene) -> list[Layer]:
    """A cup at the mouth."""
    rng = scene.rng
    x, top = rng.normal(0, 0.1), rng.uniform(1.2, 1.6)
    wide, deep = rng.uniform(0.9, 1.3), rng.uniform(1.8, 2.6)
    body = [
        (x - wide, top),
        (x + wide, top),
        (x + wide * 0.75, top + deep),
        (x - wide * 0.75, top + deep),
    ]
    tone = colour(rng, value=(0.3, 1))
    rim = ellipse((x, top), (wide, 0.25))
    return [scene.layer(_shaded(scene, tone, 0.6), body), scene.layer(tone * 0.6, rim)]


def respirator(scene: Scene) -> list[Layer]:
    """A cone-shaped respirator with a valve and two straps."""
    rng = scene.rng
    top = rng.uniform(0.3, 0.8)
    cone = smooth(
        [(0, top), (0.8, 1.1), (1.3, 2), (1, 3), (0, 3.4), (-1, 3), (-1.3, 2), (-0.8, 1.1)]
    )
    straps = [
        stroke(curve((s * 1.2, y), (s * 1.8, y - 0.2), (s * 2.4, y - 0.7)), 0.12)
        for s in (-1, 1)
        for y in (1.6, 2.6)
    ]
    tone = colour(rng, saturation=0.3, value=(0.5, 1))
    return [
        scene.layer(colour(rng, value=(0.3, 1)), *straps),
        scene.layer(_shaded(scene, tone, 0.5), cone),
        scene.layer(tone * 0.7, ellipse((rng.normal(0, 0.2), 2.2), (0.35, 0.3))),
    ]


def goggles(scene: Scene) -> list[Layer]:
    """Ski goggles: one wide mirrored lens and a strap."""
    rng = scene.rng
    lens = ellipse((0, 0.1), (rng.uniform(1.8, 2.1), rng.uniform(0.75, 1)), 0, 3.5)
    first, second = colour(rng), colour(rng)
    share = noise(rng, scene.frame, 1.5)[..., None]
    strap = stroke([(-2.8, 0), (2.8, 0)], rng.uniform(0.5, 0.8))
    rim = stroke(np.vstack([lens, lens[:2]]), 0.2)
    return [
        scene.layer(colour(rng), strap),
        scene.layer(first * share + second * (1 - share), lens),
        scene.layer(colour(rng, value=(0, 0.6)), rim),
    ]


def paper(scene: Scene) -> list[Layer]:
    """A sheet with lines of writing held before the lower or one half of the face."""
    rng = scene.rng
    corner = np.array([(-2, 1.0), (-0.2, -1), (-2.2, -1)][rng.integers(3)]) + rng.normal(0, 0.1, 2)
    size = (rng.uniform(2.5, 4), rng.uniform(3, 5)) if corner[1] > 0 else (2.2, rng.uniform(3, 5))
    sheet = corner + np.array([(0, 0), (size[0], 0), size, (0, size[1])])
    rows = np.arange(0.3, size[1] - 0.3, 0.3)
    lines = [
        stroke(
            [np.add(corner, (0.2, y)), np.add(corner, (size[0] * rng.uniform(0.5, 0.9), y))], 0.08
        )
        for y in rows
    ]
    white = _shaded(scene, colour(rng, saturation=0.1, value=(0.85, 1)), 0.2)
    return [scene.layer(white, sheet), scene.layer(np.full(3, 60, np.float32), *lines, alpha=0.8)]


def leaf(scene: Scene) -> list[Layer]:
    """A large leaf or fan with ribs."""
    rng = scene.rng
    tip, base = (
        scene.near([(-1, -0.2), (1, -0.2), (0, 1.4)][rng.integers(3)], 0.1),
        scene.near((0, 4), 0.8),
    )
    side = (base - tip)[::-1] * (-1, 1) * rng.uniform(0.3, 0.45)
    tip = tip + (tip - base) * 0.2
    outline = np.concatenate(
        [curve(tip, (tip + base) / 2 + side, base), curve(base, (tip + base) / 2 - side, tip)]
    )
    ribs = [
        stroke([tip + (base - tip) * t, tip + (base - tip) * (t - 0.15) + side * s * 0.4], 0.06)
        for t in (0.3, 0.5, 0.7)
        for s in (-1, 1)
    ]
    tone = np.array([rng.uniform(20, 140), rng.uniform(70, 190), rng.uniform(10, 90)], np.float32)
    return [
        scene.layer(_shaded(scene, tone, 0.5), outline),
        scene.layer(tone * 0.6, stroke([tip, base], 0.08), *ribs),
    ]


def bandana(scene: Scene) -> list[Layer]:
    """A patterned triangle tied over nose and mouth."""
    rng = scene.rng
    top = rng.uniform(0.4, 0.9)
    cloth_shape = [(-2, top - 0.2), (0, top + 0.1), (2, top - 0.2), (0.4, 4.5), (-0.4, 4.5)]
    base, spot = colour(rng), colour(rng)
    dots = [ellipse(p, (0.12, 0.12)) for p in rng.uniform((-1.5, top + 0.2), (1.5, 3.5), (25, 2))]
    return [scene.layer(_shaded(scene, base, 0.5), cloth_shape), scene.layer(spot, *dots)]


def microphone(scene: Scene) -> list[Layer]:
    """A large microphone right before the mouth."""
    rng = scene.rng
    centre = scene.near((0, 1.95), 0.1)
    ball = ellipse(centre, (rng.uniform(0.75, 1), rng.uniform(0.7, 1)))
    stick = stroke([centre, np.add(centre, (rng.normal(0, 1), 4))], 0.9, 0.6)
    tone = colour(rng, saturation=0.3, value=(0.05, 0.5))
    grid = noise(rng, scene.frame, 0.1)[..., None] * 60
    return [
        scene.layer(_shaded(scene, tone * 0.7), stick),
        scene.layer(np.clip(tone + grid, 0, 255), ball),
    ]


def eye_patch(scene: Scene) -> list[Layer]:
    """A patch or plaster over one eye, with a band."""
    rng = scene.rng
    side = rng.choice([-1, 1])
    patch = smooth(
        [(side - 0.75, -0.45), (side + 0.75, -0.45), (side + 0.55, 0.6), (side - 0.55, 0.6)], 2
    )
    band = stroke([(side, -0.4), (-side * 1.9, -1.3)], rng.uniform(0.05, 0.15))
    tone = colour(rng, saturation=0.4)
    return [
        scene.layer(tone * 0.9, band, stroke([(side, -0.4), (side * 2.2, -0.6)], 0.1)),
        scene.layer(_shaded(scene, tone), patch),
    ]


def forearm(scene: Scene) -> list[Layer]:
    """A sleeve across the face."""
    rng = scene.rng
    height = rng.choice([0.0, 1.8])
    path = curve((-4, height + rng.normal(0, 0.7)), (0, height), (4, height + rng.normal(0, 0.7)))
    return [
        scene.layer(
            cloth(rng, scene.frame), stroke(path, rng.uniform(1.1, 1.7), rng.uniform(1.1, 1.7))
        )
    ]


def veil(scene: Scene) -> list[Layer]:
    """A dense veil over everything below the eyes."""
    rng = scene.rng
    top = rng.uniform(0.5, 0.8)
    shape = np.array([(-2.3, top), (0, top - 0.1), (2.3, top), (2.8, 5), (-2.8, 5)])
    return [scene.layer(cloth(rng, scene.frame), _waved(rng, shape), alpha=rng.uniform(0.8, 1))]


def _waved(rng: np.random.Generator, shape: Points) -> Points:
    return smooth(shape + rng.normal(0, 0.05, shape.shape), 1)


KINDS: dict[str, Drawing] = {
    kind.__name__: kind
    for kind in (
        phone,
        cup,
        respirator,
        goggles,
        paper,
        leaf,
        bandana,
        microphone,
        eye_patch,
        forearm,
        veil,
    )
}
