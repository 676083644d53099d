"""The files that a load test leaves: HTML for people, JSON for machines and later comparisons."""

from __future__ import annotations

import dataclasses
import json
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from loadtests.control.outcome import Outcome
from loadtests.statistics.compare import Change, Run
from loadtests.statistics.windows import Window
from verikit.errors import WrongUse

STDOUT = Path("-")
_FORMER_NAMES = {"slots": "windows", "slot_seconds": "window_seconds"}


@dataclass(frozen=True)
class ReportFiles:
    """Where the reports go, if anywhere; beside an HTML report there is always a JSON one."""

    html: Path | None = None
    json: Path | None = None

    def __post_init__(self) -> None:
        if self.html and not self.json:
            object.__setattr__(self, "json", self.html.with_suffix(".json"))

    def make_room(self) -> None:
        """Make the folders, and find out now whether the files can be written.

        Raises:
            WrongUse: they cannot.
        """
        for path in filter(None, (self.html, self.json)):
            if not path.exists() and path != STDOUT:
                _make_room(path)

    def write(self, outcome: Outcome, changes: list[Change]) -> None:
        """Write what was asked for."""
        if self.json:
            report = {**outcome.plain(), "changes": [dataclasses.asdict(each) for each in changes]}
            with click.open_file(self.json, "w", encoding="utf-8") as file:
                json.dump(report, file)
        if self.html:
            # matplotlib takes its time to load.
            from loadtests.report.html import page  # noqa: PLC0415

            click.echo("Writing the report ...", err=True)
            self.html.write_text(page(outcome, changes), encoding="utf-8")
            click.echo(f"Report: {self.html}", err=True)


def read_run(path: Path) -> Run:
    """The run of an earlier JSON report, also by the names that reports once used.

    Raises:
        WrongUse: the file is no such report, or the run has no answers.
    """
    try:
        report: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        if report.keys() & _FORMER_NAMES.keys():
            click.echo(f"{path} was written by an earlier verikit: read by its old names", err=True)
        report = {_FORMER_NAMES.get(name, name): value for name, value in report.items()}
        windows = [Window.from_plain(entry) for entry in report["windows"]]
        run = Run(windows=windows, window_seconds=float(report["window_seconds"]))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise WrongUse(f"{path} is no report of `verikit load --json`: {error}") from error
    if not any(window.requests for window in windows):
        raise WrongUse(f"{path} holds a run without requests: nothing to compare with")
    return run


def _make_room(path: Path) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=path.parent).close()
    except OSError as error:
        raise WrongUse(f"{path} cannot be written: {error.strerror}") from error
