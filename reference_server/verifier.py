"""Converts a form into a score."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from math import inf
from typing import Any, Protocol

from reference_server.compute import ComputeThread
from reference_server.pictures import Photo
from reference_server.refusals import PHOTOS, Refusal, judge_each
from reference_server.request.decryption import decrypter
from reference_server.request.form import Switches, read_form, read_inputs
from reference_server.request.photo import read_photo
from reference_server.settings import Settings
from reference_server.stages import Stages


class Comparer(Protocol):
    """What compares two photos: the engine, or a stand-in for tests of the HTTP side."""

    @property
    def calibrated(self) -> bool:
        """Whether the scores claim the error rates of the contract."""

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

    def look(self, photo: Photo, *, auto_rotate: bool = False) -> dict[str, Any]:
        """What a comparison would see in one photo, as of ``faces.seen``; raises NoFaceFound."""


class Verifier:
    """Parses, decrypts, decodes and compares, one request after the other.

    A process has one core to itself, so more at a time would not be faster; and as only bodies
    wait, in the order they came, its memory is bounded.
    """

    def __init__(self, settings: Settings, engine: Comparer) -> None:
        self._engine = engine
        self._parse = read_form
        self.take_keys(settings)
        self._read = partial(read_photo, standards=settings.standards)
        self.thread = ComputeThread()

    @property
    def calibrated(self) -> bool:
        """Whether the scores claim the error rates of the contract."""
        return self._engine.calibrated

    def take_keys(self, settings: Settings) -> None:
        """Decrypt by these settings from now on."""
        self._decrypt = decrypter(settings)

    def score(
        self,
        content_type: str,
        body: bytes,
        stages: Stages,
        *,
        due: float = inf,
        is_awaited: Callable[[], bool] = lambda: True,
    ) -> float:
        """The score that a form asks for; ``due`` and ``is_awaited`` as of ``ComputeThread.run``.

        Raises:
            Refusal: the form or a photo is refused.
            Busy: nothing was computed, or not in time.
        """
        call = partial(self._score, content_type, body, stages, stages.start("wait"))
        return self.thread.run(call, due, is_awaited)

    def look(
        self,
        content_type: str,
        body: bytes,
        stages: Stages,
        *,
        due: float = inf,
        is_awaited: Callable[[], bool] = lambda: True,
    ) -> list[dict[str, Any]]:
        """What is seen in each photo of a form, or why it would be refused by itself.

        Raises:
            Refusal: the form is refused.
            Busy: nothing was computed, or not in time.
        """
        call = partial(self._look, content_type, body, stages, stages.start("wait"))
        return self.thread.run(call, due, is_awaited)

    def score_files(self, files: Sequence[bytes], due: float = inf) -> float:
        """The score of two photo files.

        Raises:
            Busy: it will not be there, or was not there, when it was due.
        """
        return self.thread.run(partial(self._compare, files, {}, Stages()), due)

    def _score(
        self, content_type: str, body: bytes, stages: Stages, end_wait: Callable[[], None]
    ) -> float:
        end_wait()
        files, switches = self._open(content_type, body, stages)
        return self._compare(files, switches, stages)

    def _look(
        self, content_type: str, body: bytes, stages: Stages, end_wait: Callable[[], None]
    ) -> list[dict[str, Any]]:
        end_wait()
        files, switches = self._open(content_type, body, stages)
        found: list[dict[str, Any]] = []
        for index, file in enumerate(files):
            try:
                photo = self._read(file)
                found.append(self._engine.look(photo, auto_rotate=switches["auto_rotate"]))
            except Refusal as refusal:
                refusal.photo = index
                found.append({"code": refusal.system_code.code, "message": refusal.message})
        return found

    def _open(self, content_type: str, body: bytes, stages: Stages) -> tuple[list[bytes], Switches]:
        with stages.time("parse"):
            inputs = read_inputs(self._parse(content_type, body))
        with stages.time("decrypt"):
            files = [self._decrypt(*pair) for pair in zip(PHOTOS, inputs.photos, strict=True)]
        return files, inputs.switches

    def _compare(self, files: Sequence[bytes], switches: Switches, stages: Stages) -> float:
        with stages.time("decode"):
            first, second = judge_each(self._read, files)
        return self._engine.compare(first, second, **switches, stages=stages)
