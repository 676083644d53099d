"""Whether this process can compare photos, shown by doing it."""

from __future__ import annotations

from pathlib import Path
from time import monotonic

from contract import load_contract
from reference_server.faces.stages import Stages
from reference_server.verifier import Verifier

CONTRACT = load_contract()

PORTRAIT = Path(__file__).with_name("portrait.jpg")
"""Eileen Collins, photographed by NASA: in the public domain."""

FRESH_SECONDS = 10.0


class Unhealthy(Exception):  # noqa: N818 - a finding of the check
    """The comparison ran, but its score is absurd."""


class Health:
    """Remembers for a while that a comparison has succeeded."""

    def __init__(self, verifier: Verifier) -> None:
        self._verifier = verifier
        self._portrait = PORTRAIT.read_bytes()
        self._succeeded: float | None = None

    def note_success(self) -> None:
        """A comparison has just succeeded."""
        self._succeeded = monotonic()

    def check(self) -> None:
        """Compare the portrait with itself, unless a comparison has succeeded lately.

        Raises:
            Exception: whatever kept the comparison from a high score.
        """
        if self._succeeded is not None and monotonic() - self._succeeded < FRESH_SECONDS:
            return
        score = self._verifier.score_files([self._portrait, self._portrait], Stages())
        if not score > CONTRACT.error_rates.recommended_above:
            raise Unhealthy(f"a photo scores {score} against itself")
        self.note_success()
