"""Faults in paths, methods, lengths and connections."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from threading import Lock

from reference_server.answers import http_error
from reference_server.refusals import InvalidArgument
from tests.mutation.parts import Crash, Parts, around, on_answer, on_comparison
from tests.mutation.registry import mutant as mutant_behind_http
from tests.mutation.registry import mutants
from tests.mutation.wire import CONTRACT, Ask, Reply, Serve, reply

Does = Callable[[Ask, Serve], Reply]
Holds = Callable[[Ask], bool]

PATH, POST = CONTRACT.path, CONTRACT.method
ERRORS = (404, 411, 413)
mutant = partial(mutant_behind_http, direct=False)


def where(holds: Holds, does: Does) -> Does:
    """Something else happens to the requests of which something holds."""
    return lambda ask, serve: does(ask, serve) if holds(ask) else serve(ask)


def at_the_path(ask: Ask, serve: Serve) -> Reply:
    """As if the operation's own path were asked."""
    return serve(ask.having(PATH_INFO=PATH))


def by_post(ask: Ask, serve: Serve) -> Reply:
    """As if the method were POST."""
    return serve(ask.having(REQUEST_METHOD=POST))


def with_length(ask: Ask, serve: Serve) -> Reply:
    """As if the length of the body were declared."""
    return serve(ask.with_body(ask.body, ask.content_type))


def crash(ask: Ask, serve: Serve) -> Reply:
    """The server fails."""
    raise Crash


def hang_up(ask: Ask, serve: Serve) -> Reply:
    """The connection is lost."""
    raise ConnectionError


def under(status: int) -> Does:
    """The answer has another status."""
    return lambda ask, serve: serve(ask).under(status)


def post_refused(ask: Ask, serve: Serve) -> Reply:
    """Only PUT compares."""
    if ask.method == POST:
        raise InvalidArgument("use PUT")
    return by_post(ask, serve) if ask.method == "PUT" else serve(ask)


def chunked(ask: Ask) -> bool:
    return ask.chunked


def without_length(ask: Ask) -> bool:
    return not ask.declares_length and not ask.chunked


def asked_by(method: str) -> Holds:
    """Whether the operation is asked by a method."""
    return lambda ask: ask.method == method and ask.path == PATH


NEAR = "status-404-near"
REQUESTS: dict[str, tuple[str, Does]] = {
    # Paths
    "every-path-served": ("status-404", at_the_path),
    "paths-below-served": ("status-404", where(lambda ask: ask.path.startswith(PATH), at_the_path)),
    "unknown-path-crashes": ("status-500 status-404", where(lambda ask: ask.path != PATH, crash)),
    "trailing-slash-served": (NEAR, where(lambda ask: ask.path == f"{PATH}/", at_the_path)),
    "path-in-capitals-served": (NEAR, where(lambda ask: ask.path.lower() == PATH, at_the_path)),
    # Methods
    "post-refused": ("operation-post", post_refused),
    "other-methods-answered-405": (
        NEAR,
        where(lambda ask: ask.method != POST and ask.path == PATH, under(405)),
    ),
    "options-answered-200": (
        NEAR,
        where(
            lambda ask: ask.method == "OPTIONS", lambda ask, serve: Reply(200, b"", {"Allow": POST})
        ),
    ),
    "head-answered-200": (NEAR, where(asked_by("HEAD"), under(200))),
    "get-crashes": (f"status-500 method-refused {NEAR}", where(asked_by("GET"), crash)),
    # Lengths
    "chunked-body-read": ("status-411", where(chunked, with_length)),
    "missing-length-taken-for-none": ("status-411", where(without_length, with_length)),
    "chunked-body-crashes": ("status-411 length-undeclared status-500", where(chunked, crash)),
    "chunked-body-ends-the-connection": (
        "length-undeclared answer-complete",
        where(chunked, hang_up),
    ),
}
for method in ("GET", "PUT", "PATCH", "DELETE"):
    holds = where(lambda ask, method=method: ask.method == method, by_post)  # type: ignore[misc]
    REQUESTS[f"{method.lower()}-compares"] = ("method-refused", holds)
mutants(around, REQUESTS, direct=False)


@mutant("operation-path")
def path_known_to_one_of_three_replicas(parts: Parts) -> Serve:
    count = itertools.count()
    return lambda ask: reply(http_error(404)) if next(count) % 3 else parts.serve(ask)


def raising(make: Callable[[], Exception]) -> Callable[[Reply], Reply]:
    """Instead of the answer something fails."""

    def fail(given: Reply) -> Reply:
        raise make()

    return fail


def of_status(status: int, change: Callable[[Reply], Reply]) -> Callable[[Reply], Reply]:
    """Only answers of one status change."""
    return lambda given: change(given) if given.status == status else given


def in_html(given: Reply) -> Reply:
    """The page that a proxy or a framework brings along."""
    page = f"<html><h1>{given.status}</h1></html>".encode()
    return replace(given, body=page).headed(Content_Type="text/html")


def code_of_success(given: Reply) -> Reply:
    bare = not given.compared and not given.refused
    return given.but(code=CONTRACT.success_code) if bare else given


MALFORMED = partial(InvalidArgument, "the request is malformed")
ANSWERS: dict[str, tuple[str, Callable[[Reply], Reply]]] = {
    "large-body-crashes": ("status-413 status-500", of_status(413, raising(Crash))),
    "large-body-ends-the-connection": (
        "status-413 answer-complete",
        of_status(413, raising(ConnectionError)),
    ),
    "http-errors-with-the-code-of-success": ("http-error-shape refusal-code", code_of_success),
}
for status in ERRORS:
    refused = of_status(status, raising(MALFORMED))
    ANSWERS[f"{status}-answered-as-invalid-argument"] = (f"status-{status}", refused)
    ANSWERS[f"{status}-in-html"] = ("http-error-shape", of_status(status, in_html))
mutants(on_answer, ANSWERS, direct=False)

# Connections, and what happens now and then

mutants(
    on_comparison,
    {
        "json-cut-short": (
            "answer-complete answer-json",
            lambda given: replace(given, body=given.body[:-5]),
        ),
        "declared-length-too-long": (
            "answer-complete",
            lambda given: given.headed(Content_Length=str(len(given.body) + 10)),
        ),
    },
    direct=False,
)


class _Load:
    """How many requests are in work."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._now = 0

    def __enter__(self) -> int:
        with self._lock:
            self._now += 1
            return self._now

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._now -= 1


@mutant("answer-complete", "answer-json")
def json_cut_short_under_load(parts: Parts) -> Serve:
    load = _Load()

    def serve(ask: Ask) -> Reply:
        with load as in_work:
            given = parts.serve(ask)
            time.sleep(0.02)
        return replace(given, body=given.body[: len(given.body) // 2]) if in_work > 4 else given

    return serve


@mutant("status-documented", "status-500")
def overload_answered_503(parts: Parts) -> Serve:
    load = _Load()

    def serve(ask: Ask) -> Reply:
        with load as in_work:
            given = parts.serve(ask)
            time.sleep(0.002)
        return given.under(503) if in_work > 6 else given

    return serve


@mutant("status-500", "operation-stateless")
def requests_at_the_same_time_crash(parts: Parts) -> Serve:
    load = _Load()

    def serve(ask: Ask) -> Reply:
        with load as in_work:
            given = parts.serve(ask)
            time.sleep(0.002)
        return reply(http_error(500)) if in_work > 6 else given

    return serve


@mutant("status-500")
def every_fiftieth_request_crashes(parts: Parts) -> Serve:
    count = itertools.count(1)

    def serve(ask: Ask) -> Reply:
        given = parts.serve(ask)
        return reply(http_error(500)) if next(count) % 50 == 0 else given

    return serve


@mutant("answer-complete")
def every_fiftieth_answer_lost(parts: Parts) -> Serve:
    count = itertools.count(1)

    def serve(ask: Ask) -> Reply:
        given = parts.serve(ask)
        if next(count) % 50 == 0:
            raise ConnectionError
        return given

    return serve
