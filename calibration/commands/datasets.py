"""The command ``verikit datasets``."""

from __future__ import annotations

import json as json_format
from pathlib import Path

import click
from rich.console import Console

from calibration.sources import datasets as data_sets

_JSON = click.option("--json", is_flag=True, help="Print JSON.")


@click.group()
def datasets() -> None:
    """List, download and check the data sets with a descriptor.

    \b
    Example:
      verikit datasets fetch lfw
    """


@datasets.command("list")
@_JSON
def list_datasets(json: bool) -> None:
    """List all data sets: description, licence, and whether they support rates."""
    every = [data_sets.load(name) for name in data_sets.names()]
    if json:
        click.echo(data_sets.as_json(every))
        return
    for dataset in every:
        click.echo(f"{dataset.name}: {dataset.title}")
        click.echo(f"    {dataset.about}\n    licence: {dataset.licence}")
        click.echo(f"    source: {dataset.source}")
        if not dataset.supports_rates:
            click.echo("    does not support error rates")


@datasets.command()
@click.argument("name")
@click.option(
    "--home",
    type=click.Path(path_type=Path),
    help="The folder for scikit-learn's data, if not its default.",
)
@_JSON
def fetch(name: str, home: Path | None, json: bool) -> None:
    """Download a data set with its publisher's client."""
    dataset = data_sets.load(name)
    with Console(stderr=True).status(f"Fetching {dataset.title}"):
        place = data_sets.fetch(dataset, home)
    if json:
        click.echo(json_format.dumps({"name": name, "place": place and str(place)}))
    elif place:
        click.echo(f"{name} is at {place}.")
    else:
        click.echo(f"{name} is included in verikit.")


@datasets.command()
@click.argument("name")
@click.option(
    "--photos",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="The folder with the photos.",
)
@_JSON
@click.pass_context
def check(ctx: click.Context, /, name: str, photos: Path | None, json: bool) -> None:
    """Compare the files on disk with the descriptor; exit with 1 if they differ."""
    dataset = data_sets.load(name)
    with Console(stderr=True).status(f"Looking through {dataset.title}"):
        differences = data_sets.check(dataset, photos)
    if json:
        click.echo(json_format.dumps({"name": name, "differences": differences}))
    else:
        click.echo("\n".join(differences) or f"{name} is complete.")
    ctx.exit(bool(differences))
