"""The real engine, asked once for each pair of photos however many servers share it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from hashlib import blake2b
from threading import Lock

from reference_server.faces.stages import Stages
from reference_server.photo import Photo
from reference_server.refusals import Refusal
from reference_server.verifier import Comparer

Key = tuple[bytes, bytes, bool, bool]


@dataclass(eq=False)
class Remembering:
    """A comparer that computes nothing twice: it keeps scores and refusals, no photo."""

    engine: Comparer
    _found: dict[Key, float | Refusal] = field(default_factory=dict)
    _locks: defaultdict[Key, Lock] = field(default_factory=lambda: defaultdict(Lock))

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
            return self.engine.compare(
                first, second, auto_rotate=auto_rotate, check_quality=check_quality
            )
        except Refusal as refusal:
            return refusal


def _digest(photo: Photo) -> bytes:
    head = repr((photo.pixels.shape, photo.orientation)).encode()
    return blake2b(photo.pixels.tobytes(), key=blake2b(head).digest(), digest_size=16).digest()
