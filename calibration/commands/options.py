"""Options that several commands of calibration share; the partial ones need a help text each."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import click

from calibration.claims import names
from calibration.judging.requirements import standard_names
from calibration.terms import Terms
from verikit.options import Number

FILE = click.Path(path_type=Path, exists=True, dir_okay=False)
CLAIMS = f"a YAML file of thresholds and rates, or {', '.join(names())}"


def _column_names(_: click.Context, __: click.Parameter, text: str | None) -> dict[str, str]:
    from calibration.sources.formats.table import column_names  # noqa: PLC0415 - slow to import

    return column_names(text) if text else {}


tolerance = click.option(
    "--tolerance",
    type=Number(1, min_open=True),
    default=Terms.tolerance,
    show_default=True,
    help="PASS means at most this many times the documented rate.",
)
confidence = partial(
    click.option,
    "--confidence",
    type=Number(0.5, 1, min_open=True, max_open=True),
    default=Terms.confidence,
    show_default=True,
)
claims = partial(click.option, "--claims", metavar="FILE")
lower_is_closer = click.option("--lower-is-closer", is_flag=True, help="Scores are distances.")
columns = click.option(
    "--columns",
    metavar="NAME=COLUMN,...",
    callback=_column_names,
    help="Column names in the file for first, second, mated, score, code, group, first_person "
    "and second_person; of several (score=sim|score) the first that a file has.",
)
people = click.option(
    "--people",
    type=FILE,
    help="Identities: a table photo,person; for a score matrix also its labels (.npy).",
)
require = click.option(
    "--require",
    multiple=True,
    metavar="RATE",
    help="A required rate, such as fnmr@0.7<=0.01, gfrr@0.7<=0.03, fta<=0.05 or, for groups, "
    "fmr-differential@0.7<=3, in place of the documented table. May be repeated.",
)
standard = click.option(
    "--standard",
    metavar="NAME",
    help=f"The required rates of a standard: {', '.join(standard_names())}, or your own file.",
)
dask = click.option(
    "--dask",
    metavar="ADDRESS",
    help="Use the workers of a Dask scheduler (tcp://HOST:8786), or N local workers (local:N, "
    "or local).",
)
quiet = click.option("--quiet", is_flag=True, help="Do not show progress.")
