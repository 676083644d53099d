"""The report on the terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain, repeat

from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from conformance.judging.verdicts import Result, Verdict
from conformance.reports.causes import Cause, causes
from conformance.reports.comparison import Comparison
from conformance.reports.evidence import Evidence
from conformance.reports.summary import GRAVITY, sentence
from conformance.run import Run
from verikit.plural import counted

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
_TOLD = (Verdict.PASSED, Verdict.NOT_APPLICABLE, Verdict.FAILED, Verdict.NOT_RUN)
"""Nothing to tell, or told with its cause or by the last sentence."""
_NAMED = 5
_SHOWN = 40
_FINDINGS = 3


class Live:
    """A progress bar that names what has failed so far."""

    def __init__(self, console: Console, total: int) -> None:
        self.progress = Progress(
            *(BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()),
            TextColumn("{task.description}"),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self._task = self.progress.add_task("", total=total)
        self._failed = 0

    def show(self, result: Result) -> None:
        """Add a verdict."""
        self._failed += result.verdict is Verdict.FAILED
        failed = f"[bold red]{self._failed} failed[/]" if self._failed else ""
        self.progress.update(self._task, advance=1, description=failed)


def report(
    run: Run, proofs: Mapping[str, Evidence], since: Comparison | None, console: Console
) -> None:
    """Print the failures by cause, other remarkable cases, the counts, and the verdict."""
    for cause in causes(run):
        _cause(run, cause, proofs, console)
    others = [result for result in run.results if result.verdict not in _TOLD]
    for result in others[:_SHOWN]:
        _case(run, result, console)
    if len(others) > _SHOWN:
        console.print(f"... and {len(others) - _SHOWN} more in the report.\n")
    console.print(_counts(run))
    if since:
        _since(since, console)
    console.print(f"\n{escape(sentence(run))}", style=_ending(run), highlight=False)


def _cause(run: Run, cause: Cause, proofs: Mapping[str, Evidence], console: Console) -> None:
    text = cause.text or run.requirements[cause.requirement].text
    failed = f"{counted(len(cause.cases), 'case')} failed"
    console.print(f"[bold red]{cause.level} {cause.requirement}[/]: {failed}")
    console.print(Padding(Text(text), (0, 0, 0, 2)))
    _facts(
        console,
        {
            "expected": cause.example.expected,
            "actual": cause.example.actual,
            "request_id": cause.request_id,
        },
    )
    # What is to be copied: the terminal breaks it, not we.
    for name, case in zip(chain(["cases"], repeat("")), _listed(run, cause.cases), strict=False):
        console.print(f"  {name:10}  {escape(case)}", soft_wrap=True, highlight=False)
    line = escape(proofs[cause.cases[0]].replay.line)
    console.print(f"  replay      {line}\n", soft_wrap=True, highlight=False)


def _listed(run: Run, cases: Sequence[str]) -> list[str]:
    """The first cases, and how often they failed where they were repeated."""
    results = {result.case: result for result in run.results}
    named = [
        f"{case} ({results[case].failed_runs} of {results[case].runs} runs)"
        if results[case].runs > 1
        else case
        for case in cases[:_NAMED]
    ]
    more = [f"{len(cases) - _NAMED} more"] if len(cases) > _NAMED else []
    return [*named, *more]


def _facts(console: Console, facts: Mapping[str, str]) -> None:
    """Names and texts side by side; what is long goes on below its own beginning."""
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(min_width=10, no_wrap=True)
    table.add_column(overflow="fold")
    for name, text in facts.items():
        if text:
            table.add_row(Text(name), Text(text))
    console.print(Padding(table, (0, 0, 0, 2)))


def _case(run: Run, result: Result, console: Console) -> None:
    style = STYLES[result.verdict]
    times = f" ({result.failed_runs} of {result.runs} runs)" if result.runs > 1 else ""
    console.print(f"[{style}]{result.verdict}{times}[/] [bold]{result.case}[/]")
    console.print(Padding(Text(run.cases[result.case].title), (0, 0, 0, 2)))
    if result.reason:
        console.print(Padding(Text(result.reason), (0, 0, 0, 2)))
    for finding in result.findings[:_FINDINGS]:
        requirement = run.requirements[finding.requirement]
        clause = f"{requirement.level} {finding.requirement}: {requirement.text}"
        _facts(console, {"clause": clause, "expected": finding.expected, "actual": finding.actual})
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
