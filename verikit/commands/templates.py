"""``verikit templates``: extracts templates of a folder of people."""

from __future__ import annotations

import json as json_format
import shutil
from pathlib import Path

import click

from calibration import progress
from calibration.commands.options import dask, quiet
from calibration.executors import open_workers
from reference_server.commands import options as shared
from reference_server.faces.recognition.recogniser import Precision
from verikit.commands.extraction import Subject, Work, extract, people_in, save
from verikit.plural import counted


@click.command()
@click.argument("people_folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("templates.npz"),
    show_default=True,
    help="The file to write; a folder beside it keeps partial results until all are done.",
)
@shared.model
@shared.precision
@click.option(
    "--subject",
    type=click.Choice(Subject, case_sensitive=False),
    default=Subject.LARGEST,
    show_default=True,
    help="Which face of several to use; the server uses the largest.",
)
@click.option(
    "--label-errors",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A table of known label errors, such as datasets/lfw/label-errors.csv.",
)
@dask
@click.option("--json", is_flag=True, help="Print a summary as JSON.")
@quiet
def templates(  # noqa: PLR0913 - click hands each option over as an argument
    people_folder: Path,
    *,
    out: Path,
    model: str,
    precision: Precision,
    subject: Subject,
    label_errors: Path | None,
    dask: str | None,
    json: bool,
    quiet: bool,
) -> None:
    """Extract templates of labelled people, one folder of photos each, as the server does.

    Templates are biometric data: protect the file like the photos, and delete it after use.
    The same command resumes an interrupted run.

    \b
    Example:
      verikit templates lfw/ --out lfw.npz
      verikit fit lfw.npz --out half --hold-out 0.5
      verikit calibrate half/held-out.npz --score-map half/Dlib.json
    """
    kept = out.with_suffix(".parts")
    work = Work(folder=people_folder.resolve(), model=model, precision=precision, subject=subject)
    people = people_in(people_folder, label_errors)
    with (
        progress.shown(people_folder.name, quiet=quiet) as bar,
        open_workers(dask, 1) as workers,
    ):
        table = extract(work, list(people), kept, workers, progress.of_tiles(bar))
    found = save(work, people, table, out)
    shutil.rmtree(kept)
    rows = table.select(["photo", "refusal"]).to_pylist()
    refused = {row["photo"]: row["refusal"] for row in rows if row["refusal"]}
    if json:
        done = {"out": str(out), "photos": len(rows), "templates": found, "refused": refused}
        click.echo(json_format.dumps(done))
        return
    click.echo(f"{counted(found, 'template')} of {counted(len(rows), 'photo')} in {out}")
    for photo, code in refused.items():
        click.echo(f"  none of {photo}: {code}")
