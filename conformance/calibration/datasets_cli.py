"""The command ``verikit datasets``."""

from __future__ import annotations

from pathlib import Path

import click

from conformance.calibration import datasets as data_sets
from conformance.errors import SuiteError


@click.group()
def datasets() -> None:
    """List, fetch and check the data sets that have a descriptor.

    \b
    Example:
      verikit datasets fetch lfw
    """


@datasets.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print the descriptors as JSON.")
def list_datasets(as_json: bool) -> None:
    """Show every data set: what it is, its licence, and whether it supports a rate."""
    every = [data_sets.load(name) for name in data_sets.names()]
    if as_json:
        click.echo(data_sets.as_json(every))
        return
    for dataset in every:
        click.echo(f"{dataset.name}: {dataset.title}")
        click.echo(f"    {dataset.about}\n    licence: {dataset.licence}")
        click.echo(f"    source: {dataset.source}")
        if not dataset.supports_rates:
            click.echo("    supports no error rate")


@datasets.command()
@click.argument("name")
@click.option(
    "--home",
    type=click.Path(path_type=Path),
    help="Where scikit-learn keeps its data, if not in its home.",
)
def fetch(name: str, home: Path | None) -> None:
    """Get a data set through its publisher's own client."""
    try:
        place = data_sets.fetch(data_sets.load(name), home)
    except SuiteError as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"{name} is at {place}." if place else f"{name} is made on the spot: nothing to do.")


@datasets.command()
@click.argument("name")
@click.option(
    "--photos",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="The folder that holds it.",
)
@click.pass_context
def check(ctx: click.Context, name: str, photos: Path | None) -> None:
    """Compare what is on disk with the descriptor; exit code 1 where it differs."""
    try:
        differences = data_sets.check(data_sets.load(name), photos)
    except SuiteError as error:
        raise click.UsageError(str(error)) from error
    for difference in differences:
        click.echo(difference)
    if not differences:
        click.echo(f"{name} is whole.")
    ctx.exit(bool(differences))
