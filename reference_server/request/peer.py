"""What the worker knows of the client behind a request: when it asked, whether it still waits."""

from __future__ import annotations

import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

KEY = "verikit.peer"
"""Of the WSGI environment."""


JUST_ASKED_SECONDS = 1.0


def _nothing() -> None:
    pass


@dataclass(frozen=True, kw_only=True)
class Peer:
    """``arrived``: when the request began, by ``time.monotonic``; ``is_leaving``: whether this
    worker only finishes what it has begun; ``proceed`` and ``received``: to be called before the
    body is read, and when it has come.
    """

    arrived: float = field(default_factory=monotonic)
    connection: socket.socket | None = None
    is_leaving: bool = False
    proceed: Callable[[], object] = _nothing
    received: Callable[[], object] = _nothing

    def is_there(self) -> bool:
        """Whether the client still waits: it has not closed its side, or only just asked.

        Some close their side when they have said all and wait nevertheless; while the server is
        not busy they get their answer.
        """
        if self.connection is None or monotonic() - self.arrived < JUST_ASKED_SECONDS:
            return True
        try:
            return self.connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) != b""
        except BlockingIOError:
            return True
        except OSError:
            return False


def peer_of(environ: dict[str, Any]) -> Peer:
    """The peer that the worker stored in the WSGI environment, else one that just arrived."""
    peer: Peer = environ.setdefault(KEY, Peer())
    return peer
