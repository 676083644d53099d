"""Whether this process lives and can compare photos, shown by doing it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from math import inf
from time import monotonic

from reference_server.refusals import FaceCovered, NoFaceFound
from reference_server.stages import Stages
from reference_server.verifier import Verifier
from verikit.contract import load_contract
from verikit.portraits import head, jpeg

CONTRACT = load_contract()

FRESH_SECONDS = 10.0


class Unhealthy(Exception):  # noqa: N818 - a finding of the check
    """The comparison ran, but its score is absurd."""


class Health:
    """Remembers for a while that photos were compared, or at least judged by the engine.

    The portrait waits behind every request that is there: were refusals no sign of life, a server
    that is busy refusing would be killed for being slow to say so.
    """

    def __init__(self, verifier: Verifier) -> None:
        self._verifier = verifier
        self._portrait = jpeg(head("collins", 160))
        self._judged = self._compared = -inf

    @contextmanager
    def watch(self) -> Iterator[None]:
        """Note how the comparison of a request ends."""
        try:
            yield
        except (NoFaceFound, FaceCovered):
            self._judged = monotonic()
            raise
        self._compared = monotonic()

    def check_alive(self) -> None:
        """Compare the portrait with itself, unless the engine has judged a photo lately.

        Raises:
            Exception: whatever kept the comparison from a high score.
        """
        if not _is_fresh(self._judged):
            self.check()

    def check(self) -> None:
        """Compare the portrait with itself, unless a comparison has succeeded lately.

        Raises:
            Exception: whatever kept the comparison from a high score.
        """
        if _is_fresh(self._compared):
            return
        score = self._verifier.score_files([self._portrait, self._portrait], Stages())
        if not score > CONTRACT.error_rates.recommended_above:
            raise Unhealthy(f"a photo scores {score} against itself")
        self._compared = monotonic()


def _is_fresh(moment: float) -> bool:
    return monotonic() - moment < FRESH_SECONDS
