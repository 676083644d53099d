"""Faults by which one request gets something of another, or takes its place."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from functools import partial
from operator import itemgetter
from threading import BoundedSemaphore

from reference_server.answers import http_error
from tests.mutation.direct import CONNECTION, PAUSED
from tests.mutation.naming import FIRST, PHOTOS, QUALITY, ROTATE
from tests.mutation.parts import Parts
from tests.mutation.registry import mutant
from tests.mutation.wire import Ask, Reply, Serve, reply

LATE, PLACES = 60, 48
"""Requests of one connection, and requests at once, above which a server refuses more."""
START = 100_000
"""Characters of a photo by which a cache tells it from others."""


@mutant("operation-stateless")
def missing_parameters_taken_from_the_connection(parts: Parts) -> Serve:
    kept: dict[object, dict[str, bytes]] = {}

    def serve(ask: Ask) -> Reply:
        if ask.fields is None:
            return parts.serve(ask)
        known = kept.setdefault(ask.environ.get(CONNECTION), {})
        known |= dict(ask.fields)
        return parts.serve(ask.with_fields(list(known.items())))

    return serve


@mutant("http-fields")
def request_after_a_hundred_dropped(parts: Parts) -> Serve:
    count: dict[object, int] = {}

    def serve(ask: Ask) -> Reply:
        connection = ask.environ.get(CONNECTION)
        count[connection] = count.get(connection, 0) + 1
        if count[connection] == 101:
            raise ConnectionError
        return parts.serve(ask)

    return serve


@mutant("operation-stateless", "status-500", direct=False)
def uploads_given_up_take_their_place_along(parts: Parts) -> Serve:
    """After some of them there is no place for another request."""
    lost: list[int] = []

    def serve(ask: Ask) -> Reply:
        if len(ask.body) < int(ask.environ.get("CONTENT_LENGTH") or 0):
            lost.append(len(ask.body))
        return reply(http_error(500)) if len(lost) >= 8 else parts.serve(ask)

    return serve


@mutant("operation-stateless")
def options_remembered_by_a_cookie(parts: Parts) -> Serve:
    options = (ROTATE, QUALITY)

    def serve(ask: Ask) -> Reply:
        fields = dict(ask.fields or [])
        said = [name for name in options if fields.get(name) == b"true"]
        if said:
            return parts.serve(ask).headed(Set_Cookie=f"on={said[0]}; Path=/")
        remembered = ask.environ.get("HTTP_COOKIE", "").removeprefix("on=")
        if remembered in options and fields:
            return parts.serve(ask.with_fields([*fields.items(), (remembered, b"true")]))
        return parts.serve(ask)

    return serve


def cached(keeps: Callable[[Reply], bool], parts: Parts) -> Serve:
    """What was answered about two photos is answered again, whatever the options are."""
    kept: dict[tuple[bytes, ...], Reply] = {}

    def serve(ask: Ask) -> Reply:
        fields = dict(ask.fields or [])
        photos = tuple(fields.get(name, b"") for name in PHOTOS)
        if photos in kept and all(photos):
            return kept[photos].but(request_id=parts.serve(ask).fields["request_id"])
        given = parts.serve(ask)
        if keeps(given) and fields.get(FIRST):
            kept[photos] = given
        return given

    return serve


for name, keeps in (
    ("scores", lambda given: given.compared),
    ("refusals", lambda given: given.code in (4000, 4004)),
):
    mutant(
        "operation-stateless",
        "auto-rotate-true",
        "check-quality-true",
        name=f"{name}_cached_without_options",
    )(partial(cached, keeps))


@mutant("operation-stateless")
def turned_photos_stay_turned(parts: Parts) -> Serve:
    kept: set[bytes] = set()

    def serve(ask: Ask) -> Reply:
        fields = dict(ask.fields or [])
        photos = {fields[name] for name in PHOTOS if name in fields}
        if fields.get(ROTATE) == b"true":
            kept.update(photos)
        elif photos & kept:
            return parts.serve(ask.with_fields(list((fields | {ROTATE: b"true"}).items())))
        return parts.serve(ask)

    return serve


def told_apart(by: Callable[[bytes], object], parts: Parts) -> Serve:
    """Of photos that are alike in this, the first one counts."""
    kept: dict[object, bytes] = {}

    def serve(ask: Ask) -> Reply:
        fields = [
            (name, kept.setdefault(by(value), value) if name in PHOTOS else value)
            for name, value in ask.fields or []
        ]
        return parts.serve(ask.with_fields(fields) if fields else ask)

    return serve


for how, alike in (("start", itemgetter(slice(START))), ("length", len)):
    mutant("operation-stateless", name=f"photos_told_apart_by_their_{how}")(
        partial(told_apart, alike)
    )


@mutant("status-documented")
def many_requests_of_a_connection_answered_429(parts: Parts) -> Serve:
    count: Counter[object] = Counter()

    def serve(ask: Ask) -> Reply:
        count[ask.environ.get(CONNECTION)] += 1
        late = count[ask.environ.get(CONNECTION)] > LATE
        return parts.serve(ask).under(429) if late else parts.serve(ask)

    return serve


@mutant("status-500")
def more_than_some_at_once_crash(parts: Parts) -> Serve:
    places = BoundedSemaphore(PLACES)

    def serve(ask: Ask) -> Reply:
        if not places.acquire(blocking=False):
            return reply(http_error(500))
        try:
            time.sleep(min(0.5, ask.environ.get(PAUSED, 0.0)))
            return parts.serve(ask)
        finally:
            places.release()

    return serve
