"""JSON lines: a header, a line for each case as it is judged, and a footer.

A file without a footer is from an incomplete run and never passes for a complete one.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from conformance.case import Case
from conformance.judging.verdicts import Finding, Result, Verdict
from conformance.reports.evidence import recipe_of
from conformance.reports.summary import sentence
from conformance.requests.exchange import Target
from conformance.run import Run
from verikit.errors import WrongUse, in_words
from verikit.foreign_files import LARGEST_DATA, MALFORMED, read_text

FORMAT = 1
_AGAIN = {Verdict.FAILED, Verdict.COULD_NOT_JUDGE, Verdict.NOT_RUN, Verdict.TOOL_ERROR}


@dataclass(frozen=True)
class Lines:
    """Writes one line per verdict at once, so that an interrupted run keeps its results."""

    file: TextIO

    def header(
        self, target: Target, profile: str, release: str, seed: int, cases: list[str]
    ) -> None:
        """Write the header: server, profile, release, seed and case IDs."""
        self._line(
            kind="header",
            format=FORMAT,
            url=target.url,
            remarks=target.endpoint.remarks,
            profile=profile,
            release=release,
            seed=seed,
            cases=cases,
        )

    def result(self, result: Result, case: Case) -> None:
        """Write the verdict of a case."""
        self._line(
            kind="result",
            case=result.case,
            verdict=str(result.verdict),
            requires=case.requires,
            reason=result.reason,
            seconds=round(result.seconds, 4),
            runs=result.runs,
            failed_runs=result.failed_runs,
            findings=[_finding(found) for found in result.findings],
        )

    def footer(self, run: Run) -> None:
        """Write the footer, unless the run is incomplete."""
        if run.complete:
            self._line(
                kind="footer",
                exit_code=run.exit_code,
                sentence=sentence(run),
                counts={str(verdict): run.count(verdict) for verdict in Verdict},
                requests=run.requests,
                seconds=round(run.seconds, 3),
                started=run.started.isoformat(),
            )

    def _line(self, **fields: Any) -> None:
        self.file.write(json.dumps(fields) + "\n")
        self.file.flush()


def _finding(found: Finding) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "requirement": found.requirement,
        "verdict": str(found.verdict),
        "expected": found.expected,
        "actual": found.actual,
    }
    if found.exchange:
        entry |= {"of": found.exchange.case, "request": recipe_of(found.exchange.request)}
    return entry


def read_lines(path: Path) -> list[Mapping[str, Any]]:
    """The lines of an earlier run, header first.

    Raises:
        WrongUse: the file is not a report of ``verikit check``.
    """
    try:
        lines = [json.loads(line) for line in read_text(path, LARGEST_DATA).splitlines()]
        if not lines or lines[0].get("kind") != "header" or lines[0].get("format") != FORMAT:
            raise ValueError("its first line is not a header")
        if not all(map(_readable, lines)):
            raise ValueError("a line is not a result")
    except (OSError, *MALFORMED) as error:
        raise WrongUse(
            f"{path} is not a JSON-lines report of verikit check: {in_words(error)}"
        ) from error
    return lines


def _readable(line: Mapping[str, Any]) -> bool:
    """Whether a line holds what is read of it."""
    if line["kind"] != "result":
        return True
    findings = all(isinstance(found, dict) for found in line["findings"])
    return isinstance(line["case"], str) and line["verdict"] in set(Verdict) and findings


def failed_before(lines: list[Mapping[str, Any]]) -> set[str]:
    """The IDs of the cases to run again: those that failed or have no verdict, and those whose
    responses made an invariant fail."""
    return set(_failed(lines)) | (set(lines[0]["cases"]) - {line.get("case") for line in lines})


def _failed(lines: list[Mapping[str, Any]]) -> Iterator[str]:
    for line in lines:
        if line["kind"] == "result" and Verdict(line["verdict"]) in _AGAIN:
            yield line["case"]
            yield from (found["of"] for found in line["findings"] if "of" in found)
