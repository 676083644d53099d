"""The kill matrix as one self-contained page."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import jinja2

from tests.mutation.matrix import Matrix
from tests.mutation.trial import Trial

STEP = 7
"""Pixels from one mutant to the next in the map."""


@dataclass(frozen=True, kw_only=True)
class Cell:
    """Where a mutant met the cases about a requirement.

    ``kind``: killed (the mutant breaks it and was noticed), missed (the fault breaks it, but
    other cases noticed), or noticed (the mutant was not known to break it).
    """

    x: int
    y: int
    kind: str
    title: str


def write_page(matrix: Matrix, path: Path) -> None:
    """Write the page."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    ids = list(matrix.requirements)
    mutants = sorted(matrix.mutants, key=lambda trial: ids.index(trial.breaks[0]))
    template = environment.get_template("page.html.j2")
    text = template.render(
        matrix=matrix, ids=ids, mutants=mutants, cells=list(_cells(ids, mutants)), step=STEP
    )
    path.write_text(text, encoding="utf-8")


def _cells(ids: list[str], mutants: list[Trial]) -> Iterator[Cell]:
    for x, trial in enumerate(mutants):
        for y, requirement in enumerate(ids):
            cases = [failure.case for failure in trial.failures if failure.names((requirement,))]
            if kind := _kind(requirement in trial.breaks, bool(cases)):
                says = ", ".join(dict.fromkeys(cases)) or "no case"
                title = f"{trial.candidate} and {requirement}: {says}"
                yield Cell(x=x, y=y, kind=kind, title=title)


def _kind(breaks: bool, noticed: bool) -> str:
    if breaks:
        return "killed" if noticed else "missed"
    return "noticed" if noticed else ""
