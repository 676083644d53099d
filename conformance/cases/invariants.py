"""Conditions on all answers of a run, checked once, after all other cases."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from functools import partial
from operator import itemgetter

from conformance.case import Case, CaseContext
from conformance.cases import case
from conformance.errors import CouldNotJudge
from conformance.judging.answers import is_success
from conformance.judging.outcome import ACCEPTED, outcome
from conformance.judging.verdicts import Finding
from conformance.requests.exchange import Exchange
from conformance.requests.recipe import EncryptedPhoto, Request
from verikit.plural import counted

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
    "absent-members": (
        "Members of the other kind of response are omitted, not null or empty",
        _any,
    ),
    "code-whole": ("Codes are written without a fraction", _any),
    "http-framing": ("Every response is framed unambiguously", _any),
    "http-fields": ("Every response follows the HTTP standard", _any),
    "answer-one-line": ("The Java sample reads the whole of every response", _any),
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
    actual = (
        f"{first.actual} ({len(broken)} of {counted(len(logged), 'response')}, first in {one.case})"
    )
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


Pair = tuple[EncryptedPhoto | str, ...]

_STEPS = (2, 3, 4, 6)
"""Into how many equal steps a score is not divided; five are part of a score with one digit."""
_FEWEST_INNER = 3


@case(
    "every-score-repeated",
    "The same two photos get the same score, however the form and check_quality are written",
    since="1.8.0",
    requires=("operation-compares",),
    invariant=True,
)
def _score_repeated(context: CaseContext) -> Iterable[Finding]:
    """What a server did to a photo is not seen in the recipe, but the same was done each time."""
    compared = _compared(context)
    tolerance = context.profile.score_tolerance
    apart = []
    for comparisons in compared.values():
        (low, one), (high, other) = (pick(comparisons, key=itemgetter(0)) for pick in (min, max))
        if high - low > tolerance:
            apart.append((low, one, high, other))
    if not apart:
        return []
    low, one, high, other = apart[0]
    expected = f"{low} within {tolerance}, as in {one.case}"
    actual = f"{high} in {other.case} ({len(apart)} of {len(compared)} pairs of photos)"
    return context.finding(expected, other, actual=actual, also=(one.case,))


@case(
    "every-score-graded",
    "The scores of a run are not a few equal steps",
    since="1.8.0",
    requires=("score-graded",),
    invariant=True,
)
def _score_graded(context: CaseContext) -> Iterable[Finding]:
    compared = _compared(context)
    scores = [comparisons[0][0] for comparisons in compared.values()]
    inner = sum(0 < score < 1 for score in scores)
    steps = next((n for n in _STEPS if all((score * n).is_integer() for score in scores)), None)
    if steps is None or inner < _FEWEST_INNER:
        return []
    found = ", ".join(f"{score:g}" for score in sorted(set(scores)))
    actual = f"only steps of 1/{steps} for {len(scores)} pairs of photos: {found}"
    return context.finding("scores in between as well", actual=actual)


def _compared(context: CaseContext) -> dict[Pair, list[tuple[float, Exchange]]]:
    """The comparisons of a run and their scores, by what was compared.

    Raises:
        CouldNotJudge: there were none.
    """
    found: defaultdict[Pair, list[tuple[float, Exchange]]] = defaultdict(list)
    for one in (entry.exchange for entry in context.environment.log.all()):
        pair = _pair(one.request)
        if pair and outcome(one.answer) == ACCEPTED and one.answer:
            score = one.answer.fields.get("verification_score")
            if isinstance(score, int | float) and not isinstance(score, bool):
                found[pair].append((float(score), one))
    if not found:
        raise CouldNotJudge("no photos were compared")
    return found


def _pair(request: Request) -> Pair | None:
    """What a server compares, if that is clear: the photos, and whether it rotates them."""
    rotate = request.auto_rotate or "false"
    if rotate not in ("true", "false") or request.literal is not None:
        return None
    pair = tuple(EncryptedPhoto(photo=photo) for photo in request.photos)
    return (*pair, rotate) if pair == (request.first, request.second) else None
