"""Carries out ``verikit load``: runs, shows progress, and writes the reports."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

import click
import locust  # noqa: F401 - patches sockets and threads: before anything below uses them

from loadtests.control.answer_log import AnswerLog
from loadtests.control.outcome import Outcome
from loadtests.control.run import Target, Workers, run_load
from loadtests.profile import Profile
from loadtests.report.html import write_html
from loadtests.report.json_file import read_run, write_json
from loadtests.report.text import progress, summary
from loadtests.statistics.compare import Change, Run, compare
from verikit.errors import WrongUse

_WAIT_FOR_WORKERS = 60
_PLAIN_EVERY = 10
_STDOUT = Path("-")


def direct(url: str, profile: Profile, options: dict[str, Any]) -> int:
    """Run a profile and publish what came of it; the exit status."""
    before = read_run(options["compare"]) if options["compare"] else None
    html, json_path = options["html"], _json_path(options)
    for path in (html, json_path):
        if path:
            _make_room(path)
    target = Target.of(url, pid=options["pid"], metrics_url=options["metrics_url"])
    workers = Workers(
        count=options["expect_workers"],
        host=options["master_host"],
        port=options["master_port"],
        wait_seconds=_WAIT_FOR_WORKERS,
    )
    progress_line = _Progress()
    outcome = run_load(target, profile, workers if options["master"] else None, progress_line)
    progress_line.clear()
    now = Run(windows=outcome.log.measured, window_seconds=outcome.log.window_seconds)
    changes = compare(before, now) if before and outcome.measures.requests else []
    click.echo(summary(outcome, changes), err=options["json"] == "-")
    if json_path:
        write_json(json_path, outcome, changes)
    _write_html(html, outcome, changes)
    return outcome.exit_code


def _json_path(options: dict[str, Any]) -> Path | None:
    """Where the JSON report goes: beside the HTML one, where nothing else is said."""
    if options["json"]:
        return Path(options["json"])
    return options["html"].with_suffix(".json") if options["html"] else None


def _make_room(path: Path) -> None:
    """Make a report's folder, and find out now whether it can be written.

    Raises:
        WrongUse: it cannot.
    """
    if path.exists() or path == _STDOUT:
        return
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=path.parent).close()
    except OSError as error:
        raise WrongUse(f"{path} cannot be written: {error.strerror}") from error


def _write_html(path: Path | None, outcome: Outcome, changes: list[Change]) -> None:
    if path:
        click.echo("Writing the report ...", err=True)
        write_html(path, outcome, changes)
        click.echo(f"Report: {path}", err=True)


class _Progress:
    """Shows how a run goes on: one line that is rewritten, or a line now and then in a log."""

    def __init__(self) -> None:
        self._terminal = sys.stderr.isatty()
        self._calls = 0

    def __call__(self, log: AnswerLog) -> None:
        self._calls += 1
        if self._terminal:
            self.clear()
            click.echo(progress(log), nl=False, err=True)
        elif self._calls % _PLAIN_EVERY == 1:
            click.echo(progress(log), err=True)

    def clear(self) -> None:
        """Make room on the terminal."""
        if self._terminal:
            click.echo("\r\033[K", nl=False, err=True)
