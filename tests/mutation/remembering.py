"""The real work, done once for each request and pair of photos however many servers share it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache, lru_cache, partial
from hashlib import blake2b
from threading import Lock

from conformance.requests.writing import wire
from reference_server.pictures import Photo
from reference_server.refusals import Refusal
from reference_server.request.decryption import decrypter
from reference_server.request.form import read_form
from reference_server.request.photo import read_photo
from reference_server.settings import Settings
from reference_server.stages import Stages
from reference_server.verifier import Comparer, Verifier
from verikit.contract import PhotoStandards

Key = tuple[bytes, bytes, bool, bool]

MEMORY = 1024
"""Requests of which each step is kept; a run of the suite sends fewer."""

remembered_wire = lru_cache(MEMORY)(wire)
remembered_form = lru_cache(MEMORY)(read_form)


class RememberingVerifier(Verifier):
    """Parses, decrypts and decodes nothing twice; the steps are the reference server's own."""

    def __init__(self, settings: Settings, engine: Comparer) -> None:
        super().__init__(settings, engine)
        self._parse = remembered_form
        self._decrypt = _remembered_decrypter(settings)
        self._read = _remembered_reader(settings.standards)


@cache
def _remembered_decrypter(settings: Settings) -> Callable[[str, bytes], bytes]:
    return lru_cache(MEMORY)(decrypter(settings))


@cache
def _remembered_reader(standards: PhotoStandards) -> Callable[[bytes], Photo]:
    return lru_cache(MEMORY)(partial(read_photo, standards=standards))


@dataclass(eq=False)
class Remembering:
    """A comparer that computes nothing twice: it keeps scores and refusals, no photo."""

    engine: Comparer
    _found: dict[Key, float | Refusal] = field(default_factory=dict)
    _locks: defaultdict[Key, Lock] = field(default_factory=lambda: defaultdict(Lock))
    _engine_is_busy: Lock = field(default_factory=Lock)  # several servers share one engine

    def compare(
        self,
        first: Photo,
        second: Photo,
        *,
        auto_rotate: bool = False,
        check_quality: bool = False,
        stages: Stages | None = None,
    ) -> float:
        key = (_digest(first), _digest(second), auto_rotate, check_quality)
        with self._locks[key]:
            if key not in self._found:
                self._found[key] = self._compute(first, second, auto_rotate, check_quality)
        found = self._found[key]
        if isinstance(found, Refusal):
            raise found.with_traceback(None)
        return found

    def _compute(
        self, first: Photo, second: Photo, auto_rotate: bool, check_quality: bool
    ) -> float | Refusal:
        try:
            with self._engine_is_busy:
                return self.engine.compare(
                    first, second, auto_rotate=auto_rotate, check_quality=check_quality
                )
        except Refusal as refusal:
            return refusal


@lru_cache(MEMORY)
def _digest(photo: Photo) -> bytes:
    head = repr((photo.pixels.shape, photo.orientation)).encode()
    return blake2b(photo.pixels.tobytes(), key=blake2b(head).digest(), digest_size=16).digest()
