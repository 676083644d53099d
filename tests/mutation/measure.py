"""Run the suite against every mutant and every legal variant, and write the kill matrix.

Example: python -m tests.mutation -k tag
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path
from random import Random

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from tests.mutation.matrix import Matrix
from tests.mutation.mutants import MUTANTS
from tests.mutation.page import write_page
from tests.mutation.trial import EXAMPLES, Trial, try_out
from tests.mutation.variants import VARIANTS

CANDIDATES = {**VARIANTS, **MUTANTS}
COLUMNS = (TextColumn("servers"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("-k", "word", default="", help="Only servers whose name contains this.")
@click.option("--sample", type=click.IntRange(1), help="Only so many of them, drawn by --seed.")
@click.option("--seed", default=1, show_default=True, help="What the sample is drawn by.")
@click.option(
    "--jobs",
    default=os.cpu_count() or 2,
    show_default="one for each processor",
    help="Servers tried at the same time.",
)
@click.option("--examples", default=EXAMPLES, show_default=True, help="Depth of fuzzing.")
@click.option(
    "--reports",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("reports"),
    show_default=True,
    help="Where mutation.json and mutation.html go.",
)
@click.option(
    "--evidence",
    type=click.Path(file_okay=False, path_type=Path),
    help="Where the matrix goes as data: mutation.csv and mutation-summary.json.",
)
def main(
    *,
    word: str,
    sample: int | None,
    seed: int,
    jobs: int,
    examples: int,
    reports: Path,
    evidence: Path | None,
) -> None:
    """Measure the suite: every mutant must be killed, and no legal variant may be.

    \b
    Example:
      python -m tests.mutation -k tag         (only servers with "tag" in their name)
      python -m tests.mutation --sample 100   (a hundred servers drawn by chance)

    Ends with 0 when the suite is as strong as it should be, else with 1 and a sentence for each
    survivor, each wrongly named mutant and each false alarm.
    """
    names = [name for name in CANDIDATES if word in name]
    if sample and sample < len(names):
        names = Random(seed).sample(names, sample)  # noqa: S311 - no secret is drawn
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    started = time.monotonic()
    trials = sorted(_try_all(names, jobs, examples), key=lambda trial: names.index(trial.candidate))
    matrix = Matrix(
        trials=tuple(trials),
        whole=len(trials) == len(CANDIDATES),
        seconds=time.monotonic() - started,
    )
    reports.mkdir(parents=True, exist_ok=True)
    matrix.write(reports / "mutation.json")
    write_page(matrix, reports / "mutation.html")
    if evidence:
        matrix.write_data(evidence)
    _tell(matrix, len(names) - len(trials))
    click.echo(f"Kill matrix: {(reports / 'mutation.html').resolve().as_uri()}")
    sys.exit(1 if matrix.problems or len(trials) < len(names) or not names else 0)


def _try_all(names: list[str], jobs: int, examples: int) -> Iterator[Trial]:
    """Every trial as it ends; Ctrl-C ends them all and keeps what was done."""
    # Each process loads the engine once and keeps what it computed for all its servers.
    pool = ProcessPoolExecutor(jobs, get_context("spawn"), _leave_interrupts_to_the_parent)
    trials = [pool.submit(_try, name, examples) for name in names]
    console = Console(stderr=True)
    try:
        with Progress(*COLUMNS, console=console) as progress:
            for future in progress.track(as_completed(trials), total=len(names)):
                trial = future.result()
                if trial.problem or not console.is_terminal:
                    console.print(trial.problem or f"{trial.candidate}: as it should be")
                yield trial
    except KeyboardInterrupt:
        console.print("Interrupted.")
    finally:
        pool.shutdown(cancel_futures=True)


def _leave_interrupts_to_the_parent() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _try(name: str, examples: int) -> Trial:
    return try_out(CANDIDATES[name], examples=examples)


def _tell(matrix: Matrix, missing: int) -> None:
    killed = sum(not trial.problem for trial in matrix.mutants)
    quiet = sum(not trial.problem for trial in matrix.variants)
    click.echo(f"{killed} of {len(matrix.mutants)} mutants killed for the right reason.")
    click.echo(f"{quiet} of {len(matrix.variants)} legal variants passed.")
    if missing:
        click.echo(f"{missing} servers were not tried.")
    for problem in matrix.problems:
        click.echo(f"- {problem}")
