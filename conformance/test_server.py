"""Every case as a test."""

from __future__ import annotations

import warnings

import pytest

from conformance.case import Case
from conformance.judging.verdicts import Result, Verdict
from conformance.runner import Runner


def test_case(conformance_case: Case, conformance_runner: Runner) -> None:
    """Fails if the server fails the case, or could not be judged."""
    result = conformance_runner.play(conformance_case)
    match result.verdict:
        case Verdict.NOT_APPLICABLE | Verdict.NOT_SCORED:
            pytest.skip(result.reason)
        case Verdict.WAIVED:
            pytest.xfail(result.reason)
        case Verdict.WARNING:
            warnings.warn(_text(result), UserWarning, stacklevel=1)
        case Verdict.PASSED:
            return
        case _:
            pytest.fail(_text(result), pytrace=False)


def _text(result: Result) -> str:
    lines = [f"{result.verdict}: {result.reason}"]
    for finding in result.findings:
        lines += [finding.requirement, f"  expected {finding.expected}"]
        lines.append(f"  actual   {finding.actual}")
    return "\n".join(lines)
