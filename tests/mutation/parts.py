"""What a server is made of, and the ways to make another one of it.

A mutant is one function, put in where it bites::

    @mutant("score-range")
    @on_comparison
    def score_scaled_to_100(given: Reply) -> Reply: ...

Such a function may raise a Refusal, Crash, or ConnectionError, which loses the connection.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache, wraps

from reference_server.answers import http_error, refused
from reference_server.app import create_app
from reference_server.pictures import Photo
from reference_server.refusals import PHOTOS, Refusal
from reference_server.settings import Settings
from reference_server.stages import Stages
from reference_server.verifier import Comparer
from tests.mutation.encryption import PhotoCipher
from tests.mutation.remembering import RememberingVerifier
from tests.mutation.wire import Ask, Fields, Reply, Serve, remembered, reply, serving
from verikit.contract import PhotoStandards


@dataclass(frozen=True, kw_only=True)
class Parts:
    """The settings and the engine of the reference application."""

    settings: Settings
    engine: Comparer
    inside: Build | None = None
    """Another fault, in what a mutant is built around."""

    @property
    def cipher(self) -> PhotoCipher:
        return PhotoCipher(self.settings.key, self.settings.iv)

    @property
    def serve(self) -> Serve:
        """The reference application with these parts."""
        return self.inside(replace(self, inside=None)) if self.inside else _serve(self)


@cache
def _serve(parts: Parts) -> Serve:
    app = create_app(parts.settings, RememberingVerifier(parts.settings, parts.engine))
    return remembered(serving(app))


class Crash(Exception):  # noqa: N818 - what the server does, no error of the test
    """The server fails at this point."""


Build = Callable[[Parts], Serve]


@dataclass(frozen=True, eq=False)
class Pair:
    """What the engine is asked: two photos, auto_rotate and check_quality."""

    first: Photo
    second: Photo
    rotate: bool = False
    quality: bool = False

    @property
    def photos(self) -> tuple[Photo, Photo]:
        return self.first, self.second


Compare = Callable[[Pair], float]


def around(handle: Callable[[Ask, Serve], Reply]) -> Build:
    """Between the socket and the application."""

    @wraps(handle)
    def build(parts: Parts) -> Serve:
        serve = parts.serve
        return lambda ask: _answered(handle, ask, serve)

    return build


def _answered(handle: Callable[[Ask, Serve], Reply], ask: Ask, serve: Serve) -> Reply:
    try:
        return handle(ask, serve)
    except Refusal as refusal:
        return reply(refused(refusal))
    except Crash:
        return reply(http_error(500))


def on_answer(change: Callable[[Reply], Reply]) -> Build:
    """Every answer changes."""

    @wraps(change)
    def handle(ask: Ask, serve: Serve) -> Reply:
        return change(serve(ask))

    return around(handle)


def on_comparison(change: Callable[[Reply], Reply]) -> Build:
    """The answer to a comparison changes."""

    @wraps(change)
    def handle(given: Reply) -> Reply:
        return change(given) if given.compared else given

    return on_answer(handle)


def on_refusal(change: Callable[[Reply], Reply]) -> Build:
    """The answer that carries a system code changes."""

    @wraps(change)
    def handle(given: Reply) -> Reply:
        return change(given) if given.refused else given

    return on_answer(handle)


def on_fields(change: Callable[[Fields], Fields]) -> Build:
    """The form changes before it is read."""

    @wraps(change)
    def handle(ask: Ask, serve: Serve) -> Reply:
        fields = ask.fields
        if fields is None:
            return serve(ask)
        changed = change(fields)
        return serve(ask if changed == fields else ask.with_fields(changed))

    return around(handle)


def on_ciphertext(change: Callable[[PhotoCipher, int, bytes], bytes]) -> Build:
    """The ciphertext of each photo change; the number is that of the photo, 0 or 1."""

    @wraps(change)
    def build(parts: Parts) -> Serve:
        cipher = parts.cipher

        def reencrypted(name: str, value: bytes) -> bytes:
            ciphertext = cipher.from_base64(value) if name in PHOTOS else None
            if ciphertext is None:
                return value
            return cipher.to_base64(change(cipher, PHOTOS.index(name), ciphertext))

        return on_fields(lambda form: [(n, reencrypted(n, v)) for n, v in form])(parts)

    return build


def on_file(change: Callable[[int, bytes], bytes]) -> Build:
    """The decrypted file of each photo changes; the number is that of the photo, 0 or 1."""

    @wraps(change)
    def reencrypted(cipher: PhotoCipher, index: int, ciphertext: bytes) -> bytes:
        file = cipher.decrypted(ciphertext)
        return ciphertext if file is None else cipher.encrypted(change(index, file))

    return on_ciphertext(reencrypted)


def on_standards(change: Callable[[PhotoStandards], PhotoStandards]) -> Build:
    """The photo standards are others."""

    @wraps(change)
    def build(parts: Parts) -> Serve:
        standards = change(parts.settings.standards)
        return replace(parts, settings=replace(parts.settings, standards=standards)).serve

    return build


def on_compare(change: Callable[[Compare, Pair], float]) -> Build:
    """The engine compares otherwise."""

    @wraps(change)
    def build(parts: Parts) -> Serve:
        return replace(parts, engine=_Changed(parts.engine, change)).serve

    return build


@dataclass(frozen=True, eq=False)
class _Changed:
    engine: Comparer
    change: Callable[[Compare, Pair], float]

    def compare(
        self,
        first: Photo,
        second: Photo,
        *,
        auto_rotate: bool = False,
        check_quality: bool = False,
        stages: Stages | None = None,
    ) -> float:
        return self.change(self._plainly, Pair(first, second, auto_rotate, check_quality))

    def _plainly(self, pair: Pair) -> float:
        return self.engine.compare(
            pair.first, pair.second, auto_rotate=pair.rotate, check_quality=pair.quality
        )
