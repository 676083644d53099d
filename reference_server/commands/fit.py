"""``verikit fit``: makes cohort and score map of a model from labelled people."""

from __future__ import annotations

import json as json_format
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from reference_server.faces.engine import Engine, load_engine
from reference_server.faces.errors import ModelError
from reference_server.faces.fitting.check import Check, check, clusters
from reference_server.faces.fitting.fit import fit_plain_scorer, fit_scorer
from reference_server.faces.fitting.gallery import Gallery, Subject, acquire
from reference_server.faces.fitting.people import LabelledPhoto, digest, read_people, split
from reference_server.faces.fitting.report import show
from reference_server.faces.recognition.recogniser import DEFAULT_MODEL, Recogniser

FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)
TABLE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command()
@click.argument("people_folder", type=FOLDER)
@click.option("--out", required=True, type=click.Path(file_okay=False, path_type=Path))
@click.option("--model", default=DEFAULT_MODEL, show_default=True, help="A model of DeepFace.")
@click.option("--label-errors", type=TABLE, help="Table of known label errors of the photos.")
@click.option(
    "--subject",
    type=click.Choice(Subject),
    default=Subject.CENTRE,
    show_default=True,
    help="Whose face counts where a photo shows several.",
)
@click.option("--check-share", default=0.5, show_default=True, type=click.FloatRange(0, 0.9))
@click.option("--splits", default=10, show_default=True, type=click.IntRange(1))
@click.option("--seed", default=0, show_default=True)
@click.option("--json", is_flag=True, help="Print the check as JSON.")
def fit(  # noqa: PLR0913, PLR0917 - click hands each option over as an argument
    people_folder: Path,
    out: Path,
    model: str,
    label_errors: Path | None,
    subject: Subject,
    check_share: float,
    splits: int,
    seed: int,
    json: bool,
) -> None:
    """Fit the score of a model to labelled people, a folder of photos for each.

    First the fit is checked: made from some people and measured on the others (--check-share), for
    several ways to part them. Then cohort and map are fitted to all and written to OUT with
    the check beside them.

    \b
    Example:
      verikit fit lfw/ --out fitted --label-errors datasets/lfw/label-errors.csv
    """
    console = Console(stderr=json)
    try:
        photos = read_people(people_folder, label_errors)
        engine = load_engine(model, uncalibrated=True)
        people = _acquire(console, engine, photos, subject)
        report: dict[str, Any] = _acquisition(people, photos, subject)
        if check_share:
            plan = Plan(check_share, splits, seed)
            normalised, plain = _checks(console, people, engine.recogniser, plan)
            report |= {"normalised": _plain(normalised), "cosine": _plain(plain)}
            show(console, normalised, plain)
        with console.status("Fitting to all people"):
            _write(out, people, engine.recogniser, seed, report)
    except (ModelError, ValueError) as error:
        raise click.UsageError(str(error)) from error
    console.print(f"Written to {out}: {model}.json, {model}.npz and {model}-check.json")
    if json:
        click.echo(json_format.dumps(report))


@dataclass(frozen=True)
class Plan:
    """How to check: the share of people left out of the fit, how often, the first seed."""

    share: float
    splits: int
    seed: int


def _acquire(
    console: Console, engine: Engine, photos: Sequence[LabelledPhoto], subject: Subject
) -> Gallery:
    with _bar(console) as progress:
        task = progress.add_task("Finding faces", total=len(photos))
        return acquire(engine, photos, subject, lambda: progress.advance(task))


def _bar(console: Console) -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    return Progress(*columns, TimeRemainingColumn(), console=console)


def _acquisition(
    people: Gallery, photos: Sequence[LabelledPhoto], subject: Subject
) -> dict[str, Any]:
    return {
        "subject": subject.value,
        "people": len(people.names),
        "people_digest": digest(people.names),
        "photos": len(photos),
        "templates": len(people.templates),
        "failures_to_acquire": len(people.failed),
        "fta": len(people.failed) / len(photos),
    }


def _checks(
    console: Console, people: Gallery, recogniser: Recogniser, plan: Plan
) -> tuple[list[Check], list[Check]]:
    normalised, plain = [], []
    with _bar(console) as progress:
        for seed in progress.track(
            range(plan.seed, plan.seed + plan.splits), description="Checking splits"
        ):
            fitted, left_out = (people.of(names) for names in split(people.names, plan.share, seed))
            scorer, groups = fit_scorer(fitted, recogniser, seed), clusters(left_out, seed)
            normalised.append(check(left_out, scorer, groups, seed))
            plain.append(check(left_out, fit_plain_scorer(fitted, recogniser), groups, seed))
    return normalised, plain


def _plain(checks: Sequence[Check]) -> list[dict[str, Any]]:
    return [asdict(result) for result in checks]


def _write(
    out: Path, people: Gallery, recogniser: Recogniser, seed: int, report: dict[str, Any]
) -> None:
    scorer = fit_scorer(people, recogniser, seed)
    out.mkdir(parents=True, exist_ok=True)
    if scorer.cohort:
        scorer.cohort.save(out / f"{recogniser.name}.npz")
    scorer.score_map.save(out / f"{recogniser.name}.json")
    path = out / f"{recogniser.name}-check.json"
    path.write_text(json_format.dumps(report, indent=1) + "\n", encoding="utf-8")
