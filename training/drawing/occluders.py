"""Things that cover parts of a face, as the network sees them in training.

The kinds in ``unseen_occluders`` are kept for judging it.
"""

from __future__ import annotations

import numpy as np

from training.drawing.frame import Points, curve, ellipse, smooth, stroke
from training.drawing.paint import Layer, Picture, cloth, colour, lit, piece, skin
from training.drawing.scene import Drawing, Scene

SURGICAL = np.array([[170, 210, 235], [245, 245, 245], [120, 190, 200], [30, 30, 32]], np.float32)


def mask(scene: Scene) -> list[Layer]:
    """A face mask from nose or lips to the chin, with pleats and loops."""
    rng = scene.rng
    top, side, low = rng.uniform(0.3, 1.5), rng.uniform(1.4, 2.2), rng.uniform(2.9, 3.7)
    ends = top + rng.uniform(-0.1, 0.6)
    jaw = rng.uniform(0.55, 0.9) * side
    corners = [
        (-side, ends),
        (0, top),
        (side, ends),
        (side, 2.2),
        (jaw, low - 0.4),
        (0, low),
        (-jaw, low - 0.4),
        (-side, 2.2),
    ]
    outline = scene.turned(np.array(corners) + rng.normal(0, 0.07, (8, 2)), 8)
    if rng.random() < 0.5:
        picture = cloth(rng, scene.frame, SURGICAL[rng.integers(4)])
    else:
        picture = _any_paint(scene)
    return [
        *_loops(scene, side, ends, low),
        scene.layer(picture, smooth(outline, int(rng.integers(0, 4)))),
        *_pleats(scene, side, top, low),
    ]


def _loops(scene: Scene, side: float, ends: float, low: float) -> list[Layer]:
    width = scene.rng.uniform(0.04, 0.12)
    out = side + scene.rng.uniform(0.3, 0.9)
    loops = [
        stroke(curve((sign * side * 0.95, y), (sign * out, y), (sign * out, 0.3)), width)
        for sign in (-1, 1)
        for y in (ends, low - 0.7)
    ]
    return [scene.layer(colour(scene.rng, saturation=0.2, value=(0.6, 1)), *loops)]


def _pleats(scene: Scene, side: float, top: float, low: float) -> list[Layer]:
    rng = scene.rng
    heights = np.linspace(top + 0.4, low - 0.4, rng.integers(2, 5))
    lines = [stroke(curve((-side * 0.9, y), (0, y + 0.2), (side * 0.9, y)), 0.05) for y in heights]
    shade = np.full(3, rng.choice([0, 255]), np.float32)
    return [scene.layer(shade, *lines, alpha=rng.uniform(0, 0.3))]


def dark_glasses(scene: Scene) -> list[Layer]:
    """Two lenses that hide the eyes, bridge and temples."""
    rng = scene.rng
    radii = (rng.uniform(0.65, 1.05), rng.uniform(0.42, 0.8))
    drop, power, angle = rng.uniform(-0.05, 0.25), rng.uniform(1.8, 5), rng.uniform(-0.2, 0.2)
    centres = [(-1.02, drop), (1.02, drop)]
    lenses = [
        ellipse(c, radii, sign * angle, power) for c, sign in zip(centres, (-1, 1), strict=True)
    ]
    dark = colour(rng, saturation=0.6, value=(0, 0.3))
    picture = lit(rng, scene.frame, np.broadcast_to(dark, scene.photo.shape), depth=0.8)
    frame = colour(rng, saturation=0.6, value=(0, 0.7))
    parts = [
        stroke([(-1.9, drop - 0.1), (-2.4, drop - 0.05)], rng.uniform(0.06, 0.2)),
        stroke([(1.9, drop - 0.1), (2.4, drop - 0.05)], rng.uniform(0.06, 0.2)),
        stroke(curve((-0.4, drop), (0, drop - 0.3), (0.4, drop)), rng.uniform(0.05, 0.2)),
        *(stroke(np.vstack([lens, lens[:1]]), rng.uniform(0.03, 0.15)) for lens in lenses),
    ]
    layers = [scene.layer(picture, *lenses, alpha=rng.uniform(0.75, 1)), scene.layer(frame, *parts)]
    if rng.random() < 0.4:
        shine = [ellipse(np.array(c) + rng.normal(0, 0.2, 2), (0.25, 0.12), 0.6) for c in centres]
        layers.append(
            scene.layer(
                colour(rng, saturation=0.3, value=(0.7, 1)), *shine, alpha=rng.uniform(0.2, 0.7)
            )
        )
    return layers


def bar(scene: Scene) -> list[Layer]:
    """A straight bar across some part of the face."""
    rng = scene.rng
    half = np.array([rng.uniform(0.5, 3), rng.uniform(0.3, 1)])
    corners = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)]) * half
    return [
        scene.layer(
            _any_paint(scene),
            scene.turned(corners + _some_part(scene), 90 if rng.random() < 0.3 else 15),
        )
    ]


def blob(scene: Scene) -> list[Layer]:
    """A patch of irregular outline."""
    rng = scene.rng
    corners = rng.integers(3, 9)
    turn = np.sort(rng.random(corners)) * 2 * np.pi
    radius = rng.uniform(0.5, 1.6) * rng.uniform(0.6, 1.2, (corners, 1))
    outline = np.stack([np.cos(turn), np.sin(turn)], axis=1) * radius + _some_part(scene)
    return [scene.layer(_any_paint(scene), smooth(outline, int(rng.integers(0, 4))))]


def hand(scene: Scene) -> list[Layer]:
    """Fingers side by side, and mostly a palm behind them."""
    rng = scene.rng
    tone = skin(rng, scene.frame, scene.photo)
    target, towards = (
        _some_part(scene),
        rng.uniform(0, np.pi) if rng.random() < 0.8 else rng.uniform(0, 2 * np.pi),
    )
    along = np.array([np.cos(towards), np.sin(towards)])
    side = along[::-1] * (-1, 1)
    width = rng.uniform(0.32, 0.55)
    layers = []
    palm = target + along * 1.9
    if rng.random() < 0.85:
        layers.append(
            scene.layer(
                lit(rng, scene.frame, np.broadcast_to(tone, scene.photo.shape)),
                ellipse(palm, (width * 2.4, width * 2.6)),
                stroke([palm, palm + along * 4], width * 3.5),
            )
        )
    for i in rng.permutation(4):
        start = palm + side * (i - 1.5) * width
        tip = (
            target
            + side * (i - 1.5) * width * rng.uniform(0.95, 1.2)
            - along * rng.uniform(0.2, 0.9)
        )
        finger = stroke(
            curve(start, (start + tip) / 2 + rng.normal(0, 0.1, 2), tip), width * 1.02, width * 0.85
        )
        round_tip = ellipse(tip, (width * 0.43, width * 0.43))
        edge = [stroke(np.vstack([finger, finger[:1]]), 0.07)]
        layers += [
            scene.layer(
                lit(rng, scene.frame, np.broadcast_to(tone, scene.photo.shape), 0.5),
                finger,
                round_tip,
            ),
            scene.layer(tone * 0.55, *edge, alpha=rng.uniform(0.1, 0.7)),
        ]
    return layers


def hair(scene: Scene) -> list[Layer]:
    """Strands that fall over one eye or both, or over half of the face."""
    rng = scene.rng
    tone, reach = scene.hair_colour(), rng.uniform(0.7, 3)
    centre, spread = rng.choice([-1, 0, 1]) * rng.uniform(0.4, 1.3), rng.uniform(0.3, 1.2)
    bend, drift = rng.normal(0, 0.7), rng.normal(centre * 0.5, 0.6)
    layers = []
    for _ in range(3):
        strands = [
            stroke(
                curve(
                    (x * 0.6, -2.3),
                    (x + bend, -0.8 + rng.normal(0, 0.3)),
                    (x + drift + rng.normal(0, 0.25), reach * rng.uniform(0.6, 1.1)),
                ),
                0.2,
                0.04,
            )
            for x in rng.normal(centre, spread * 0.6, 25)
        ]
        layers.append(scene.layer(np.clip(tone * rng.uniform(0.6, 1.3), 0, 255), *strands))
    return layers


def scarf(scene: Scene) -> list[Layer]:
    """Cloth from nose or mouth downwards, wider than the face."""
    rng = scene.rng
    top, side = rng.uniform(0.5, 1.7), rng.uniform(2.2, 3.5)
    edge = [
        (x, top + 0.5 * (x / side) ** 2 * rng.uniform(-1, 1) + rng.normal(0, 0.08))
        for x in np.linspace(-side, side, 7)
    ]
    cover = np.array([*edge, (side, 6), (-side, 6)])
    folds = [
        stroke(curve((-side, y), (0, y + rng.uniform(0, 1)), (side, y)), 0.15)
        for y in rng.uniform(top + 0.3, 5, 5)
    ]
    return [
        scene.layer(_soft_cloth(scene), cover),
        scene.layer(np.zeros(3, np.float32), *folds, alpha=rng.uniform(0.1, 0.4)),
    ]


def hood(scene: Scene) -> list[Layer]:
    """A brim, hood or blindfold: cloth from above down over the eyes."""
    rng = scene.rng
    low, side = rng.uniform(0.3, 0.9), rng.uniform(1.8, 2.8)
    high = -4.0 if rng.random() < 0.6 else rng.uniform(-1.2, -0.5)
    edge = [
        (x, low + rng.normal(0, 0.05) - rng.uniform(0, 0.3) * (x / side) ** 2)
        for x in np.linspace(side, -side, 7)
    ]
    return [scene.layer(_soft_cloth(scene), scene.turned([(-side, high), (side, high), *edge], 6))]


def photo_piece(scene: Scene) -> list[Layer]:
    """Something real in front of the face: a piece of another photo."""
    rng = scene.rng
    radii = (rng.uniform(0.5, 1.8), rng.uniform(0.4, 1.8))
    outline = ellipse(_some_part(scene), radii, rng.uniform(0, 3), rng.choice([2, 8]))
    return [scene.layer(piece(rng, scene.frame, scene.others), outline)]


PARTS = np.array([(-1, 0), (1, 0), (0, 0), (0, 1.1), (0, 2), (0, 1.6)])


def _some_part(scene: Scene) -> Points:
    return scene.near(PARTS[scene.rng.integers(len(PARTS))], 0.25)


def _any_paint(scene: Scene) -> Picture:
    rng = scene.rng
    choice = rng.random()
    if choice < 0.25:
        return piece(rng, scene.frame, scene.others)
    if choice < 0.4:
        return lit(
            rng,
            scene.frame,
            np.broadcast_to(skin(rng, scene.frame, scene.photo), scene.photo.shape),
        )
    if choice < 0.6:
        return np.full(3, rng.choice([0, 20, 128, 235, 255]), np.float32)
    return cloth(rng, scene.frame)


def _soft_cloth(scene: Scene) -> Picture:
    if scene.rng.random() < 0.2:
        return piece(scene.rng, scene.frame, scene.others)
    return cloth(scene.rng, scene.frame)


KINDS: dict[str, Drawing] = {
    kind.__name__: kind
    for kind in (mask, dark_glasses, bar, blob, hand, hair, scarf, hood, photo_piece)
}
