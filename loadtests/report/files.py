"""The report files of a load test: HTML for people, JSON for tools and later comparisons."""

from __future__ import annotations

import dataclasses
import fcntl
import json
from contextlib import suppress
from pathlib import Path
from typing import Any, Self, TextIO

import click

from loadtests.control.outcome import Outcome
from loadtests.statistics.compare import Change, Run
from loadtests.statistics.windows import Window
from verikit.errors import NoVerdict, WrongUse, in_words
from verikit.foreign_files import LARGEST_DATA, MALFORMED, read_text

STDOUT = Path("-")
_FORMER_NAMES = {"slots": "windows", "slot_seconds": "window_seconds"}
_MOST_WINDOWS = 10_000


class ReportFiles:
    """The report files, if any; there is always a JSON report beside an HTML one.

    As a context manager, it locks a partial file beside each report from the start of the run; the
    file gets the report's name once it is complete.
    """

    def __init__(self, html: Path | None = None, json: Path | None = None) -> None:
        self._html = html
        self._json = json or (html.with_suffix(".json") if html else None)
        self._parts: dict[Path, TextIO] = {}

    def __enter__(self) -> Self:
        """Make the folders, and find out now whether the files can be written.

        Raises:
            WrongUse: they cannot, or another load test is about to.
        """
        for path in filter(None, (self._html, self._json)):
            if path != STDOUT and (path.is_file() or not path.exists()):
                self._parts[path] = _part_of(path)
        return self

    def __exit__(self, *_: object) -> None:
        for part in self._parts.values():
            Path(part.name).unlink(missing_ok=True)
            with suppress(OSError):  # what could not be written is not written now either
                part.close()

    def write(self, outcome: Outcome, changes: list[Change]) -> None:
        """Write what was asked for.

        Raises:
            NoVerdict: a file cannot be written.
        """
        if self._json:
            report = {**outcome.plain(), "changes": [dataclasses.asdict(each) for each in changes]}
            self._put(self._json, json.dumps(report))
        if self._html:
            # matplotlib takes its time to load.
            from loadtests.report.html import page  # noqa: PLC0415

            click.echo("Writing the report ...", err=True)
            self._put(self._html, page(outcome, changes))
            click.echo(f"Report: {self._html}", err=True)

    def _put(self, path: Path, content: str) -> None:
        part = self._parts.get(path)
        try:
            if part is None:
                with click.open_file(path, "w", encoding="utf-8") as file:
                    file.write(content)
                return
            part.write(content)
            part.flush()
            Path(part.name).replace(path)
        except OSError as error:
            raise NoVerdict(f"{path} could not be written: {in_words(error)}") from error


def read_run(path: Path) -> Run:
    """The run of an earlier JSON report, also by the names that reports once used.

    Raises:
        WrongUse: the file is no such report, or the run has no answers.
    """
    try:
        report: dict[str, Any] = json.loads(read_text(path, LARGEST_DATA))
        if report.keys() & _FORMER_NAMES.keys():
            click.echo(f"{path} is from an earlier verikit; its old names are accepted", err=True)
        report = {_FORMER_NAMES.get(name, name): value for name, value in report.items()}
        windows = [Window.from_plain(entry) for entry in report["windows"]]
        run = Run(windows=windows, window_seconds=float(report["window_seconds"]))
        if not 0.001 <= run.window_seconds <= 1e6:
            raise ValueError("its windows have no length")
        if len(windows) > _MOST_WINDOWS:
            raise ValueError(f"it has more than {_MOST_WINDOWS:,} windows")
    except (OSError, *MALFORMED) as error:
        raise WrongUse(
            f"{path} is not a report of `verikit load --json`: {in_words(error)}"
        ) from error
    if not any(window.requests for window in windows):
        raise WrongUse(f"{path} contains a run without requests, so there is nothing to compare")
    return run


def _part_of(path: Path) -> TextIO:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(f".{path.name}.part").open("a", encoding="utf-8")
    except OSError as error:
        raise WrongUse(f"{path} cannot be written: {in_words(error)}") from error
    try:
        fcntl.flock(part, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        part.close()
        raise WrongUse(f"another load test is writing {path}: choose another file") from error
    part.truncate(0)
    return part
