"""The command ``verikit plan``: what people and photos can decide."""

from __future__ import annotations

import json as json_format
import math
from dataclasses import asdict, dataclass

import click
from rich.console import Console
from rich.table import Table

from calibration.claims import load_claims, of_contract
from calibration.commands import options
from calibration.judging.requirements import Requirement, chosen
from calibration.statistics.dependence import LEAST_PEOPLE
from calibration.statistics.planning import comparisons_of, people_for, to_pass
from verikit.contract import load_contract
from verikit.errors import WrongUse
from verikit.options import Count, Number

SPREAD = 0.5
"""cv^2 of people in drawing false matches, where nothing is measured yet."""
APART = 2.0
"""A rate that is required is taken to be so many times better than its limit."""
_HOURS_OF_A_DAY = 24


@dataclass(frozen=True, kw_only=True)
class PlannedRow:
    """A row: the comparisons (FTA: photos) that decide it, and the people who can bring them."""

    row: str
    comparisons: int | None
    people_needed: int
    people_missing: int


@click.command()
@click.option("--people", type=Count(2), required=True, help="The number of people.")
@click.option(
    "--photos",
    type=click.IntRange(1),
    default=2,
    show_default=True,
    help="The number of photos per person.",
)
@click.option(
    "--rate",
    type=Number(0, min_open=True),
    default=20.0,
    show_default=True,
    help="Comparisons per second of a server.",
)
@click.option(
    "--groups", type=click.IntRange(1), default=1, help="Judge this many groups of equal size."
)
@options.tolerance
@options.claims(
    help=f"Plan for what is claimed here, if not the documented table: {options.CLAIMS}."
)
@options.require
@options.standard
@click.option("--json", is_flag=True, help="Print JSON.")
def plan(  # noqa: PLR0913, PLR0917 - click hands each option over as an argument
    people: int, photos: int, rate: float, groups: int, tolerance: float, claims: str | None,
    require: tuple[str, ...], standard: str | None, json: bool,
) -> None:  # fmt: skip
    """Show what your people and photos can decide, and what is missing.

    The plan is for a right server to pass with 90% probability; a required rate is assumed to be
    half its limit. People are assumed to differ with a coefficient of variation of 0.7.

    \b
    Examples:
      verikit plan --people 300 --photos 4
      verikit plan --people 1500 --photos 2 --standard sp800-63a --rate 60
      verikit plan --people 1500 --claims face-plus-plus
    """
    each = people // groups
    wanted = chosen(standard, require, 0.95)
    claimed_rows = (load_claims(claims) if claims else of_contract(load_contract())).rows
    if claims and wanted:
        raise WrongUse("--claims does not apply to required rates: remove it.")
    alpha = 1 - wanted.confidence if wanted else 0.05
    rows = [_required(one, each, photos, alpha) for one in (wanted.requirements if wanted else ())]
    if not wanted:
        rows = [
            _non_mated(f"FMR {threshold:g}", claimed, tolerance, each, 0.05)
            for threshold, claimed in claimed_rows
        ]
    requests = groups * sum(row.comparisons or 0 for row in rows if wanted) or groups * max(
        (row.comparisons or 0 for row in rows), default=0
    )
    hours = requests / rate / 3600
    replicas = math.ceil(hours / _HOURS_OF_A_DAY)
    if json:
        document = {
            "rows": [asdict(row) for row in rows],
            "requests": requests,
            "hours": round(hours, 2),
            "replicas_for_a_day": replicas,
        }
        click.echo(json_format.dumps(document, indent=2))
        return
    _tell(rows, each, groups)
    if not requests:
        click.echo("Nothing can be decided.")
        return
    time = f"{hours:,.1f} hours" if hours >= 1 else f"about {math.ceil(60 * hours)} min"
    spread = f", or a day with {replicas} replicas" if replicas > 1 else ""
    click.echo(
        f"Comparisons for all that can be decided: {requests:,}; {time} at {rate:g} a "
        f"second{spread}."
    )


def _required(one: Requirement, people: int, photos: int, alpha: float) -> PlannedRow:
    if one.between_groups:
        raise WrongUse(
            f"{one}: how many people that takes depends on how unequal groups are. Plan for the "
            "rates of each with --groups."
        )
    true = one.limit / APART
    if one.measure == "fmr":
        return _non_mated(str(one), true, APART, people, alpha)
    needed = max(to_pass(true, APART, alpha=alpha), LEAST_PEOPLE)
    able = people >= needed and (photos > 1 or one.measure == "fta")
    return PlannedRow(
        row=str(one)
        + (" (needs two photos per person)" if photos < 2 and one.measure != "fta" else ""),
        comparisons=needed if able else None,
        people_needed=needed,
        people_missing=max(0, needed - people),
    )


def _non_mated(row: str, true: float, factor: float, people: int, alpha: float) -> PlannedRow:
    needed = to_pass(true, factor, alpha=alpha)
    limit = factor * true
    least = max(people_for(needed, limit, SPREAD), LEAST_PEOPLE)
    total = comparisons_of(people, needed, limit, SPREAD) if people >= least else math.inf
    return PlannedRow(
        row=row,
        comparisons=math.ceil(total) if math.isfinite(total) else None,
        people_needed=least,
        people_missing=max(0, least - people),
    )


def _tell(rows: list[PlannedRow], people: int, groups: int) -> None:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for heading in ("row", "comparisons", "people needed", "decided by yours"):
        table.add_column(heading, justify="left" if heading == "row" else "right")
    for row in rows:
        able = "[green]yes[/]" if row.comparisons else "[yellow]no[/]"
        missing = f": {row.people_missing:,} more needed" if row.people_missing else ""
        table.add_row(
            row.row, f"{row.comparisons:,}" if row.comparisons else "-", f"{row.people_needed:,}",
            able + missing,
        )  # fmt: skip
    of = f" in each of {groups} groups" if groups > 1 else ""
    console = Console()
    console.print(f"{people:,} people{of}", highlight=False)
    console.print(table)
