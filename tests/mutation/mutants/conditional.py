"""Mutants made of others: each bites only under a condition, such as one kind of form.

A server is often right until two things come together. Every fault here is one that the suite
kills when it is always there; the condition hides it from requests in which one thing differs.
"""

from __future__ import annotations

from collections.abc import Callable

from tests.mutation.naming import FIRST, PHOTOS, QUALITY, ROTATE, SECOND
from tests.mutation.parts import Build, Parts
from tests.mutation.registry import MODEST, MUTANTS, Candidate
from tests.mutation.serving import served
from tests.mutation.wire import Ask, Reply, Serve

Condition = Callable[[Ask], bool]


def _names(ask: Ask) -> list[str]:
    return [name for name, _ in ask.fields or []]


def _is_on(ask: Ask, switch: str) -> bool:
    return dict(ask.fields or []).get(switch) == b"true"


def _multipart(ask: Ask) -> bool:
    return ask.content_type.startswith("multipart")


def _in_order(ask: Ask, first: str, second: str) -> bool:
    names = _names(ask)
    return first in names and second in names and names.index(first) < names.index(second)


CONDITIONS: dict[str, Condition] = {
    "in multipart fields": lambda ask: _multipart(ask) and b"filename=" not in ask.body,
    "in multipart files": lambda ask: _multipart(ask) and b"filename=" in ask.body,
    "in url-encoded forms": lambda ask: not _multipart(ask),
    "with auto_rotate": lambda ask: _is_on(ask, ROTATE),
    "with check_quality": lambda ask: _is_on(ask, QUALITY),
    "with both options": lambda ask: _is_on(ask, ROTATE) and _is_on(ask, QUALITY),
    "without options": lambda ask: not set(_names(ask)) - set(PHOTOS),
    "with options given as false": lambda ask: b"false" in dict(ask.fields or []).values(),
    "with options first": lambda ask: _names(ask)[:1] in ([ROTATE], [QUALITY]),
    "with the second photo first": lambda ask: _in_order(ask, SECOND, FIRST),
    "with Expect": lambda ask: "HTTP_EXPECT" in ask.environ,
    "in large bodies": lambda ask: len(ask.body) > 300_000,
    "in small bodies": lambda ask: len(ask.body) < 100_000,
}
FAULTS = (
    "first-byte-of-the-tag-ignored",
    "half-of-the-tag-verified",
    "first-character-of-the-key-ignored",
    "first-photo-compared-with-itself",
    "no-face-scores-zero",
    "first-photo-without-face-replaced",
    "second-photo-without-face-replaced",
    "no-face-answered-as-damaged",
    "covered-face-answered-as-damaged",
    "first-photo-optional",
    "second-photo-optional",
    "two-photos-without-a-face-crash",
    "score-inverted",
)
EQUIVALENT = {
    (f"{photo}-photo-optional", "with the second photo first") for photo in ("first", "second")
}
"""A photo that is missing has no place in the order: these are never wrong."""
POSSIBLE_ONLY = {"covered-face-answered-as-damaged": ("with check_quality", "with both options")}


def only(condition: Condition, build: Build) -> Build:
    """A server that is right but where the condition holds."""

    def both(parts: Parts) -> Serve:
        wrong = build(parts)

        def serve(ask: Ask) -> Reply:
            return wrong(ask) if ask.is_operation and condition(ask) else parts.serve(ask)

        return serve

    return both


def _candidate(fault: str, name: str) -> Candidate:
    whole = MUTANTS[fault]
    assert whole.build is not None
    build = only(CONDITIONS[name], whole.build)
    return Candidate(
        name=f"{fault} {name}",
        start=lambda parts: served(build(parts)),
        breaks=whole.breaks,
        profile=MODEST,
    )


for fault in FAULTS:
    for name in CONDITIONS:
        possible = name in POSSIBLE_ONLY.get(fault, CONDITIONS)
        if possible and (fault, name) not in EQUIVALENT:
            MUTANTS.add(_candidate(fault, name))
