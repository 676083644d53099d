"""SARIF 2.1.0: each finding refers to the line of openapi.yaml that it breaks."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from conformance.case import Requirement
from conformance.judging.verdicts import Finding, Level, Result, Verdict
from conformance.run import Run
from verikit.contract import load_contract

_LEVELS = {Verdict.FAILED: "error", Verdict.WARNING: "warning"}
_DEFAULTS = {Level.MUST: "error", Level.SHOULD: "warning", Level.MAY: "note"}
_OPERATION = f"/paths/{load_contract().path.replace('/', '~1')}/{load_contract().method.lower()}"


def write_sarif(run: Run, path: Path) -> None:
    """The findings of a run, one result each."""
    driver = {
        "name": "verikit check",
        "semanticVersion": run.release,
        "rules": [_rule(requirement) for requirement in run.requirements.values()],
    }
    log = {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": driver},
                "results": list(_results(run)),
                "properties": {"remarks": run.target.endpoint.remarks},
            }
        ],
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(log, indent=2), encoding="utf-8")


def _rule(requirement: Requirement) -> dict[str, Any]:
    return {
        "id": requirement.id,
        "shortDescription": {"text": requirement.text},
        "help": {"text": f"API page, {requirement.heading}"},
        "defaultConfiguration": {"level": _DEFAULTS[requirement.level]},
    }


def _results(run: Run) -> Iterator[dict[str, Any]]:
    for result in run.results:
        for finding in result.findings:
            yield _result(result, finding, run.requirements[finding.requirement])


def _result(result: Result, finding: Finding, requirement: Requirement) -> dict[str, Any]:
    waived = result.verdict is Verdict.WAIVED
    text = f"{result.case}: expected {finding.expected}; actual {finding.actual}"
    entry: dict[str, Any] = {
        "ruleId": requirement.id,
        "level": _LEVELS.get(finding.verdict, "note"),
        "message": {"text": text},
        "locations": [_location(requirement)],
        "partialFingerprints": {"case": result.case},
    }
    if waived:
        entry["suppressions"] = [{"kind": "external", "justification": result.reason}]
    return entry


def _location(requirement: Requirement) -> dict[str, Any]:
    pointer = next(iter(requirement.covers), _OPERATION)
    place = {"artifactLocation": {"uri": load_contract().source.name}}
    return {"physicalLocation": place | {"region": {"startLine": line_of(pointer)}}}


@cache
def _tree() -> yaml.Node | None:
    with load_contract().source.open(encoding="utf-8") as file:
        return yaml.compose(file, Loader=yaml.SafeLoader)


def line_of(pointer: str) -> int:
    """The line of openapi.yaml, from 1, at which a JSON pointer's entry begins.

    Raises:
        LookupError: there is no such entry.
    """
    node, line = _tree(), 1
    for part in pointer.split("/")[1:]:
        node, line = _step(node, part.replace("~1", "/").replace("~0", "~"))
    return line


def _step(node: yaml.Node | None, name: str) -> tuple[yaml.Node, int]:
    if isinstance(node, yaml.SequenceNode):
        child = node.value[int(name)]
        return child, child.start_mark.line + 1
    for key, value in node.value if isinstance(node, yaml.MappingNode) else ():
        if key.value == name:
            return value, key.start_mark.line + 1
    raise LookupError(f"openapi.yaml has no {name!r} at that place")
