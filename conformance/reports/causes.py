"""Groups failures by cause: one line for thirty cases that fail alike."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from conformance.judging.outcome import ACCEPTED
from conformance.judging.verdicts import Finding, Level, Verdict
from conformance.requests.exchange import Answer
from conformance.run import Run
from verikit.errors import BadAnswer
from verikit.foreign_text import shown

_NAME_LENGTH = 100
_ORDER = list(Level)
_OF_PROXIES = (403, 408, 411, 413, 414, 429, 502, 503, 504)
_PROXIES = ("nginx", "envoy", "haproxy", "cloudflare", "awselb", "apache", "traefik", "gunicorn")


@dataclass(frozen=True, kw_only=True)
class Cause:
    """What is broken, by which cases it was found, and the first finding as an example."""

    level: Level
    requirement: str
    text: str
    cases: tuple[str, ...]
    example: Finding

    @property
    def request_id(self) -> str:
        """The server's own name for the example's request, fit to be shown; empty without one."""
        one = self.example.exchange
        found = one.answer.fields.get("request_id") if one and one.answer else None
        return shown(found, limit=_NAME_LENGTH) if isinstance(found, str) else ""


def causes(run: Run) -> list[Cause]:
    """The causes of all failures, MUST before SHOULD, those of many cases first."""
    grouped: defaultdict[tuple[str, str], list[tuple[str, Finding]]] = defaultdict(list)
    for result in run.results:
        for finding in result.findings:
            if result.verdict is Verdict.FAILED and finding.verdict is Verdict.FAILED:
                grouped[_cause(run, finding)].append((result.case, finding))
    found = [
        Cause(
            level=run.requirements[requirement].level,
            requirement=requirement,
            text=text,
            cases=tuple(dict.fromkeys(case for case, _ in findings)),
            example=findings[0][1],
        )
        for (requirement, text), findings in grouped.items()
    ]
    return sorted(found, key=lambda cause: (_ORDER.index(cause.level), -len(cause.cases)))


def _cause(run: Run, finding: Finding) -> tuple[str, str]:
    """The requirement that is broken at the root of a finding, and what was recognised there."""
    one = finding.exchange
    if one and one.answer is None:
        framed = isinstance(one.error, BadAnswer)
        return "http-framing" if framed else "answer-complete", ""
    if one and one.answer and (front := _front(one.answer)):
        said = f"HTTP {one.answer.status} without JSON: {front} in front of the server responds"
        return finding.requirement, said
    if run.ordinary != ACCEPTED and _refused_accepted(finding):
        return (
            "photo-ordinary",
            "Two ordinary photos are refused, so everything that depends on them fails",
        )
    return finding.requirement, ""


def _front(answer: Answer) -> str:
    """What stands before the server, where that answered; empty where the server did."""
    server = answer.headers.get("server", "").lower()
    name = next((name for name in _PROXIES if name in server), "a proxy")
    return name if answer.status in _OF_PROXIES and not answer.fields else ""


def _refused_accepted(finding: Finding) -> bool:
    return finding.expected.startswith("HTTP 200")
