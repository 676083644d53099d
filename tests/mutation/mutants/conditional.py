"""Mutants made of others: faults that show only under a condition, and two faults at a time.

A server is often right until two things come together. Every fault here is one that the suite
kills when it is always there; a condition hides it from requests in which one thing differs, such
as the kind of form, and a second fault may mask the first.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from functools import lru_cache
from io import BytesIO

from PIL import Image

from tests.mutation.encryption import PhotoCipher
from tests.mutation.naming import FIRST, PHOTOS, QUALITY, ROTATE, SECOND
from tests.mutation.parts import Build, Parts
from tests.mutation.registry import MODEST, MUTANTS, Candidate
from tests.mutation.serving import served
from tests.mutation.wire import Ask, Reply, Serve

Condition = Callable[[Ask, PhotoCipher], bool]


def _names(ask: Ask) -> list[str]:
    return [name for name, _ in ask.fields or []]


def _is_on(ask: Ask, switch: str) -> bool:
    return dict(ask.fields or []).get(switch) == b"true"


def _is_multipart(ask: Ask) -> bool:
    return ask.content_type.startswith("multipart")


def _in_order(ask: Ask, first: str, second: str) -> bool:
    names = _names(ask)
    return first in names and second in names and names.index(first) < names.index(second)


Kind = tuple[str, tuple[int, int]]


def _photos(ask: Ask, cipher: PhotoCipher) -> list[Kind]:
    """Format and sides of each photo that can be read, whatever its tag is."""
    found = (_kind(value, cipher) for name, value in ask.fields or [] if name in PHOTOS)
    return [kind for kind in found if kind]


@lru_cache(4096)
def _kind(value: bytes, cipher: PhotoCipher) -> Kind | None:
    ciphertext = cipher.from_base64(value)
    if not ciphertext:
        return None
    try:
        with Image.open(BytesIO(cipher.deciphered(ciphertext))) as picture:
            return str(picture.format), picture.size
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None


def _format(name: str) -> Condition:
    return lambda ask, cipher: any(kind == name for kind, _ in _photos(ask, cipher))


BODIES: dict[str, Condition] = {
    "in multipart fields": lambda ask, _: _is_multipart(ask) and b"filename=" not in ask.body,
    "in multipart files": lambda ask, _: _is_multipart(ask) and b"filename=" in ask.body,
    "in url-encoded forms": lambda ask, _: not _is_multipart(ask),
}
OPTIONS: dict[str, Condition] = {
    "with auto_rotate": lambda ask, _: _is_on(ask, ROTATE),
    "with check_quality": lambda ask, _: _is_on(ask, QUALITY),
    "with both options": lambda ask, _: _is_on(ask, ROTATE) and _is_on(ask, QUALITY),
    "without options": lambda ask, _: not set(_names(ask)) - set(PHOTOS),
    "with options given as false": lambda ask, _: b"false" in dict(ask.fields or []).values(),
}
CONDITIONS: dict[str, Condition] = {
    **BODIES,
    **OPTIONS,
    "with options first": lambda ask, _: _names(ask)[:1] in ([ROTATE], [QUALITY]),
    "with the second photo first": lambda ask, _: _in_order(ask, SECOND, FIRST),
    "with Expect": lambda ask, _: "HTTP_EXPECT" in ask.environ,
    "in large bodies": lambda ask, _: len(ask.body) > 300_000,
    "in small bodies": lambda ask, _: len(ask.body) < 100_000,
    "with a JPEG": _format("JPEG"),
    "with a PNG": _format("PNG"),
    "with a GIF": _format("GIF"),
    "with a small photo": lambda ask, cipher: any(
        max(size) <= 250 for _, size in _photos(ask, cipher)
    ),
    "with a photo of 700 px": lambda ask, cipher: any(
        max(size) >= 700 for _, size in _photos(ask, cipher)
    ),
    "with a wide photo": lambda ask, cipher: any(
        size[0] >= 2 * size[1] for _, size in _photos(ask, cipher)
    ),
}
TAGS = (
    "tag-not-verified",
    "tag-verified-only-on-the-first-photo",
    "tag-verified-only-on-the-second-photo",
    "first-byte-of-the-tag-ignored",
    "half-of-the-tag-verified",
    "first-character-of-the-key-ignored",
)
FAULTS = (
    *TAGS,
    "first-photo-compared-with-itself",
    "second-photo-ignored",
    "first-photo-ignored",
    "no-face-scores-zero",
    "first-photo-without-face-replaced",
    "second-photo-without-face-replaced",
    "no-face-answered-as-damaged",
    "covered-face-answered-as-damaged",
    "first-photo-optional",
    "second-photo-optional",
    "two-photos-without-a-face-crash",
    "score-inverted",
    "score-of-yes-or-no",
    "everybody-above-the-recommended-threshold",
    "nobody-above-the-recommended-threshold",
    "everybody-scores-the-same",
    "check-quality-ignored",
    "quality-of-first-not-checked",
    "quality-of-second-not-checked",
    "auto-rotate-ignored",
    "auto-rotate-only-the-first-photo",
    "auto-rotate-only-the-second-photo",
    "auto-rotate-unreadable-taken-as-false",
    "check-quality-unreadable-taken-as-false",
    "damaged-photo-answered-as-invalid-argument",
    "refusals-under-200",
    "score-as-text",
)
QUALITY_ONLY = ("with check_quality", "with both options")
ROTATE_ONLY = ("with auto_rotate", "with both options")
WITHOUT_OPTIONS = ("without options", "with options given as false")
NEVER: dict[str, tuple[str, ...]] = {
    # A photo that is missing has no place in the order.
    "first-photo-optional": ("with the second photo first",),
    "second-photo-optional": ("with the second photo first",),
    # Where the option is not true, there is nothing to ignore.
    "check-quality-ignored": ("with auto_rotate", *WITHOUT_OPTIONS),
    "quality-of-first-not-checked": ("with auto_rotate", *WITHOUT_OPTIONS),
    "quality-of-second-not-checked": ("with auto_rotate", *WITHOUT_OPTIONS),
    "covered-face-answered-as-damaged": ("with auto_rotate", *WITHOUT_OPTIONS),
    "auto-rotate-ignored": ("with check_quality", *WITHOUT_OPTIONS),
    "auto-rotate-only-the-first-photo": ("with check_quality", *WITHOUT_OPTIONS),
    "auto-rotate-only-the-second-photo": ("with check_quality", *WITHOUT_OPTIONS),
    # One of the two options is no boolean, so that both are never true.
    "auto-rotate-unreadable-taken-as-false": (*ROTATE_ONLY, "without options"),
    "check-quality-unreadable-taken-as-false": (*QUALITY_ONLY, "without options"),
}
"""Fault -> conditions under which it is no fault, or the suite has nothing to try it with."""
PAIRS = (
    "tag-not-verified",
    "second-photo-ignored",
    "no-face-scores-zero",
    "first-photo-optional",
    "score-of-yes-or-no",
    "check-quality-ignored",
    "auto-rotate-ignored",
    "damaged-photo-answered-as-invalid-argument",
    "refusals-under-200",
    "options-swapped",
    "everybody-above-the-recommended-threshold",
    "score-tells-equal-files-only",
    "auto-rotate-also-checks-quality",
    "every-refusal-a-1200",
    "request-id-missing-on-refusals",
)


def only(conditions: tuple[Condition, ...], build: Build) -> Build:
    """A server that is right but where the conditions hold."""

    def both(parts: Parts) -> Serve:
        wrong = build(parts)

        def serve(ask: Ask) -> Reply:
            holds = ask.is_operation and all(one(ask, parts.cipher) for one in conditions)
            return wrong(ask) if holds else parts.serve(ask)

        return serve

    return both


def inside(inner: Build, outer: Build) -> Build:
    """A server with both faults; the outer one sees requests first and answers last."""

    def both(parts: Parts) -> Serve:
        return outer(Parts(settings=parts.settings, engine=parts.engine, inside=inner))

    return both


def _build(fault: str) -> Build:
    build = MUTANTS[fault].build
    assert build is not None
    return build


def _generated() -> Iterator[tuple[str, tuple[str, ...], Build]]:
    """The name of each, the faults in it, and how it is built."""
    for fault, name in itertools.product(FAULTS, CONDITIONS):
        if name not in NEVER.get(fault, ()):
            yield f"{fault} {name}", (fault,), only((CONDITIONS[name],), _build(fault))
    for fault, body, options in itertools.product(TAGS, BODIES, OPTIONS):
        conditions = (BODIES[body], OPTIONS[options])
        yield f"{fault} {body} {options}", (fault,), only(conditions, _build(fault))
    for inner, outer in itertools.combinations(PAIRS, 2):
        yield f"{inner} and {outer}", (inner, outer), inside(_build(inner), _build(outer))


def _add(name: str, faults: tuple[str, ...], build: Build) -> None:
    broken = [requirement for fault in faults for requirement in MUTANTS[fault].breaks]
    MUTANTS.add(
        Candidate(
            name=name,
            start=lambda parts: served(build(parts)),
            breaks=tuple(dict.fromkeys(broken)),
            profile=MODEST,
            build=build,
            direct=True,
            models=False,
        )
    )


for generated in list(_generated()):
    _add(*generated)
