"""Things on and around a face that cover none of the parts that must be free."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from training.drawing.frame import curve, ellipse, smooth, stroke
from training.drawing.occluders import bar, blob, hand, photo_piece
from training.drawing.paint import Layer, cloth, colour, noise, soft
from training.drawing.scene import Drawing, Scene


def clear_glasses(scene: Scene) -> list[Layer]:
    """Frames of any shape and color, lenses clear or a little tinted, at times a reflection."""
    rng = scene.rng
    radii = (rng.uniform(0.6, 0.95), rng.uniform(0.4, 0.75))
    drop, power, angle = rng.uniform(-0.05, 0.2), rng.uniform(1.8, 6), rng.uniform(-0.15, 0.15)
    centres = np.array([(-1.02, drop), (1.02, drop)])
    lenses = [ellipse(c, radii, s * angle, power) for c, s in zip(centres, (-1, 1), strict=True)]
    width = rng.uniform(0.03, 0.16) if rng.random() < 0.7 else rng.uniform(0.16, 0.3)
    rims = [stroke(np.vstack([lens, lens[:2]]), width) for lens in lenses]
    bridge = stroke(curve((-0.35, drop), (0, drop - 0.25), (0.35, drop)), width)
    temples = [stroke([(s * 1.85, drop - 0.1), (s * 2.4, drop)], width) for s in (-1, 1)]
    spot = (rng.uniform(0.1, 0.35), rng.uniform(0.05, 0.2))
    turn, corners = rng.uniform(0, np.pi), rng.choice([2, 8])  # of a lamp or of a window
    shine = [ellipse(c + rng.normal(0, 0.3, 2), spot, turn, corners) for c in centres]
    white = np.full(3, 255, np.float32)
    layers = [
        scene.layer(colour(rng, value=(0, 1)), *lenses, alpha=rng.uniform(0, 0.22)),
        scene.layer(white, *shine, alpha=rng.choice([0, rng.uniform(0, 0.7)])),
        scene.layer(colour(rng, saturation=0.7, value=(0, 0.8)), *rims, bridge, *temples),
    ]
    return _harmless(layers)


def beard(scene: Scene) -> list[Layer]:
    """A beard, a moustache or both; the lips stay free."""
    rng = scene.rng
    wide, low = rng.uniform(1.3, 1.9), rng.uniform(3.0, 4.2)
    jaw = smooth(
        [
            (-wide, 1.2),
            (-wide * 0.7, 1.7),
            (0, 1.55),
            (wide * 0.7, 1.7),
            (wide, 1.2),
            (wide, 2.4),
            (0.6, low),
            (-0.6, low),
            (-wide, 2.4),
        ]
    )
    lip = smooth([(-0.9, 1.9), (-0.5, 1.5), (0, 1.45), (0.5, 1.5), (0.9, 1.9), (0, 1.72)])
    shape = scene.frame.fill(*([jaw], [lip], [jaw, lip])[rng.integers(3)])
    mouth = scene.frame.fill(ellipse((0, 2), (scene.frame.mouth_width * 0.95, 0.25)))
    hairs = 0.4 + 0.6 * noise(rng, scene.frame, 0.08)
    mask = soft(shape * (1 - mouth), rng.uniform(1, 3)) * hairs * np.float32(rng.uniform(0.5, 1))
    return [Layer(mask, np.broadcast_to(scene.hair_colour(), scene.photo.shape), covers=False)]


def shadow(scene: Scene) -> list[Layer]:
    """A part of the photo in shadow, with a soft or a hard edge."""
    rng = scene.rng
    middle = scene.near((0, 1), 0.8)
    far = scene.turned(np.array([(0, -9), (9, -9), (9, 9), (0, 9)]), 180)
    mask = soft(scene.frame.fill(far + middle - far[0] * 0.5 - far[3] * 0.5), rng.uniform(0.5, 15))
    dark = scene.photo * rng.uniform(0.2, 0.7)
    return [Layer(mask, dark, covers=False)]


def strong_light(scene: Scene) -> list[Layer]:
    """A bright spot from one side."""
    rng = scene.rng
    spot = soft(
        scene.frame.fill(
            ellipse(scene.near((0, 1), 1.2), (rng.uniform(0.5, 2), rng.uniform(0.5, 2)))
        ),
        rng.uniform(5, 20),
    )
    return [Layer(spot * rng.uniform(0.2, 0.75), np.full_like(scene.photo, 255), covers=False)]


def skin_tone(scene: Scene) -> list[Layer]:
    """Lighter or darker skin, from pale pink to dark brown; eyes and lips change less."""
    rng = scene.rng
    face = scene.frame.fill(ellipse((0, 1), (2.1, 3.1), power=2.5))
    parts = [ellipse((x, 0), (0.4, 0.18)) for x in (-1, 1)]
    parts.append(ellipse((0, 2), (scene.frame.mouth_width * 0.9, 0.22)))
    mask = soft(face * (1 - 0.6 * scene.frame.fill(*parts)), 0.12 * scene.frame.unit)
    power = rng.uniform(1.2, 2.6) if rng.random() < 0.7 else rng.uniform(0.6, 0.9)
    tint = [1, rng.uniform(0.86, 1), rng.uniform(0.7, 1)]
    light = np.maximum(scene.photo.mean(axis=2, keepdims=True), 1) / 255
    skin = np.clip(scene.photo * light ** (power - 1), 0, 255) * tint
    return [Layer(mask, skin.astype(np.float32), covers=False)]


def make_up(scene: Scene) -> list[Layer]:
    """Painted lips, lids and cheeks."""
    rng = scene.rng
    lips = ellipse((0, 2), (scene.frame.mouth_width * 0.95, 0.25))
    lids = [ellipse((x, -0.2), (0.5, 0.2)) for x in (-1, 1)]
    cheeks = [ellipse((x, 1.2), (0.4, 0.3)) for x in (-1.3, 1.3)]
    return _harmless(
        [
            scene.layer(colour(rng), *shapes, alpha=rng.uniform(0, 0.5))
            for shapes in ([lips], lids, cheeks)
        ]
    )


def fringe(scene: Scene) -> list[Layer]:
    """Hair that ends at the brows, or falls beside the face."""
    rng = scene.rng
    tone, layers = scene.hair_colour(), []
    for _ in range(3):
        strands = [
            stroke(
                curve(
                    (x * 0.8, -2.6), (x, -1.5), (x + rng.normal(0, 0.15), rng.uniform(-0.9, -0.45))
                ),
                0.25,
                0.08,
            )
            for x in rng.uniform(-1.9, 1.9, 30)
        ]
        sides = [
            stroke(curve((s * 1.5, -2.2), (s * 2.3, 0), (s * rng.uniform(1.9, 2.4), 3)), 0.4)
            for s in (-1, 1)
        ]
        parts = [strands, sides, strands + sides][rng.integers(3)]
        layers.append(scene.layer(np.clip(tone * rng.uniform(0.6, 1.3), 0, 255), *parts))
    return layers


def hat(scene: Scene) -> list[Layer]:
    """A hat or cap that ends above the eyes."""
    rng = scene.rng
    low, side = rng.uniform(-1.3, -0.55), rng.uniform(1.9, 2.6)
    edge = curve((side, low), (0, low + rng.uniform(-0.4, 0.2)), (-side, low))
    return [scene.layer(cloth(rng, scene.frame), [(-side * 0.8, -4), (side * 0.8, -4), *edge])]


def headscarf(scene: Scene) -> list[Layer]:
    """Cloth all around the face."""
    rng = scene.rng
    hole = scene.frame.fill(ellipse((0, 1), (rng.uniform(1.7, 2.2), rng.uniform(2.2, 2.6))))
    around = scene.frame.fill(
        ellipse((0, 0.8), (rng.uniform(2.6, 3.3), rng.uniform(3.2, 4))),
        [(-2, 3), (2, 3), (3, 7), (-3, 7)],
    )
    mask = soft(np.clip(around - hole, 0, 1), 0.7)
    return [Layer(mask, cloth(rng, scene.frame))]


def collar(scene: Scene) -> list[Layer]:
    """A scarf, collar or mask worn below the mouth."""
    rng = scene.rng
    top, side = rng.uniform(2.6, 3.3), rng.uniform(1.5, 3.5)
    edge = curve((-side, top - rng.uniform(0, 0.4)), (0, top + rng.uniform(0, 0.4)), (side, top))
    return [scene.layer(cloth(rng, scene.frame), [*edge, (side, 6), (-side, 6)])]


def beside(scene: Scene) -> list[Layer]:
    """An occluder that was moved off the eyes, nose and mouth."""
    rng = scene.rng
    turn = rng.uniform(0, 2 * np.pi)
    away = np.array([np.cos(turn) * rng.uniform(2.2, 3.5), np.sin(turn) * rng.uniform(2.4, 4)])
    frame = replace(scene.frame, origin=scene.frame.origin + away @ scene.frame.axes)
    drawing = (bar, blob, hand, photo_piece)[rng.integers(4)]
    return drawing(replace(scene, frame=frame))


def _harmless(layers: list[Layer]) -> list[Layer]:
    return [replace(layer, covers=False) for layer in layers]


KINDS: dict[str, Drawing] = {
    kind.__name__: kind
    for kind in (
        clear_glasses,
        beard,
        shadow,
        strong_light,
        skin_tone,
        make_up,
        fringe,
        hat,
        headscarf,
        collar,
        beside,
    )
}
