"""The evidence of a finding: a command that repeats it, the response, and the request as data."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from conformance.judging.verdicts import Finding, Result, Verdict
from conformance.reports.replay import Replay, replay
from conformance.requests.exchange import Answer, Exchange
from conformance.requests.photos.files import OWN
from conformance.requests.recipe import Request
from conformance.run import Run
from verikit.foreign_text import shown

_SHOWN = 600


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """The first finding of a case, how to replay it, and the answer, if there was a request."""

    finding: Finding
    replay: Replay
    answer: str


def evidence(run: Run, folder: Path | None) -> Mapping[str, Evidence]:
    """The evidence for each case with a finding; ``folder`` is for the bodies of requests."""
    return {
        result.case: Evidence(
            finding=finding,
            replay=replay(run, result.case, finding, folder),
            answer=_spelt(finding.exchange) if finding.exchange else "",
        )
        for result in run.results
        if (finding := _first(result))
    }


def _first(result: Result) -> Finding | None:
    """The first that failed and has a request, as far as there is one."""
    return max(
        result.findings,
        key=lambda found: (found.verdict is Verdict.FAILED, found.exchange is not None),
        default=None,
    )


def recipe_of(request: Request) -> dict[str, Any]:
    """A request as plain data: its differences from an ordinary request.

    Of a vendor's own photos it says no more than that they are.
    """
    return _differences(request)


def _spelt(one: Exchange) -> str:
    if one.answer is None:
        return f"no response: {one.error}"
    return "\n".join(
        [f"HTTP {one.answer.status}", *_header_lines(one.answer), "", _body(one.answer)]
    )


def _header_lines(answer: Answer) -> list[str]:
    return [shown(f"{name}: {value}", limit=_SHOWN) for name, value in answer.headers.items()]


def _body(answer: Answer) -> str:
    """The text line by line: what only a terminal or a browser would obey is escaped."""
    text = answer.body.decode("utf-8", "backslashreplace")
    lines = "\n".join(shown(line, limit=_SHOWN) for line in text[:_SHOWN].split("\n"))
    return lines if len(text) <= _SHOWN else f"{lines} ... ({len(text)} characters)"


def _differences(value: Any) -> dict[str, Any]:
    plain = {}
    for field in dataclasses.fields(value):
        given = getattr(value, field.name)
        default = (
            field.default_factory()
            if field.default_factory is not dataclasses.MISSING
            else field.default
        )
        if given != default:
            nested = dataclasses.is_dataclass(given)
            own = isinstance(given, str) and given.startswith(OWN)
            plain[field.name] = OWN if own else _differences(given) if nested else given
    return plain
