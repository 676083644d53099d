"""Checks whether this process can compare photos, by doing so."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from math import inf
from time import monotonic

from reference_server.stages import Stages
from reference_server.verifier import Opened, Verifier
from verikit.contract import load_contract
from verikit.portraits import head, jpeg

CONTRACT = load_contract()

FRESH_SECONDS = 10.0
PATIENCE_SECONDS = 5.0
"""How long a comparison may take that nobody has asked for but a probe."""


class Unhealthy(Exception):  # noqa: N818 - a finding of the check
    """The comparison ran, but its score is absurd."""


class Health:
    """Remembers for a while that photos were compared."""

    def __init__(self, verifier: Verifier) -> None:
        self._verifier = verifier
        self._portrait = jpeg(head("collins", 160))
        self._compared = -inf

    @contextmanager
    def watch(self) -> Iterator[None]:
        """Note that the comparison of a request succeeds."""
        yield
        self._compared = monotonic()

    def check(self, patience: float = PATIENCE_SECONDS) -> None:
        """Compare the portrait with itself, unless a comparison has succeeded lately.

        Raises:
            Busy: there are too many requests before it.
            Exception: whatever else kept the comparison from a high score.
        """
        now = monotonic()
        if now - self._compared < FRESH_SECONDS:
            return
        opened = Opened(files=[self._portrait, self._portrait], switches={})
        score = self._verifier.score(opened, Stages(), due=now + patience)
        if not score > CONTRACT.error_rates.recommended_above:
            raise Unhealthy(f"a photo scores {score} against itself")
        self._compared = monotonic()
