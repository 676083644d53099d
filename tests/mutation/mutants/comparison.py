"""Faults in the score: what it depends on, and what it must not depend on."""

from __future__ import annotations

import itertools
import time
from dataclasses import replace
from threading import Lock

import numpy as np

from reference_server.refusals import InvalidArgument
from tests.mutation.naming import FIRST, SECOND
from tests.mutation.parts import (
    Compare,
    Pair,
    Parts,
    around,
    on_compare,
    on_comparison,
    on_fields,
)
from tests.mutation.registry import mutant
from tests.mutation.wire import Ask, Fields, Reply, Serve


@mutant("operation-compares", "second-judged")
@on_fields
def second_photo_ignored(fields: Fields) -> Fields:
    given = dict(fields)
    return [(n, given.get(FIRST, v) if n == SECOND and v else v) for n, v in fields]


@mutant("operation-compares", "first-judged")
@on_fields
def first_photo_ignored(fields: Fields) -> Fields:
    given = dict(fields)
    return [(n, given.get(SECOND, v) if n == FIRST and v else v) for n, v in fields]


@mutant("operation-compares", "score-greater-is-likelier")
@on_compare
def first_photo_compared_with_itself(compare: Compare, pair: Pair) -> float:
    """Both photos are judged, but one is scored."""
    compare(pair)
    return compare(replace(pair, second=pair.first))


@mutant("operation-order")
@on_compare
def score_depends_on_the_order(compare: Compare, pair: Pair) -> float:
    """A little, as where one photo is prepared otherwise than the other."""
    swapped = bytes(pair.first.pixels[:8, :8]) > bytes(pair.second.pixels[:8, :8])
    return compare(pair) * (0.98 if swapped else 1)


@mutant("score-greater-is-likelier", "operation-compares")
@on_compare
def score_inverted(compare: Compare, pair: Pair) -> float:
    return 1 - compare(pair)


@mutant("score-greater-is-likelier", "operation-compares")
@on_compare
def everybody_scores_the_same(compare: Compare, pair: Pair) -> float:
    compare(pair)
    return 0.93


@mutant("score-greater-is-likelier", "operation-compares")
@on_compare
def score_tells_equal_files_only(compare: Compare, pair: Pair) -> float:
    compare(pair)
    return 1.0 if np.array_equal(pair.first.pixels, pair.second.pixels) else 0.1


@mutant("score-greater-is-likelier", "operation-compares")
@on_compare
def brightness_compared(compare: Compare, pair: Pair) -> float:
    compare(pair)
    return float(1 - abs(pair.first.pixels.mean() - pair.second.pixels.mean()) / 255)


@mutant("score-greater-is-likelier", "operation-compares", "operation-stateless")
@on_compare
def score_drawn_by_lot(compare: Compare, pair: Pair) -> float:
    compare(pair)
    return float(np.random.default_rng().random())


@mutant("threshold-recommended", "operation-compares")
@on_compare
def everybody_above_the_recommended_threshold(compare: Compare, pair: Pair) -> float:
    return 0.75 + compare(pair) / 4


@mutant("threshold-recommended", "operation-compares")
@on_compare
def nobody_above_the_recommended_threshold(compare: Compare, pair: Pair) -> float:
    return compare(pair) / 2


@mutant("photo-ordinary")
@on_compare
def photo_compared_with_itself_refused(compare: Compare, pair: Pair) -> float:
    if np.array_equal(pair.first.pixels, pair.second.pixels):
        raise InvalidArgument("the photos are the same")
    return compare(pair)


@mutant("score-graded")
@on_comparison
def score_in_quarters(given: Reply) -> Reply:
    return given.but(verification_score=round(given.score * 4) / 4)


@mutant("operation-compares")
@around
def score_a_little_lower_in_multipart(ask: Ask, serve: Serve) -> Reply:
    given = serve(ask)
    lower = given.compared and ask.content_type.startswith("multipart")
    return given.but(verification_score=given.score * 0.98) if lower else given


@mutant("operation-compares")
@around
def score_a_little_lower_if_the_second_photo_comes_first(ask: Ask, serve: Serve) -> Reply:
    given = serve(ask)
    names = [name for name, _ in ask.fields or []]
    lower = given.compared and names.index(SECOND) < names.index(FIRST)
    return given.but(verification_score=given.score * 0.98) if lower else given


# State between requests


@mutant("operation-stateless", "operation-compares", "second-judged")
def first_answer_cached(parts: Parts) -> Serve:
    kept: list[Reply] = []

    def serve(ask: Ask) -> Reply:
        given = parts.serve(ask)
        if not given.compared:
            return given
        kept.append(given)
        return given.but(verification_score=kept[0].score)

    return serve


@mutant("operation-stateless", "operation-compares", "second-judged")
def answers_cached_by_first_photo(parts: Parts) -> Serve:
    kept: dict[bytes, Reply] = {}

    def serve(ask: Ask) -> Reply:
        given = parts.serve(ask)
        if not given.compared:
            return given
        first = dict(ask.fields or []).get(FIRST, b"")
        return given.but(verification_score=kept.setdefault(first, given).score)

    return serve


@mutant("operation-stateless")
def score_of_the_previous_request(parts: Parts) -> Serve:
    kept: list[float] = []

    def serve(ask: Ask) -> Reply:
        given = parts.serve(ask)
        if not given.compared:
            return given
        kept.append(given.score)
        return given.but(verification_score=kept[max(0, len(kept) - 2)])

    return serve


@mutant("operation-stateless")
def requests_at_the_same_time_mixed_up(parts: Parts) -> Serve:
    """One place for the result, as where threads share an object that is not made for it."""
    place: dict[str, float] = {}

    def serve(ask: Ask) -> Reply:
        given = parts.serve(ask)
        if not given.compared:
            return given
        place["score"] = given.score
        time.sleep(0.003)
        return given.but(verification_score=place["score"])

    return serve


@mutant("operation-stateless")
def score_drifts(parts: Parts) -> Serve:
    """Every comparison moves the next ones a little."""
    count, lock = itertools.count(), Lock()

    def serve(ask: Ask) -> Reply:
        given = parts.serve(ask)
        if not given.compared:
            return given
        with lock:
            return given.but(verification_score=given.score * 0.998 ** next(count))

    return serve


@mutant("operation-stateless")
@on_comparison
def score_trembles(given: Reply) -> Reply:
    """As where the answer depends on what else the machine computes."""
    return given.but(verification_score=given.score * np.random.default_rng().uniform(0.9, 1))
