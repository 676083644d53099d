"""Scores are graded, not just yes or no, for every kind of form, option and photo."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from conformance.case import Case, CaseContext, score_of
from conformance.cases.crossed import FACTORS, request_of
from conformance.errors import NotApplicable
from conformance.judging.oracle import right
from conformance.judging.outcome import ACCEPTED, outcome
from conformance.judging.verdicts import Finding
from conformance.requests.exchange import Exchange
from conformance.requests.recipe import EncryptedPhoto, Photo, Request

_CHANGES: tuple[dict[str, Any], ...] = (
    {"of": "hopper"},
    {"of": "hopper", "brightness": 0.6, "mirror": True},
    {"brightness": 1.2},
    {"brightness": 0.5, "mirror": True, "quality": 20},
)
"""How the second photo differs from the first: two of another person, as scores of one may
all lie at the end of the range."""
_FEWEST, _DIGITS = 3, 5
_STEPS = 0.1
"""How far the same people may lie apart in another format and size, and by rounding."""
_PLAIN = ("mated", *(values[0] for values in list(FACTORS.values())[1:]))
"""The plainest kind of request, with which the others are compared."""


@dataclass(frozen=True, kw_only=True)
class Graded:
    """Pairs with different degrees of similarity, in one kind of request.

    ``row`` has a value of each factor of the crossed design.
    """

    row: tuple[str, ...]

    def __call__(self, context: CaseContext) -> Iterable[Finding]:
        """Compare the pairs and count their scores.

        A server may round its scores; so they count only if plain requests tell the pairs apart.
        """
        exchanges = [self._compared(context, self.row, change) for change in _CHANGES]
        scores = [score_of(one) for one in exchanges]
        if _distinct(scores) >= _FEWEST:
            return []
        plain = [score_of(self._compared(context, _PLAIN, change)) for change in _CHANGES]
        if _distinct(plain) < _FEWEST or _is_rounding(scores, plain):
            return []
        return context.finding(
            f"more than two distinct scores for {len(exchanges)} pairs, as in a plain request",
            exchanges[-1],
            actual=f"only {', '.join(map(str, sorted(set(scores))))}",
        )

    def _compared(
        self, context: CaseContext, row: tuple[str, ...], change: dict[str, Any]
    ) -> Exchange:
        request = with_second(request_of(row), change)
        allowed = right(context.fitted(request), context.profile, context.environment.leaves_open)
        one = context.ask(request)
        got = outcome(one.answer)
        if got != ACCEPTED and allowed and got in allowed.outcomes:
            raise NotApplicable("the server may refuse such a request, and does")
        return one


def _distinct(scores: Sequence[float]) -> int:
    return len({round(score, _DIGITS) for score in scores})


def _is_rounding(scores: Sequence[float], plain: Sequence[float]) -> bool:
    """Whether the server gives two digits at most, and scores fall together only by that."""
    coarse = all(score == round(score, 2) for score in (*scores, *plain))
    return coarse and all(abs(a - b) <= _STEPS for a, b in zip(scores, plain, strict=True))


def with_second(request: Request, change: dict[str, Any]) -> Request:
    """The request with another second photo."""
    second = request.second
    assert isinstance(second, EncryptedPhoto)  # noqa: S101 - tells the type checker
    photo: Photo = replace(second.photo, **change)
    return replace(request, second=replace(second, photo=photo))


def _rows() -> Iterator[tuple[str, ...]]:
    """Each kind of body with each choice of options; the other factors change along."""
    body_and_options = itertools.product(FACTORS["body"], FACTORS["options"])
    for number, (body, options) in enumerate(body_and_options):
        order = _turn(FACTORS["order"], number)
        size = _turn(FACTORS["size"], 2 * number + number // 5)
        file_format = "JPEG" if size == "heavy" else _turn(FACTORS["format"], number // 2)
        expect = _turn(FACTORS["expect"], number // 4)
        yield ("mated", body, options, order, file_format, size, "both", expect)


def _turn(values: Sequence[str], number: int) -> str:
    return values[number % len(values)]


def _case(row: tuple[str, ...]) -> Case:
    body, options = row[1:3]
    return Case(
        id=f"score-graded-{body}-{options}",
        since="1.8.0",
        title=f"Pairs of varying similarity, body {body}, options {options}",
        requires=("score-graded", "score-greater-is-likelier"),
        play=Graded(row=row),
        group="graded",
        alone=False,
    )


CASES = tuple(map(_case, _rows()))
