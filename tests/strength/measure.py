"""Run the suite against every faulty server and every legal variant, and write the kill matrix.

Example: python -m tests.strength -k tag
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from tests.strength import faults, variants
from tests.strength.matrix import Matrix
from tests.strength.page import write_page
from tests.strength.specimen import FAULTS, VARIANTS, specimens
from tests.strength.trial import EXAMPLES, Trial, try_out

assert faults, variants


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("-k", "word", default="", help="Only servers whose name contains this.")
@click.option("--jobs", default=2, show_default=True, help="Servers tried at the same time.")
@click.option("--examples", default=EXAMPLES, show_default=True, help="Depth of fuzzing.")
@click.option(
    "--reports",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("reports"),
    show_default=True,
    help="Where strength.json and strength.html go.",
)
def main(word: str, jobs: int, examples: int, reports: Path) -> None:
    """Measure the suite: every fault must be killed, and no legal variant may be.

    \b
    Example:
      python -m tests.strength -k tag     (only servers with "tag" in their name)

    Ends with 0 when the suite is as strong as it should be, else with 1 and a sentence for each
    survivor, each wrongly named fault and each false alarm.
    """
    names = [one.name for one in specimens(word)]
    started = time.monotonic()
    trials = _in_order(names, _try_all(names, jobs, examples))
    matrix = Matrix(
        trials=trials,
        whole=len(trials) == len(FAULTS) + len(VARIANTS),
        seconds=time.monotonic() - started,
    )
    reports.mkdir(parents=True, exist_ok=True)
    matrix.write(reports / "strength.json")
    write_page(matrix, reports / "strength.html")
    sys.exit(_tell(matrix, reports / "strength.html"))


def _try_all(names: list[str], jobs: int, examples: int) -> Iterable[Trial]:
    progress = Progress(
        TextColumn("{task.description:<44}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=Console(stderr=True),
    )
    # Each process loads the engine once and keeps what it computed for all its servers.
    pool = ProcessPoolExecutor(jobs, mp_context=get_context("spawn"))
    with progress, pool:
        bar = progress.add_task("starting", total=len(names))
        for future in as_completed([pool.submit(_try, name, examples) for name in names]):
            trial = future.result()
            progress.update(bar, advance=1, description=trial.specimen)
            if trial.complaint:
                progress.console.print(trial.complaint, style="red")
            yield trial


def _try(name: str, examples: int) -> Trial:
    return try_out({**VARIANTS, **FAULTS}[name], examples=examples)


def _in_order(names: list[str], trials: Iterable[Trial]) -> tuple[Trial, ...]:
    return tuple(sorted(trials, key=lambda trial: names.index(trial.specimen)))


def _tell(matrix: Matrix, page: Path) -> int:
    killed = sum(not trial.complaint for trial in matrix.faults)
    quiet = sum(not trial.complaint for trial in matrix.variants)
    click.echo(f"{killed} of {len(matrix.faults)} faults killed for the right reason.")
    click.echo(f"{quiet} of {len(matrix.variants)} legal variants passed.")
    for complaint in matrix.complaints:
        click.echo(f"- {complaint}")
    click.echo(f"Kill matrix: {page.resolve().as_uri()}")
    return 1 if matrix.complaints or not matrix.trials else 0
