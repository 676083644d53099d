"""The report on the terminal."""

from __future__ import annotations

from collections.abc import Mapping

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from conformance.judging.verdicts import Result, Verdict
from conformance.reports.causes import causes
from conformance.reports.comparison import Comparison
from conformance.reports.evidence import Evidence
from conformance.reports.summary import GRAVITY, sentence
from conformance.run import Run

STYLES = {
    Verdict.PASSED: "green",
    Verdict.WARNING: "yellow",
    Verdict.WAIVED: "yellow",
    Verdict.FAILED: "bold red",
    Verdict.COULD_NOT_JUDGE: "magenta",
    Verdict.NOT_APPLICABLE: "dim",
    Verdict.NOT_RUN: "magenta",
    Verdict.NOT_SCORED: "dim",
    Verdict.TOOL_ERROR: "bold magenta",
}
_QUIET = (Verdict.PASSED, Verdict.NOT_APPLICABLE)
_SHOWN = 40
_FINDINGS = 3


class Live:
    """A progress bar that names what has failed so far."""

    def __init__(self, console: Console, total: int) -> None:
        columns = (BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        self.progress = Progress(*columns, TextColumn("{task.description}"), console=console)
        self._task = self.progress.add_task("", total=total)
        self._failed = 0

    def show(self, result: Result) -> None:
        """One more verdict."""
        self._failed += result.verdict is Verdict.FAILED
        failed = f"[bold red]{self._failed} failed[/]" if self._failed else ""
        self.progress.update(self._task, advance=1, description=failed)


def report(
    run: Run, proofs: Mapping[str, Evidence], since: Comparison | None, console: Console
) -> None:
    """Every case that is not simply good, the counts, and a sentence."""
    _causes(run, proofs, console)
    loud = [result for result in run.results if result.verdict not in _QUIET]
    for result in loud[:_SHOWN]:
        _case(run, result, console)
    if len(loud) > _SHOWN:
        console.print(f"... and {len(loud) - _SHOWN} more in the report.\n")
    console.print(_counts(run))
    if since:
        _since(since, console)
    console.print(f"\n{escape(sentence(run))}", style=_ending(run), highlight=False)


def _causes(run: Run, proofs: Mapping[str, Evidence], console: Console) -> None:
    """What is broken, each cause once."""
    found = causes(run)
    for cause in found:
        cases = "1 case" if len(cause.cases) == 1 else f"{len(cause.cases)} cases"
        name = f" request_id {cause.request_id}" if cause.request_id else ""
        text = escape(cause.text or run.requirements[cause.requirement].text)
        console.print(f"[bold red]{cause.level} {cause.requirement}[/]: {cases}. {text}")
        console.print(
            f"  e.g. {cause.cases[0]}: expected {escape(cause.example.expected)}; "
            f"actual {escape(cause.example.actual)}{escape(name)}",
            highlight=False,
        )
        line = proofs[cause.cases[0]].replay.line
        console.print(f"  {escape(line)}\n", highlight=False, soft_wrap=True)


def _case(run: Run, result: Result, console: Console) -> None:
    style = STYLES[result.verdict]
    times = f" ({result.failed_runs} of {result.runs} runs)" if result.runs > 1 else ""
    title = escape(run.cases[result.case].title)
    console.print(f"[{style}]{result.verdict}{times}[/] [bold]{result.case}[/] {title}")
    if result.reason:
        console.print(f"  {escape(result.reason)}", highlight=False)
    for finding in result.findings[:_FINDINGS]:
        requirement = run.requirements[finding.requirement]
        console.print(f"  {requirement.level} {finding.requirement}: {escape(requirement.text)}")
        console.print(f"    expected {escape(finding.expected)}", highlight=False)
        console.print(f"    actual   {escape(finding.actual)}", highlight=False)
    console.print()


def _since(since: Comparison, console: Console) -> None:
    """What an earlier run says differently."""
    console.print(f"\n{since.sentence}", highlight=False)
    for remark in since.remarks:
        console.print(f"  {escape(remark)}", highlight=False)
    for name, cases in since.groups.items():
        console.print(f"  {name}:", highlight=False)
        for case in cases[:_SHOWN]:
            console.print(f"    {case}", highlight=False)
        if len(cases) > _SHOWN:
            console.print(f"    ... and {len(cases) - _SHOWN} more", highlight=False)


def _counts(run: Run) -> Table:
    table = Table.grid(padding=(0, 2))
    for verdict in reversed(GRAVITY):
        if run.count(verdict):
            table.add_row(f"[{STYLES[verdict]}]{verdict}[/]", str(run.count(verdict)))
    table.add_row("requests", str(run.requests))
    table.add_row("seconds", f"{run.seconds:.1f}")
    table.add_row("seed", str(run.seed))
    return table


def _ending(run: Run) -> str:
    return {0: "bold green", 1: "bold red"}.get(run.exit_code, "bold magenta")
