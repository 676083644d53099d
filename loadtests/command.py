"""Carries out ``verikit load``: runs, shows progress, and writes the reports."""

from __future__ import annotations

import dataclasses
import json
import sys
from pathlib import Path
from typing import Any

import click
import locust  # noqa: F401 - patches sockets and threads: before anything below uses them

from loadtests.compare import Change, Run, compare, read_run
from loadtests.ledger import Ledger
from loadtests.profile import Profile
from loadtests.report import write_html
from loadtests.run import Target, Workers, run_load
from loadtests.text import progress, summary
from loadtests.verdict import Outcome

_WAIT_FOR_WORKERS = 60
_PLAIN_EVERY = 10


def direct(url: str, profile: Profile, options: dict[str, Any]) -> int:
    """Run a profile and publish what came of it; the exit status."""
    before = read_run(options["compare"]) if options["compare"] else None
    target = Target(url=url, pid=options["pid"], metrics_url=options["metrics_url"])
    workers = Workers(
        count=options["expect_workers"],
        host=options["master_host"],
        port=options["master_port"],
        wait_seconds=_WAIT_FOR_WORKERS,
    )
    progress_line = _Progress()
    outcome = run_load(target, profile, workers if options["master"] else None, progress_line)
    progress_line.clear()
    now = Run(slots=outcome.ledger.measured, slot_seconds=outcome.ledger.slot_seconds)
    changes = compare(before, now) if before and outcome.measures.requests else []
    click.echo(summary(outcome, changes), err=options["json"] == "-")
    _write(outcome, changes, options["html"], options["json"])
    return outcome.exit_code


def _write(
    outcome: Outcome, changes: list[Change], html: Path | None, json_path: str | None
) -> None:
    if html:
        click.echo("Writing the report ...", err=True)
        write_html(html, outcome, changes)
        click.echo(f"Report: {html}", err=True)
    target = json_path or (str(html.with_suffix(".json")) if html else None)
    if target:
        report = {**outcome.plain(), "changes": [dataclasses.asdict(each) for each in changes]}
        with click.open_file(target, "w", encoding="utf-8") as file:
            json.dump(report, file)


class _Progress:
    """Shows how a run goes on: one line that is rewritten, or a line now and then in a log."""

    def __init__(self) -> None:
        self._terminal = sys.stderr.isatty()
        self._calls = 0

    def __call__(self, ledger: Ledger) -> None:
        self._calls += 1
        if self._terminal:
            self.clear()
            click.echo(progress(ledger), nl=False, err=True)
        elif self._calls % _PLAIN_EVERY == 1:
            click.echo(progress(ledger), err=True)

    def clear(self) -> None:
        """Make room on the terminal."""
        if self._terminal:
            click.echo("\r\033[K", nl=False, err=True)
