"""``verikit inspect``: what the server detects in a photo, and why it may refuse it."""

from __future__ import annotations

import json as json_format
from dataclasses import asdict
from pathlib import Path
from typing import NoReturn

import click

from reference_server.commands import options as shared
from reference_server.commands.drawing import as_text, drawn
from reference_server.commands.inspection import inspected
from reference_server.faces.engine import load_engine
from reference_server.faces.errors import ModelError
from reference_server.faces.recognition.recogniser import Precision
from reference_server.refusals import Refusal, WrongFileSize
from reference_server.request.photo import read_photo
from reference_server.settings import standards_of


@click.command()
@click.argument("photo", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--json", is_flag=True, help="Print JSON.")
@click.option(
    "--draw",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Draw the result into this PNG file.",
)
@click.option(
    "--auto-rotate/--no-auto-rotate", default=True, show_default=True, help="As in a request."
)
@click.option(
    "--check-quality/--no-check-quality", default=True, show_default=True, help="As in a request."
)
@shared.model
@shared.precision
@shared.detector
@click.option(
    "--profile",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="As of `verikit serve`: its photo standards replace the contract's.",
)
def inspect(  # noqa: PLR0913, PLR0917 - click hands each option over as an argument
    photo: Path,
    json: bool,
    draw: Path | None,
    auto_rotate: bool,
    check_quality: bool,
    model: str,
    precision: Precision,
    detector: str,
    profile: Path | None,
) -> None:
    """Show what the server detects in PHOTO, and whether it would refuse it.

    \b
    Example:
      verikit inspect portrait.jpg --draw seen.png

    Exit codes: 0 a face was found (the output says if it is covered, or too poor for the
    documented error rates), 1 the photo breaks the photo standards or shows no face.
    """
    if draw and draw.exists() and draw.samefile(photo):
        raise click.UsageError("--draw would overwrite the photo: name another file.")
    try:
        standards = standards_of(profile)
        engine = load_engine(model, precision=precision, uncalibrated=True, detector=detector)
        with photo.open("rb") as file:
            content = file.read(standards.max_file_bytes + 1)
        if len(content) > standards.max_file_bytes:
            raise WrongFileSize(detail=f"more than {standards.max_file_bytes} bytes")
        found, picture = inspected(
            read_photo(content, standards),
            engine,
            auto_rotate=auto_rotate,
            check_quality=check_quality,
        )
    except Refusal as refusal:
        _tell(refusal, json)
    except ModelError as error:
        raise click.ClickException(str(error)) from error
    if draw:
        drawn(found, picture).save(draw, "PNG")
    click.echo(json_format.dumps(asdict(found)) if json else as_text(found))


def _tell(refusal: Refusal, json: bool) -> NoReturn:
    code = refusal.system_code.code
    if json:
        click.echo(json_format.dumps({"code": code, "message": refusal.message}))
        raise SystemExit(1)
    raise click.ClickException(f"{code} {refusal.message}") from refusal
