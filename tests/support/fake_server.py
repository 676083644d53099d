"""The HTTP side with an engine that answers at once; run as a script it serves on a free port."""

import json
import os
import sys
import time
from fcntl import LOCK_EX, LOCK_SH, flock
from pathlib import Path

from reference_server.app import create_app
from reference_server.limits import Limits
from reference_server.pictures import Photo
from reference_server.process import serve
from reference_server.process.serve import Processes, bind, run, url
from reference_server.refusals import FaceCovered, NoFaceFound
from reference_server.settings import Settings
from reference_server.verifier import Verifier

GATE = "VERIKIT_TEST_GATE"
BROKEN = "VERIKIT_TEST_BROKEN"
"""Where it is in the environment, no comparison succeeds."""


class Gate:
    """A file that is locked until the gate opens; it stays open."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = path.open("w")
        flock(self._file, LOCK_EX)

    def open(self) -> None:
        self._file.close()


class FakeEngine:
    """Equal photos score 0.9, others 0.1; black shows no face, white a covered one.

    A green photo breaks it, with an error text that must not be seen outside; a red one takes a
    quarter of a second, a magenta one hangs, and a yellow one waits until the gate opens whose path
    is in the environment.
    """

    calibrated = True

    def __init__(self) -> None:
        self.calls: list[dict[str, bool]] = []

    def compare(
        self, first: Photo, second: Photo, *, stages: object = None, **asked: bool
    ) -> float:
        self.calls.append(asked)
        if BROKEN in os.environ:
            raise RuntimeError("secret of the engine")
        for index, photo in enumerate((first, second)):
            self._look(index, photo.pixels.mean(axis=(0, 1)), asked)
        same = first.pixels.shape == second.pixels.shape and (first.pixels == second.pixels).all()
        return 0.9 if same else 0.1

    @staticmethod
    def _look(index: int, colour: object, asked: dict[str, bool]) -> None:
        red, green, blue = (int(value) for value in colour)  # type: ignore[attr-defined]
        if max(red, green, blue) < 5:
            raise NoFaceFound(index)
        if min(red, green, blue) > 250 and asked.get("check_quality"):
            raise FaceCovered(index, ("mouth",))
        if red > 250 and green < 5:
            time.sleep(600 if blue > 250 else 0.25)
        if min(red, green) > 250 and blue < 5:
            with Path(os.environ[GATE]).open() as gate:
                flock(gate, LOCK_SH)
        if green > 250 and red < 5:
            raise RuntimeError("secret of the engine")


if "COVERAGE_PROCESS_CONFIG" in os.environ:  # a worker that is locked down writes no measurements
    serve.lock_down = lambda: ("landlock", "seccomp")

if __name__ == "__main__":
    listener = bind("127.0.0.1", 0)
    address = url(listener)
    told = Path(sys.argv[4]).open("w") if len(sys.argv) > 4 else sys.stdout  # noqa: SIM115 - kept
    workers, threads, limits = (json.loads(argument) for argument in sys.argv[1:4])
    settings = Settings.from_environment(os.environ, limits=Limits(**limits))
    run(
        create_app(settings, Verifier(settings, FakeEngine())),
        listener,
        Processes(workers=workers, threads=threads, log_level="info"),
        lambda: print(address, file=told, flush=True),
    )
