"""Groups failures by cause: one line for thirty cases that fail alike."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from conformance.judging.answers import violations
from conformance.judging.outcome import ACCEPTED
from conformance.judging.verdicts import Finding, Level, Verdict
from conformance.requests.exchange import Answer, Exchange
from conformance.run import Run
from verikit.errors import BadAnswer
from verikit.foreign_text import shown

_NAME_LENGTH = 100
_ORDER = list(Level)
_OF_PROXIES = (403, 408, 411, 413, 414, 429, 502, 503, 504)
_APART = {"status-500", "http-framing", "http-fields", "message-plain"}
"""Requirements that an answer without JSON breaks on its own account."""
_ROOTS = ("status-500", "score-type", "score-range")
_WITHOUT_JSON = ("answer-json", "")
_PROXIES = ("nginx", "envoy", "haproxy", "cloudflare", "awselb", "apache", "traefik", "gunicorn")


@dataclass(frozen=True, kw_only=True)
class Cause:
    """A broken requirement, the cases that found it, and the first finding as an example."""

    level: Level
    requirement: str
    text: str
    cases: tuple[str, ...]
    example: Finding

    @property
    def request_id(self) -> str:
        """The ``request_id`` of the example's response, sanitized; empty if it has none."""
        one = self.example.exchange
        found = one.answer.fields.get("request_id") if one and one.answer else None
        return shown(found, limit=_NAME_LENGTH) if isinstance(found, str) else ""


def causes(run: Run) -> list[Cause]:
    """The causes of all failures, MUST before SHOULD, then by the number of cases."""
    grouped: defaultdict[tuple[str, str], list[tuple[str, Finding]]] = defaultdict(list)
    for result in run.results:
        for finding in result.findings:
            if result.verdict is Verdict.FAILED and finding.verdict is Verdict.FAILED:
                grouped[_cause(run, finding)].append((result.case, finding))
    found = [
        Cause(
            level=run.requirements[requirement].level,
            requirement=requirement,
            text=text or _without_json(requirement, findings),
            cases=tuple(dict.fromkeys(case for case, _ in findings)),
            example=_example(requirement, [finding for _, finding in findings]),
        )
        for (requirement, text), findings in grouped.items()
    ]
    return sorted(found, key=lambda cause: (_ORDER.index(cause.level), -len(cause.cases)))


def _cause(run: Run, finding: Finding) -> tuple[str, str]:
    """The requirement that is broken at the root of a finding, and what was recognized there."""
    one = finding.exchange
    if one and one.answer is None:
        framed = isinstance(one.error, BadAnswer)
        return "http-framing" if framed else "answer-complete", ""
    head = one is not None and one.request.method == "HEAD"  # whose response has no body
    if one and one.answer and not head and _lacks_json(finding.requirement, one.answer):
        return _WITHOUT_JSON
    if one and (broken := _at_the_root(run, one)):
        return broken, ""
    if run.ordinary != ACCEPTED and _refused_accepted(finding):
        return (
            "photo-ordinary",
            "Two ordinary photos are not compared, so everything that depends on them fails",
        )
    return finding.requirement, ""


def _example(requirement: str, findings: Sequence[Finding]) -> Finding:
    """The first finding that names the requirement itself, else the first."""
    named = (finding for finding in findings if finding.requirement == requirement)
    return next(named, findings[0])


def _at_the_root(run: Run, one: Exchange) -> str:
    """An internal error, or why a score is none: whatever else is wrong follows from that."""
    found = (violation.requirement for violation in violations(one, run.profile))
    return next((requirement for requirement in found if requirement in _ROOTS), "")


def _lacks_json(requirement: str, answer: Answer) -> bool:
    """Whether a finding is no more than that an answer is no JSON object."""
    apart = requirement in _APART and answer.status not in _OF_PROXIES
    return not isinstance(answer.json, dict) and not apart


def _without_json(requirement: str, findings: Iterable[tuple[str, Finding]]) -> str:
    """What the answers without a JSON object are, and who may have given them."""
    found = [finding.exchange.answer for _, finding in findings if finding.exchange]
    answers = [a for a in found if a and _lacks_json(requirement, a)]
    if requirement != _WITHOUT_JSON[0] or not answers:
        return ""
    statuses = ", ".join(map(str, sorted({answer.status for answer in answers})))
    text = f"{_instead_of_json(answers)} are the responses with HTTP {statuses}"
    fronts = sorted({_front(answer) for answer in answers if answer.status in _OF_PROXIES})
    before = f"; {' and '.join(fronts)} in front of the server may give them" if fronts else ""
    return text + before


def _instead_of_json(answers: Sequence[Answer]) -> str:
    if all(answer.body.lstrip()[:1] == b"<" for answer in answers):
        return "HTML pages"
    if all(answer.is_compressed for answer in answers):
        return "Compressed, though the requests did not allow it,"
    return "No JSON objects"


def _front(answer: Answer) -> str:
    """The proxy that names itself in an answer."""
    server = answer.headers.get("server", "").lower()
    return next((name for name in _PROXIES if name in server), "a proxy")


def _refused_accepted(finding: Finding) -> bool:
    return finding.expected.startswith("HTTP 200")
