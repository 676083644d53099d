"""``verikit inspect``: what the server makes of one photo, and why it may refuse it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import click
import numpy as np
from PIL import Image, ImageDraw

from contract import load_contract
from reference_server.faces.align import Aligner
from reference_server.faces.boxes import Box, largest
from reference_server.faces.detect import HogThenMtcnn
from reference_server.faces.occlusion import CHIP, Occlusion
from reference_server.faces.pictures import Pixels, grey, shown
from reference_server.photo import read_photo
from reference_server.refusals import FaceCovered, NoFaceFound, Refusal

GREEN, RED = (0, 200, 0), (230, 0, 0)


@dataclass(frozen=True, kw_only=True)
class Inspection:
    """The face that is judged, in pixels of the photo set upright.

    ``turned``: degrees counter-clockwise, after the EXIF orientation; ``roll``: degrees clockwise,
    0 where the detector does not tell; ``covered``: how surely, by region, above 0.5 refused;
    ``sharpness``: variance of the Laplacian of the aligned face, 150 x 150 pixels.
    """

    faces: int
    rectangle: tuple[int, int, int, int]
    detector_confidence: float
    turned: int
    roll: float
    covered: dict[str, float]
    sharpness: float
    answer: str


@click.command()
@click.argument("photo", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--draw", type=click.Path(dir_okay=False, path_type=Path), help="Write a PNG.")
def inspect(photo: Path, as_json: bool, draw: Path | None) -> None:
    """Show what the server sees in PHOTO: the face, its parts, and whether it would be refused.

    \b
    Example:
      verikit inspect portrait.jpg --draw seen.png
    """
    try:
        found, picture = inspected(photo.read_bytes())
    except Refusal as refusal:
        raise click.ClickException(f"{refusal.system_code.code} {refusal.message}") from refusal
    if draw:
        drawn(found, picture).save(draw, "PNG")
    click.echo(json.dumps(asdict(found)) if as_json else as_text(found))


def inspected(file: bytes) -> tuple[Inspection, Pixels]:
    """What is seen with auto_rotate and check_quality, and the photo set upright.

    Raises:
        Refusal: the photo cannot be read, or shows no face.
    """
    photo = read_photo(file, load_contract().photo_standards)
    picture = shown(photo.pixels, photo.orientation)
    turns, boxes = HogThenMtcnn().find_upright(picture)
    if not boxes:
        raise NoFaceFound
    picture = np.ascontiguousarray(np.rot90(picture, turns))
    box = largest(boxes, (picture.shape[1], picture.shape[0]))
    return _judged(picture, box, len(boxes), turns), picture


def _judged(picture: Pixels, box: Box, faces: int, turns: int) -> Inspection:
    chip, occlusion = Aligner().chip(picture, box, CHIP), Occlusion()
    regions = occlusion.covered(chip)
    return Inspection(
        faces=faces,
        rectangle=(round(box.left), round(box.top), round(box.right), round(box.bottom)),
        detector_confidence=round(float(box.confidence), 3),
        turned=turns * 90,
        roll=round(float(box.roll), 1),
        covered={name: round(share, 3) for name, share in occlusion.regions(chip).items()},
        sharpness=round(sharpness(chip), 1),
        answer=FaceCovered(None, regions).message if regions else "compared",
    )


def sharpness(chip: Pixels) -> float:
    """Variance of the Laplacian of the grey picture; the blurrier, the smaller."""
    light = np.asarray(grey(chip), np.float64)
    around = light[:-2, 1:-1] + light[2:, 1:-1] + light[1:-1, :-2] + light[1:-1, 2:]
    return float((around - 4 * light[1:-1, 1:-1]).var())


def drawn(found: Inspection, picture: Pixels) -> Image.Image:
    """The photo with the face's rectangle, and what is covered, written on it."""
    image = Image.fromarray(picture)
    pen, left, top = ImageDraw.Draw(image), *found.rectangle[:2]
    bare = all(share <= 0.5 for share in found.covered.values())
    pen.rectangle(found.rectangle, outline=GREEN if bare else RED, width=max(2, image.width // 200))
    lines = [f"{name} {share:.2f}" for name, share in found.covered.items()]
    place = (max(left, 0) + 4, max(top, 0) + 4)
    pen.multiline_text(place, "\n".join(lines), fill=(255, 255, 255), stroke_width=2, stroke_fill=0)
    return image


def as_text(found: Inspection) -> str:
    """A line for each fact."""
    facts = asdict(found) | {
        "rectangle": "left {}, top {}, right {}, bottom {}".format(*found.rectangle)
    }
    facts["covered"] = ", ".join(f"{name} {share:.2f}" for name, share in found.covered.items())
    return "\n".join(f"{name.replace('_', ' '):20} {value}" for name, value in facts.items())
