"""``verikit inspect``: what the server makes of one photo, and why it may refuse it."""

from __future__ import annotations

import json as json_format
from dataclasses import asdict
from pathlib import Path
from typing import NoReturn

import click

from reference_server.inspection import inspected
from reference_server.inspection_drawing import as_text, drawn
from reference_server.refusals import Refusal


@click.command()
@click.argument("photo", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--json", is_flag=True, help="Print JSON.")
@click.option("--draw", type=click.Path(dir_okay=False, path_type=Path), help="Write a PNG.")
def inspect(photo: Path, json: bool, draw: Path | None) -> None:
    """Show what the server sees in PHOTO: the face, its parts, and whether it would be refused.

    \b
    Example:
      verikit inspect portrait.jpg --draw seen.png

    Exit codes: 0 a face was found, 1 the server would refuse the photo.
    """
    try:
        found, picture = inspected(photo.read_bytes())
    except Refusal as refusal:
        _tell(refusal, json)
    if draw:
        drawn(found, picture).save(draw, "PNG")
    click.echo(json_format.dumps(asdict(found)) if json else as_text(found))


def _tell(refusal: Refusal, json: bool) -> NoReturn:
    code = refusal.system_code.code
    if json:
        click.echo(json_format.dumps({"code": code, "message": refusal.message}))
        raise SystemExit(1)
    raise click.ClickException(f"{code} {refusal.message}") from refusal
