"""``verikit samples``: writes sample photos."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import click

from conformance.requests.photos.files import photo_file
from conformance.requests.recipe import Photo

SAMPLES = {
    "collins.jpg": (Photo(of="collins"), "a portrait"),
    "collins-small.jpg": (
        Photo(of="collins", width=160, height=160, brightness=0.9),
        "the same person, smaller and darker",
    ),
    "hopper.jpg": (Photo(of="hopper"), "another person"),
    "turned.jpg": (Photo(of="collins", turn=90), "the first portrait on its side"),
    "masked.jpg": (Photo(of="collins", cover="mask"), "a face that is partly covered"),
    "landscape.jpg": (Photo(of="nobody"), "no face"),
    "too-small.jpg": (Photo(of="collins", width=24, height=24), "fewer pixels than allowed"),
}
"""File name -> how the photo is made, and what it shows."""

PAIRS = (
    ("collins.jpg", "collins-small.jpg", True),
    ("collins.jpg", "hopper.jpg", False),
    ("collins-small.jpg", "hopper.jpg", False),
)


@click.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
def samples(folder: Path) -> None:
    """Write sample photos, and a file of labelled pairs, to FOLDER.

    The portraits are in the public domain: Eileen Collins (NASA) and Grace Hopper (US Navy).

    \b
    Examples:
      verikit samples photos
      verikit verify photos/collins.jpg photos/hopper.jpg
      verikit inspect photos/masked.jpg
      verikit calibrate http://127.0.0.1:3000 --data photos/pairs.csv
    """
    write(folder)
    for name, (_, text) in SAMPLES.items():
        click.echo(f"{folder / name}  {text}")
    click.echo(f"{folder / 'pairs.csv'}  which photos show the same person")


def write(folder: Path) -> None:
    """Write the photos and ``pairs.csv``; files of these names are replaced."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, (photo, _) in SAMPLES.items():
        (folder / name).write_bytes(photo_file(replace(photo, format="JPEG")))
    with (folder / "pairs.csv").open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(("first", "second", "mated"))
        rows.writerows((first, second, str(mated).lower()) for first, second, mated in PAIRS)
