"""``verikit fit``: fits cohort and score map of a model to templates of labelled people."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import click

from reference_server.faces.fitting.fit import fit_to
from reference_server.faces.fitting.people import LabelledTemplates
from verikit.options import Number
from verikit.plural import counted

HELD_OUT = "held-out.npz"


@click.command()
@click.argument("templates", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--out",
    required=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="The folder to write to.",
)
@click.option(
    "--hold-out",
    type=Number(0, 0.9),
    default=0.0,
    help=f"The proportion of people to leave out of the fit and write to {HELD_OUT}, so that "
    "`verikit calibrate` can test the fit.",
)
@click.option(
    "--seed", default=0, show_default=True, help="Selects the cohort and the people held out."
)
def fit(templates: Path, out: Path, hold_out: float, seed: int) -> None:
    """Fit the score of a model to TEMPLATES of labelled people, made by `verikit templates`.

    Writes a score map and its cohort. Test a fit with people held out of it; then fit to all
    people for serving.

    \b
    Example:
      verikit templates lfw/ --out lfw.npz
      verikit fit lfw.npz --out half --hold-out 0.5
      verikit calibrate half/held-out.npz --score-map half/Dlib.json
      verikit fit lfw.npz --out fitted
      verikit serve --score-map fitted
    """
    people, held_out = LabelledTemplates.load(templates).parted(hold_out, seed)
    fitted = fit_to(people, seed)
    out.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=".draft-", dir=out) as draft:  # all of them or none
        written = fitted.save(Path(draft))
        if hold_out:
            written.append(Path(draft, HELD_OUT))
            held_out.save(written[-1], fitted.cohort)
        for file in written:
            file.replace(out / file.name)
    names = ", ".join(file.name for file in written)
    click.echo(
        f"Fitted to {counted(len(people.names), 'person', 'people')}; written to {out}: {names}"
    )
