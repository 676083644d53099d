"""An inspection as a drawing on its photo, and as text."""

from __future__ import annotations

from dataclasses import asdict

from PIL import Image, ImageDraw, ImageFont

from reference_server.commands.inspection import Inspection
from reference_server.faces.occlusion import over_threshold
from reference_server.pictures import Pixels

GREEN, RED, GREY = (0, 190, 0), (230, 0, 0), (150, 150, 150)
WHITE, DARK = (255, 255, 255), (30, 30, 30)
LEAST_WIDTH = 480
"""Pixels; smaller photos are enlarged, or the text would have no room."""
TEXT, MARGIN = 18, 10
RING = 0.06
"""Radius of the ring around a landmark, in widths of the face."""


def drawn(found: Inspection, picture: Pixels) -> Image.Image:
    """The photo with the rectangles of faces, a ring for each landmark, and the facts below it."""
    image = Image.fromarray(picture)
    factor = max(1.0, LEAST_WIDTH / image.width)
    image = image.resize((round(image.width * factor), round(image.height * factor)))
    pen, width = ImageDraw.Draw(image), max(2, image.width // 200)
    for corners in found.other_faces:
        pen.rectangle([factor * x for x in corners], outline=GREY, width=max(1, width // 2))
    rectangle = [factor * x for x in found.rectangle]
    pen.rectangle(rectangle, outline=RED if over_threshold(found.covered) else GREEN, width=width)
    for region, points in _places(found).items():
        colour = RED if region in over_threshold(found.covered) else GREEN
        for x, y in points:
            _ring(pen, (factor * x, factor * y), factor * RING * _width_of(found), colour, width)
    return _with_text(image, found)


def _places(found: Inspection) -> dict[str, list[tuple[int, int]]]:
    """Where the landmarks of each region are; left and right are the person's own."""
    if not found.landmarks:
        return {}
    right, left, nose, *mouth = found.landmarks
    return {"right eye": [right], "left eye": [left], "nose": [nose], "mouth": mouth}


def _width_of(found: Inspection) -> int:
    left, _, right, _ = found.rectangle
    return right - left


def _ring(
    pen: ImageDraw.ImageDraw,
    centre: tuple[float, float],
    radius: float,
    colour: tuple[int, int, int],
    width: int,
) -> None:
    (x, y), radius = centre, max(3.0, radius)
    pen.ellipse((x - radius, y - radius, x + radius, y + radius), outline=colour, width=width)


def _with_text(image: Image.Image, found: Inspection) -> Image.Image:
    """The parts of the face in green or red, then the other facts."""
    covered = over_threshold(found.covered)
    facts = _facts(found)
    rest = "\n".join(f"{name}: {facts[name]}" for name in ("turned", "pose", "poor"))
    row = TEXT + 6
    page = Image.new("RGB", (image.width, image.height + row * 5 + 2 * MARGIN), WHITE)
    page.paste(image)
    pen, font = ImageDraw.Draw(page), ImageFont.load_default(TEXT)
    top = image.height + MARGIN
    for number, (name, share) in enumerate(found.covered.items()):
        line, colour = f"{name} covered {share:.2f}", RED if name in covered else GREEN
        pen.text((MARGIN, top + number * row), line, fill=colour, font=font)
    pen.multiline_text((page.width * 0.45, top), rest, fill=DARK, font=font, spacing=6)
    pen.text((MARGIN, top + 4 * row), found.answer, fill=DARK, font=font)
    return page


def as_text(found: Inspection) -> str:
    """A line for each fact."""
    return "\n".join(f"{name:20} {value}" for name, value in _facts(found).items())


def _facts(found: Inspection) -> dict[str, str]:
    facts = {name.replace("_", " "): str(value) for name, value in asdict(found).items()}
    del facts["other faces"]  # the drawing shows them; the text gives their number
    facts["rectangle"] = "left {}, top {}, right {}, bottom {}".format(*found.rectangle)
    facts["covered"] = ", ".join(f"{name} {share:.2f}" for name, share in found.covered.items())
    facts["landmarks"] = " ".join(f"{x},{y}" for x, y in found.landmarks) or "none"
    poor = ", ".join(found.poor)
    facts["poor"] = f"{poor} for the documented error rates" if poor else "no known cause"
    facts["turned"] = f"{found.turned} degrees"
    angles = asdict(found.pose) if found.pose else {}
    facts["pose"] = ", ".join(f"{name} {angle:.0f}" for name, angle in angles.items()) or "unknown"
    return facts
