"""What must hold for every answer of a run; checked once, after all other cases."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from functools import partial

from conformance.case import Case, CaseContext
from conformance.cases import case
from conformance.errors import CouldNotJudge
from conformance.judging.answers import is_success
from conformance.judging.verdicts import Finding
from conformance.requests.exchange import Exchange

Kind = Callable[[Exchange], bool]


def _any(one: Exchange) -> bool:
    return one.answer is not None or one.error is not None


def _success(one: Exchange) -> bool:
    return one.answer is not None and is_success(one.answer)


def _refusal(one: Exchange) -> bool:
    return one.answer is not None and not is_success(one.answer) and bool(one.answer.fields)


INVARIANTS: dict[str, tuple[str, Kind]] = {
    "success-shape": ("Normal responses are complete", _success),
    "success-code": ("Normal responses have the integer code for success", _success),
    "success-status": ("Normal responses have status 200", _success),
    "success-without-message": ("Normal responses have no message", _success),
    "score-type": ("Scores are JSON numbers", _success),
    "score-range": ("Scores are between 0 and 1", _success),
    "refusal-shape": ("Error responses are complete", _refusal),
    "refusal-code": ("Error responses have documented integer codes", _refusal),
    "refusal-without-score": ("Error responses have no score", _refusal),
    "code-message": ("Error responses have the documented messages", _refusal),
    "status-400": ("Error responses have an error status", _refusal),
    "request-id": ("Every response has a request_id", _any),
    "answer-json": ("Every response is a JSON object in UTF-8", _any),
    "answer-members-once": ("JSON objects have no duplicate members", _any),
    "answer-json-interoperable": ("Every response is interoperable JSON", _any),
    "message-plain": ("No response shows a stack trace", _any),
    "absent-members": ("Members of the other kind of response are omitted, not null", _any),
    "code-whole": ("Codes are written without a fraction", _any),
    "http-framing": ("Every response is framed unambiguously", _any),
    "http-fields": ("Every response follows the HTTP standard", _any),
    "answer-content-type": ("Every response has a JSON content type", _any),
    "answer-complete": ("Every request gets a complete response", _any),
    "status-documented": ("Every HTTP status is documented", _any),
    "status-500": ("No request causes an internal error", _any),
    "http-error-shape": ("404, 411 and 413 come as error responses", _any),
}
"""Requirement -> title, and the answers that it applies to."""


def _invariant(context: CaseContext, requirement: str, about: Kind) -> Iterable[Finding]:
    logged = [entry for entry in context.environment.log.all() if about(entry.exchange)]
    if not logged:
        raise CouldNotJudge("there was no response of this kind")
    broken = [
        (entry.exchange, violation)
        for entry in logged
        for violation in entry.violations
        if violation.requirement == requirement
    ]
    if not broken:
        return []
    one, first = broken[0]
    actual = f"{first.actual} ({len(broken)} of {len(logged)} answers, first in {one.case})"
    return context.finding(first.expected, one, actual=actual)


CASES = tuple(
    Case(
        id=f"every-{requirement}",
        title=title,
        since="1.8.0",
        requires=(requirement,),
        play=partial(_invariant, requirement=requirement, about=about),
        group="invariants",
        invariant=True,
    )
    for requirement, (title, about) in INVARIANTS.items()
)


@case(
    "every-request-id-unique",
    "Every request_id of the run is unique",
    since="1.8.0",
    requires=("request-id-unique",),
    invariant=True,
)
def _request_id_unique(context: CaseContext) -> Iterable[Finding]:
    seen: defaultdict[str, list[Exchange]] = defaultdict(list)
    for one in (entry.exchange for entry in context.environment.log.all()):
        if one.answer and isinstance(name := one.answer.fields.get("request_id"), str):
            seen[name].append(one)
    if not seen:
        raise CouldNotJudge("no answer has a request_id")
    repeated = [exchanges for exchanges in seen.values() if len(exchanges) > 1]
    if not repeated:
        return []
    actual = f"{len(repeated)} IDs were used more than once, one of them {len(repeated[0])} times"
    one, other = repeated[0][:2]
    expected = "a unique ID for each request"
    return context.finding(expected, other, actual=actual, also=(one.case,))
