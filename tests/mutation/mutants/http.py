"""Faults in paths, methods, lengths and connections."""

from __future__ import annotations

import itertools
import time
from dataclasses import replace
from functools import partial
from threading import Lock

from reference_server.answers import http_error
from reference_server.refusals import InvalidArgument
from tests.mutation.parts import Crash, Parts, around, on_answer, on_comparison
from tests.mutation.registry import mutant as mutant_behind_http
from tests.mutation.wire import CONTRACT, Ask, Reply, Serve, reply

mutant = partial(mutant_behind_http, direct=False)
PATH, POST = CONTRACT.path, CONTRACT.method

# Paths


@mutant("operation-path")
@around
def path_redirected_to_a_slash(ask: Ask, serve: Serve) -> Reply:
    """As frameworks do whose route ends with a slash."""
    if ask.path == PATH:
        return Reply(308, b"").headed(Location=f"{PATH}/")
    return serve(ask.having(PATH_INFO=PATH)) if ask.path == f"{PATH}/" else serve(ask)


@mutant("status-404")
@around
def every_path_served(ask: Ask, serve: Serve) -> Reply:
    return serve(ask.having(PATH_INFO=PATH))


@mutant("status-404")
@around
def paths_below_served(ask: Ask, serve: Serve) -> Reply:
    return serve(ask.having(PATH_INFO=PATH) if ask.path.startswith(PATH) else ask)


@mutant("status-500", "status-404")
@around
def unknown_path_crashes(ask: Ask, serve: Serve) -> Reply:
    if ask.path != PATH:
        raise Crash
    return serve(ask)


@mutant("status-404-near")
@around
def trailing_slash_served(ask: Ask, serve: Serve) -> Reply:
    return serve(ask.having(PATH_INFO=PATH) if ask.path == f"{PATH}/" else ask)


@mutant("status-404-near")
@around
def path_in_capitals_served(ask: Ask, serve: Serve) -> Reply:
    return serve(ask.having(PATH_INFO=PATH) if ask.path.lower() == PATH else ask)


# Methods


@mutant("operation-post")
@around
def post_refused(ask: Ask, serve: Serve) -> Reply:
    if ask.method == POST:
        raise InvalidArgument("use PUT")
    return serve(ask.having(REQUEST_METHOD=POST) if ask.method == "PUT" else ask)


def method_served(method: str, ask: Ask, serve: Serve) -> Reply:
    """Another method compares as well."""
    return serve(ask.having(REQUEST_METHOD=POST) if ask.method == method else ask)


for method in ("GET", "PUT", "PATCH", "DELETE"):
    mutant("method-refused", name=f"{method.lower()}_compares")(
        around(partial(method_served, method))
    )


@mutant("status-404-near")
@around
def other_methods_answered_405(ask: Ask, serve: Serve) -> Reply:
    given = serve(ask)
    return given.under(405) if ask.method != POST and ask.path == PATH else given


@mutant("status-404-near")
@around
def options_answered_200(ask: Ask, serve: Serve) -> Reply:
    if ask.method == "OPTIONS":
        return Reply(200, b"", {"Allow": POST})
    return serve(ask)


@mutant("status-404-near")
@around
def head_answered_200(ask: Ask, serve: Serve) -> Reply:
    """As frameworks do that answer HEAD for every route."""
    given = serve(ask)
    return given.under(200) if ask.method == "HEAD" and ask.path == PATH else given


@mutant("status-500", "method-refused", "status-404-near")
@around
def get_crashes(ask: Ask, serve: Serve) -> Reply:
    if ask.method == "GET" and ask.path == PATH:
        raise Crash
    return serve(ask)


# Lengths


@mutant("status-411")
@around
def chunked_body_read(ask: Ask, serve: Serve) -> Reply:
    return serve(ask.with_body(ask.body, ask.content_type) if ask.chunked else ask)


@mutant("status-411")
@around
def missing_length_taken_for_none(ask: Ask, serve: Serve) -> Reply:
    if ask.declares_length or ask.chunked:
        return serve(ask)
    return serve(ask.with_body(b"", ask.content_type))


@mutant("status-411", "length-undeclared", "status-500")
@around
def chunked_body_crashes(ask: Ask, serve: Serve) -> Reply:
    if ask.chunked:
        raise Crash
    return serve(ask)


@mutant("length-undeclared", "answer-complete")
@around
def chunked_body_ends_the_connection(ask: Ask, serve: Serve) -> Reply:
    if ask.chunked:
        raise ConnectionError
    return serve(ask)


def an_invalid_argument(status: int, given: Reply) -> Reply:
    """An HTTP error is answered as a refusal."""
    if given.status == status:
        raise InvalidArgument("the request is malformed")
    return given


for status in (404, 411, 413):
    mutant(f"status-{status}", name=f"{status}_answered_as_invalid_argument")(
        on_answer(partial(an_invalid_argument, status))
    )


@mutant("status-413", "status-500")
@on_answer
def large_body_crashes(given: Reply) -> Reply:
    if given.status == 413:
        raise Crash
    return given


@mutant("status-413", "answer-complete")
@on_answer
def large_body_ends_the_connection(given: Reply) -> Reply:
    if given.status == 413:
        raise ConnectionError
    return given


def in_html(status: int, given: Reply) -> Reply:
    """The page that a proxy or a framework brings along."""
    if given.status != status:
        return given
    page = f"<html><h1>{status}</h1></html>".encode()
    return replace(given, body=page).headed(Content_Type="text/html")


for status in (404, 411, 413):
    mutant("http-error-shape", name=f"{status}_in_html")(on_answer(partial(in_html, status)))


@mutant("http-error-shape", "refusal-code")
@on_answer
def http_errors_with_the_code_of_success(given: Reply) -> Reply:
    bare = not given.compared and not given.refused
    return given.but(code=CONTRACT.success_code) if bare else given


# Connections, and what happens now and then


@mutant("answer-complete", "answer-json")
@on_comparison
def json_cut_short(given: Reply) -> Reply:
    return replace(given, body=given.body[:-5])


@mutant("answer-complete")
@on_comparison
def declared_length_too_long(given: Reply) -> Reply:
    return given.headed(Content_Length=str(len(given.body) + 10))


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
