"""Fuzz every reader of foreign files and answers: ``python -m tests.fuzz --minutes 10``."""

from __future__ import annotations

import resource
import sys

import click

from tests.fuzz.readers import READERS
from tests.fuzz.run import fuzz

MEMORY = 4 << 30


@click.command()
@click.argument("names", nargs=-1)
@click.option("--minutes", default=10.0, show_default=True, help="For each reader.")
@click.option("--seed", default=1, show_default=True)
@click.option("--list", "names_only", is_flag=True, help="Print the readers, then stop.")
def main(names: tuple[str, ...], minutes: float, seed: int, names_only: bool) -> None:
    """Ends with 1 if a reader raised what is no error of ours, or took too long or too much."""
    if names_only:
        click.echo("\n".join(READERS))
        return
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    found = ""
    for name in names or READERS:
        count, trouble = fuzz(READERS[name], 60 * minutes, seed)
        click.echo(f"{name:26} {count:8,} inputs  {'FOUND' if trouble else 'nothing found'}")
        if trouble:
            click.echo(trouble)
        found += trouble
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
