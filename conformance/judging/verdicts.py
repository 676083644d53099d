"""The verdict on a case, and its findings."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from conformance.requests.exchange import Exchange
from verikit.foreign_text import shown


class Level(StrEnum):
    """How strongly a requirement binds (RFC 2119)."""

    MUST = "MUST"
    SHOULD = "SHOULD"
    MAY = "MAY"


class Verdict(StrEnum):
    """The verdict on a case: from good to bad, then the reasons for no verdict."""

    PASSED = "passed"
    WARNING = "warning"
    WAIVED = "waived"
    FAILED = "failed"
    COULD_NOT_JUDGE = "could not judge"
    NOT_APPLICABLE = "not applicable"
    NOT_RUN = "not run"
    NOT_SCORED = "not scored"
    TOOL_ERROR = "tool error"


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One violation of a requirement.

    Its text may come from the server and is sanitized here, once for all reports.
    """

    requirement: str
    verdict: Verdict
    expected: str
    actual: str
    exchange: Exchange | None = None
    also: tuple[str, ...] = ()
    """Other cases whose requests it takes to see it."""

    def __post_init__(self) -> None:
        for name in ("expected", "actual"):
            object.__setattr__(self, name, shown(getattr(self, name)))


@dataclass(frozen=True, kw_only=True)
class Result:
    """The verdict on one case; ``failed_runs`` of ``runs`` repetitions were not good."""

    case: str
    verdict: Verdict
    findings: tuple[Finding, ...] = ()
    reason: str = ""
    seconds: float = 0.0
    runs: int = 1
    failed_runs: int = 0

    def __post_init__(self) -> None:
        lines = map(shown, self.reason.splitlines())
        object.__setattr__(self, "reason", "\n".join(lines))

    def known_failure(self, verdict: Verdict, reason: str) -> Result:
        """The same failure, marked as known, with its explanation."""
        return replace(self, verdict=verdict, reason=reason)


_GRAVITY = (
    Verdict.FAILED,
    Verdict.TOOL_ERROR,
    Verdict.COULD_NOT_JUDGE,
    Verdict.WARNING,
)


def worst(findings: tuple[Finding, ...]) -> Verdict:
    """The gravest verdict of the findings; passed if there are none."""
    found = {finding.verdict for finding in findings}
    return next((verdict for verdict in _GRAVITY if verdict in found), Verdict.PASSED)
