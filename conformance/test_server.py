"""Every case as a test."""

from __future__ import annotations

import warnings

import pytest

from conformance.case import Case
from conformance.conftest import Checker
from conformance.verdicts import Result, Verdict


def test_case(case: Case, checker: Checker) -> None:
    """Fails where the server does, and where it could not be judged."""
    result = checker.play(case)
    match result.verdict:
        case Verdict.NOT_APPLICABLE:
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
