"""``python -m tests.hostile``."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from tests.hostile.report import as_json, tell
from tests.hostile.run import Track, run
from tests.hostile.server import CannotStart, serving

NAME = TextColumn("{task.description}")
COLUMNS = (NAME, BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--count", default=20_000, show_default=True, help="How many bodies.")
@click.option("--seed", default=1, show_default=True, help="Which ones.")
@click.option("--only", type=int, multiple=True, help="The body of this number; again for more.")
@click.option(
    "--jobs",
    default=os.cpu_count() or 2,
    show_default="one for each processor",
    help="Bodies sent at the same time.",
)
@click.option(
    "--json",
    "json_file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Where all figures and findings go.",
)
def main(count: int, seed: int, only: tuple[int, ...], jobs: int, json_file: Path | None) -> None:
    """Send hostile bodies to the reference server, started for it with two workers.

    \b
    Example:
      python -m tests.hostile --count 1000
      python -m tests.hostile --seed 7 --only 815

    Ends with 0 when every body was answered as the contract says within 2 s and 400 MB, else with
    1 and a line for each finding.
    """
    console = Console(stderr=True)
    numbers = only or range(count)
    try:
        with serving() as server, Progress(*COLUMNS, console=console) as progress:
            done = run(server, seed, numbers, jobs, _shown(progress))
    except CannotStart as error:
        raise click.ClickException(str(error)) from error
    tell(done, Console())
    if json_file:
        json_file.write_text(as_json(done))
    sys.exit(0 if done.complete and not done.findings else 1)


def _shown(progress: Progress) -> Track:
    def track(things: Iterable[Any], total: int, name: str) -> Iterable[Any]:
        return progress.track(things, total, description=name)

    return track
