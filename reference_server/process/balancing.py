"""Balances clients over the workers by their load."""

from __future__ import annotations

from time import monotonic, sleep

from reference_server.monitoring.metrics import Metrics

NAP_SECONDS = 0.0005
PATIENCE_SECONDS = 0.05


class ConnectionBalancer:
    """What one worker does so that none idles while others have requests waiting.

    A connection that is kept alive stays with its worker, so chance alone would give one of them
    all busy clients. Hence new connections are left to whoever holds fewer requests, and where
    requests still wait that another worker could take, a connection ends with its answer.
    """

    def __init__(self, metrics: Metrics, row: int) -> None:
        self._metrics, self._row = metrics, row
        self._left_since: float | None = None

    @property
    def is_ahead(self) -> bool:
        """Whether another worker holds fewer requests."""
        held = self._metrics.held_by_worker()
        return held.get(self._row, 0) > min(held.values(), default=0)

    def leaves_connection(self) -> bool:
        """Whether a new connection is for another worker; after a while it is not: that one may
        hang."""
        if not self.is_ahead:
            self._left_since = None
            return False
        now = monotonic()
        if self._left_since is None:
            self._left_since = now
        if now - self._left_since > PATIENCE_SECONDS:
            self._left_since = None
            return False
        sleep(NAP_SECONDS)  # the connection stays readable: do not spin until it is taken
        return True
