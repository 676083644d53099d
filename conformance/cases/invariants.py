"""What must hold for every answer of a run; judged once, after all other cases."""

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
    "success-code": ("Normal responses carry the code of success, a whole number", _success),
    "success-status": ("Normal responses come with HTTP 200", _success),
    "success-without-message": ("Normal responses carry no message", _success),
    "score-type": ("Scores are JSON numbers", _success),
    "score-range": ("Scores lie from 0 to 1", _success),
    "refusal-shape": ("Refusals are complete", _refusal),
    "refusal-code": ("Codes of refusals are documented whole numbers", _refusal),
    "refusal-without-score": ("Refusals carry no score", _refusal),
    "code-message": ("Messages of refusals are the documented ones", _refusal),
    "status-400": ("Refusals come with an error status", _refusal),
    "request-id": ("Every answer has a request_id", _any),
    "answer-json": ("Every answer is a JSON object in UTF-8", _any),
    "answer-members-once": ("No member of a JSON object stands twice", _any),
    "answer-json-interoperable": ("Every JSON reader reads every answer alike", _any),
    "message-plain": ("No answer shows a stack trace", _any),
    "absent-members": ("Members of the other kind of answer are left out, not null", _any),
    "code-whole": ("Codes are written without a fraction", _any),
    "http-framing": ("Where an answer begins and ends is plain", _any),
    "http-fields": ("Answers keep the rules of HTTP", _any),
    "answer-content-type": ("Every answer says that it is JSON", _any),
    "answer-complete": ("Every request is answered", _any),
    "status-documented": ("Every HTTP status is documented", _any),
    "status-500": ("No request provokes an internal error", _any),
    "http-error-shape": ("404, 411 and 413 have the shape of a refusal", _any),
}
"""Requirement -> title, and the answers that it is about."""


def _invariant(context: CaseContext, requirement: str, about: Kind) -> Iterable[Finding]:
    logged = [entry for entry in context.environment.log.all() if about(entry.exchange)]
    if not logged:
        raise CouldNotJudge("there was no answer of this kind")
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
    "No two answers of the run have the same request_id",
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
    actual = f"{len(repeated)} ids were given more than once, one of them {len(repeated[0])} times"
    return context.finding("a new id for each request", repeated[0][1], actual=actual)
