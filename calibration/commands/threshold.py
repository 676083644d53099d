"""The command ``verikit threshold``: from where on a false match rate is shown."""

from __future__ import annotations

import json as json_format
from dataclasses import asdict, replace
from pathlib import Path

import click
from rich.console import Console
from rich.markup import escape

from calibration.claims import Claims, load_claims
from calibration.commands import options
from calibration.commands.applicable import Source, source_of
from calibration.judging.requirements import rate_of
from calibration.report import numbers
from calibration.thresholds import Found, find_threshold
from verikit.contract import load_contract
from verikit.errors import WrongUse
from verikit.plural import counted

_FILE = click.Path(path_type=Path, exists=True, dir_okay=False)
_NOT_SHOWN = 3


class _Share(click.ParamType[float]):
    """A rate between 0 and 1: 1e-4, 0.01% or 1/10000."""

    name = "rate"

    def convert(
        self, value: str | float, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """The rate as a number."""
        text = str(value).strip()
        try:
            rate = rate_of(text)
        except ValueError:
            self.fail(f"{text!r} is no rate such as 1e-4, 0.01% or 1/10000.", param, ctx)
        if not 0 < rate < 1:
            self.fail(f"{text!r} is not between 0 and 1.", param, ctx)
        return rate


@click.command()
@click.argument("scores", type=_FILE)
@click.option(
    "--fmr",
    type=_Share(),
    required=True,
    metavar="RATE",
    help="The false match rate to keep, such as 1e-4, 0.01% or 1/10000.",
)
@options.confidence(help="One minus the probability that the rate at this threshold is higher.")
@options.claims(help=f"Use the scale of a table of claims: {options.CLAIMS}.")
@options.lower_is_closer
@options.columns
@options.people
@click.option("--json", is_flag=True, help="Print JSON.")
@click.pass_context
def threshold(  # noqa: PLR0913, PLR0917 - click hands each option over as an argument
    ctx: click.Context, scores: Path, fmr: float, confidence: float, claims: str | None,
    lower_is_closer: bool, columns: dict[str, str], people: Path | None, json: bool,
) -> None:  # fmt: skip
    """Find the threshold from which a false match rate is shown, and its FNMR.

    SCORES is a file of scores of any system, as for verikit calibrate. Exit code: 0 shown,
    2 wrong usage, 3 not shown at any threshold.

    \b
    Examples:
      verikit threshold scores.parquet --fmr 1e-4
      verikit threshold distances.csv --fmr 1e-3 --lower-is-closer --confidence 0.99
    """
    if source_of(str(scores)) != Source.SCORES:
        raise WrongUse("Templates give similarities, not scores: give a file of scores.")
    found = find_threshold(
        scores,
        load_contract(),
        _scale(claims, fmr, lower_is_closer=lower_is_closer),
        limit=fmr,
        alpha=1 - confidence,
        columns=columns,
        people=people,
    )
    if json:
        click.echo(json_format.dumps(asdict(found), indent=2))
    else:
        _tell(found, lower_is_closer=lower_is_closer)
    ctx.exit(0 if found.threshold is not None else _NOT_SHOWN)


def _scale(named: str | None, fmr: float, *, lower_is_closer: bool) -> Claims:
    if named:
        claims = load_claims(named, lower_is_closer=True if lower_is_closer else None)
        return replace(claims, rows=claims.rows[:1])
    return Claims(
        title="",
        rows=((0.0, fmr),),
        recommended_above=0.0,
        lowest=None,
        highest=None,
        lower_is_closer=lower_is_closer,
    )


def _tell(found: Found, *, lower_is_closer: bool) -> None:
    console = Console(highlight=False)
    limit = f"FMR <= {found.limit:g}"
    if found.threshold is None:
        reasons = escape(" ".join(found.reasons))
        console.print(f"[b yellow]{limit} is not shown[/] at any threshold. {reasons}")
    else:
        way = "down" if lower_is_closer else "on"
        at = f"from {found.threshold:g} {way}, at {100 * found.confidence:g} %"
        console.print(f"[b green]{limit} is shown[/] {at}.")
        console.print(_errors(found))
    for note in found.notes:
        console.print(f"[dim]note[/]: {escape(note)}")


def _errors(found: Found) -> str:
    text = (
        f"There, {found.k:,} of {counted(found.n, 'comparison')} of {found.people:,} people with "
        f"others match: at most {numbers.one_in(found.upper)} (design effect "
        f"{found.design_effect:.1f})."
    )
    if not found.fnmr:
        return text
    refused = "not measured, as no column code tells which comparisons were refused"
    if found.gfrr:
        refused = numbers.percent_between(found.gfrr)
    of_scored = f"{found.scored:,} comparisons of {found.scored_people:,} people with themselves"
    if found.gfrr and found.mated > found.scored:
        of_all = f"{found.mated:,} of {found.mated_people:,} people"
        return (
            f"{text}\nFNMR there (not matched): {numbers.percent_between(found.fnmr)} of "
            f"{of_scored}; GFRR (not matched or refused): {refused} of {of_all}."
        )
    return (
        f"{text}\nFNMR there (not matched): {numbers.percent_between(found.fnmr)}; GFRR (not "
        f"matched or refused): {refused}; {of_scored}."
    )
