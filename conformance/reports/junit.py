"""JUnit XML."""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import groupby
from pathlib import Path

from junitparser import (
    Error,
    Failure,
    JUnitXml,
    Properties,
    Property,
    Skipped,
    TestCase,
    TestSuite,
)

from conformance.case import Case
from conformance.judging.verdicts import Result, Verdict
from conformance.reports.evidence import Evidence
from conformance.run import Run

_NO_XML = re.compile("[^\\t\\n\\r\\x20-\\ud7ff\\ue000-\\ufffd\\U00010000-\\U0010ffff]")
"""What no XML 1.0 document can hold (XML 1.0, 2.2)."""


def write_junit(run: Run, proofs: Mapping[str, Evidence], path: Path) -> None:
    """One suite for each group of cases; warnings pass, with their text in system-out."""
    xml = JUnitXml("verikit check")
    grouped = sorted(run.results, key=lambda result: run.cases[result.case].group)
    for group, results in groupby(grouped, key=lambda result: run.cases[result.case].group):
        suite = TestSuite(group)
        suite.add_testcases([_test(run, result, proofs) for result in results])
        suite.add_property("seed", str(run.seed))
        for remark in run.target.endpoint.remarks:
            suite.add_property("remark", remark)
        xml.add_testsuite(suite)
    path.parent.mkdir(parents=True, exist_ok=True)
    xml.write(str(path), pretty=True)


def _test(run: Run, result: Result, proofs: Mapping[str, Evidence]) -> TestCase:
    case = run.cases[result.case]
    test = TestCase(case.id, f"conformance.{case.group}", round(result.seconds, 3))
    test.append(_requirements(case))  # type: ignore[no-untyped-call]
    text = _text(run, result, proofs)
    mark = _mark(result)
    if mark is None:
        test.system_out = text
        return test
    mark.text = text
    test.result = [mark]
    return test


def _requirements(case: Case) -> Properties:
    properties = Properties()  # type: ignore[no-untyped-call]
    for requirement in case.requires:
        properties.add_property(Property("requirement", requirement))
    return properties


def _mark(result: Result) -> Error | Failure | Skipped | None:
    first = _legal(result.findings[0].actual if result.findings else result.reason)
    match result.verdict:
        case Verdict.FAILED:
            return Failure(first, "failed")
        case Verdict.TOOL_ERROR | Verdict.COULD_NOT_JUDGE | Verdict.NOT_RUN:
            return Error(first, str(result.verdict))
        case Verdict.NOT_APPLICABLE | Verdict.NOT_SCORED | Verdict.WAIVED:
            return Skipped(_legal(result.reason), str(result.verdict))
    return None


def _legal(text: str) -> str:
    return _NO_XML.sub("\ufffd", text)


def _text(run: Run, result: Result, proofs: Mapping[str, Evidence]) -> str:
    lines = [result.reason] if result.reason else []
    for finding in result.findings:
        requirement = run.requirements[finding.requirement]
        lines.append(f"{requirement.level} {requirement.id} ({requirement.heading})")
        lines += [f"  expected {finding.expected}", f"  actual   {finding.actual}"]
    if result.case in proofs:
        lines.append(proofs[result.case].replay.line)
    return _legal("\n".join(lines))
