"""A load test as JSON, for machines and for a later comparison."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import click

from loadtests.control.outcome import Outcome
from loadtests.statistics.compare import Change, Run
from loadtests.statistics.windows import Window
from verikit.errors import WrongUse

_FORMER_NAMES = {"slots": "windows", "slot_seconds": "window_seconds"}


def write_json(path: Path, outcome: Outcome, changes: list[Change]) -> None:
    """Write the report of an outcome to a file; ``-`` is stdout."""
    report = {**outcome.plain(), "changes": [dataclasses.asdict(each) for each in changes]}
    with click.open_file(path, "w", encoding="utf-8") as file:
        json.dump(report, file)


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
