"""Runs ``verikit load``: runs the test, shows progress, and writes reports."""

from __future__ import annotations

import sys
from pathlib import Path
from shutil import get_terminal_size
from textwrap import fill
from typing import Any

import click
import locust  # noqa: F401 - patches sockets and threads: before anything below uses them

from loadtests.control.answer_log import AnswerLog
from loadtests.control.run import Workers, run_load
from loadtests.control.shape import LoadTest
from loadtests.control.target import Target
from loadtests.profile import Profile
from loadtests.report.files import ReportFiles, read_run
from loadtests.report.text import progress, summary
from loadtests.statistics.compare import Run, compare
from verikit.contract.encryption import Secrets
from verikit.transport import Access

_WAIT_FOR_WORKERS = 60
_PLAIN_EVERY = 10


def carry_out(
    url: str, profile: Profile, access: Access, secrets: Secrets, options: dict[str, Any]
) -> int:
    """Run a load profile, print and write its reports; returns the exit code."""
    before = read_run(options["compare"]) if options["compare"] else None
    with ReportFiles(options["html"], options["json"]) as files:
        target = Target.of(
            url,
            access,
            timeout=profile.timeout,
            pid=options["pid"],
            metrics_url=options["metrics_url"],
        )
        show = _Progress()
        test = LoadTest(target=target, profile=profile, show=show)
        outcome = run_load(test, secrets, _workers(options) if options["master"] else None)
        show.clear()
        now = Run(windows=outcome.log.measured, window_seconds=outcome.log.window_seconds)
        changes = compare(before, now) if before and outcome.measures.requests else []
        on_stderr = options["json"] == Path("-")
        click.echo(_on_terminal(summary(outcome, changes)), err=on_stderr)
        files.write(outcome, changes)
    return outcome.exit_code


def _on_terminal(text: str) -> str:
    """The text without lines that a terminal would break within a word."""
    if not sys.stdout.isatty():
        return text
    width = get_terminal_size().columns
    lines = (fill(line, width, subsequent_indent="  ") for line in text.splitlines())
    return "\n".join(lines)


def _workers(options: dict[str, Any]) -> Workers:
    return Workers(
        count=options["expect_workers"],
        host=options["master_host"],
        port=options["master_port"],
        wait_seconds=_WAIT_FOR_WORKERS,
    )


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
