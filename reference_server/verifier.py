"""Converts a form into a score."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from math import inf
from threading import Lock
from time import monotonic
from typing import Any, Protocol

from reference_server.compute import ComputeThread
from reference_server.limits import Busy
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


@dataclass(frozen=True, kw_only=True)
class Opened:
    """What a client asks: its two photo files, decrypted, and its switches by name."""

    files: Sequence[bytes]
    switches: Switches


class Verifier:
    """Opens one form after the other, and compares the photos of one after the other.

    A process has one core to itself, so more at a time would not be faster. Forms are opened in the
    threads of their requests, while the photos of another are compared; as photo files wait and no
    pictures, memory is bounded.
    """

    def __init__(self, settings: Settings, engine: Comparer) -> None:
        self._engine = engine
        self._parse = read_form
        self.take_keys(settings)
        self._read = partial(read_photo, standards=settings.standards)
        self._opening = Lock()
        self.thread = ComputeThread()

    @property
    def calibrated(self) -> bool:
        """Whether the scores claim the error rates of the contract."""
        return self._engine.calibrated

    def take_keys(self, settings: Settings) -> None:
        """Decrypt by these settings from now on."""
        self._decrypt = decrypter(settings)

    def open(self, content_type: str, body: bytes, stages: Stages, due: float = inf) -> Opened:
        """The photo files and switches in a form.

        Raises:
            Refusal: the form is refused.
            Busy: its comparison could not be done when it is ``due``.
        """
        end_wait = stages.start("wait")
        with self._turn(due):
            end_wait()
            self.thread.expect(due)
            with stages.time("parse"):
                inputs = read_inputs(self._parse(content_type, body))
            with stages.time("decrypt"):
                files = [self._decrypt(*pair) for pair in zip(PHOTOS, inputs.photos, strict=True)]
        return Opened(files=files, switches=inputs.switches)

    @contextmanager
    def _turn(self, due: float) -> Iterator[None]:
        if not self._opening.acquire(timeout=-1 if due == inf else max(0, due - monotonic())):
            raise Busy("deadline")
        try:
            yield
        finally:
            self._opening.release()

    def score(
        self,
        opened: Opened,
        stages: Stages,
        *,
        due: float = inf,
        is_awaited: Callable[[], bool] = lambda: True,
    ) -> float:
        """The score of two photos; ``due`` and ``is_awaited`` as of ``ComputeThread.run``.

        Raises:
            Refusal: a photo is refused.
            Busy: nothing was computed, or not in time.
        """
        call = partial(self._score, opened, stages, stages.start("wait"))
        return self.thread.run(call, due, is_awaited)

    def look(
        self,
        opened: Opened,
        stages: Stages,
        *,
        due: float = inf,
        is_awaited: Callable[[], bool] = lambda: True,
    ) -> list[dict[str, Any]]:
        """What is seen in each photo, or why it would be refused by itself.

        Raises:
            Busy: nothing was computed, or not in time.
        """
        call = partial(self._look, opened, stages.start("wait"))
        return self.thread.run(call, due, is_awaited)

    def _score(self, opened: Opened, stages: Stages, end_wait: Callable[[], None]) -> float:
        end_wait()
        with stages.time("decode"):
            first, second = judge_each(self._read, opened.files)
        return self._engine.compare(first, second, **opened.switches, stages=stages)

    def _look(self, opened: Opened, end_wait: Callable[[], None]) -> list[dict[str, Any]]:
        end_wait()
        found: list[dict[str, Any]] = []
        for index, file in enumerate(opened.files):
            try:
                photo = self._read(file)
                found.append(self._engine.look(photo, auto_rotate=opened.switches["auto_rotate"]))
            except Refusal as refusal:
                refusal.photo = index
                found.append({"code": refusal.system_code.code, "message": refusal.message})
        return found
