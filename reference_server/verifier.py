"""From the parameters of a request to a score."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Protocol

from reference_server.faces.compute import ComputeThread
from reference_server.faces.stages import Stages
from reference_server.inputs import Inputs
from reference_server.photo import Photo, read_photo
from reference_server.refusals import PHOTOS, judge_each
from reference_server.sealed import unsealer
from reference_server.settings import Settings


class Comparer(Protocol):
    """What compares two photos: the engine, or a stand-in for tests of the HTTP side."""

    def compare(
        self,
        first: Photo,
        second: Photo,
        *,
        auto_rotate: bool = False,
        check_quality: bool = False,
        stages: Stages | None = None,
    ) -> float:
        """The score in [0, 1]; raises NoFaceFound or FaceCovered with the photo's index."""


class Verifier:
    """Unseals, decodes and compares.

    One photo at a time is decoded, in a thread of its own: that bounds the memory of a process,
    however many requests wait.
    """

    def __init__(self, settings: Settings, engine: Comparer) -> None:
        self._engine = engine
        self._unseal = unsealer(settings)
        self._read = partial(read_photo, standards=settings.standards)
        self._decoding = ComputeThread()

    def score(self, inputs: Inputs, stages: Stages) -> float:
        """The score of a request.

        Raises:
            Refusal: the request or a photo is refused.
        """
        with stages.time("unseal"):
            files = [self._unseal(*pair) for pair in zip(PHOTOS, inputs.photos, strict=True)]
        return self.compare(
            files, auto_rotate=inputs.auto_rotate, check_quality=inputs.check_quality, stages=stages
        )

    def compare(
        self, files: Sequence[bytes], *, auto_rotate: bool, check_quality: bool, stages: Stages
    ) -> float:
        """The score of two photo files."""
        first, second = self._decoding.run(partial(self._decode, files, stages))
        return self._engine.compare(
            first, second, auto_rotate=auto_rotate, check_quality=check_quality, stages=stages
        )

    def _decode(self, files: Sequence[bytes], stages: Stages) -> list[Photo]:
        with stages.time("decode"):
            return judge_each(self._read, files)
