"""Runs a plan against a server from this process: one journal, any number of resumptions."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

from calibration.asking.answers import Answer, left_alone
from calibration.asking.asker import Asker
from calibration.asking.interruption import Interruption
from calibration.asking.journal import Journal
from calibration.asking.server import Server
from calibration.asking.watch import Watch
from calibration.sources.sampling import Plan


@dataclass(frozen=True, kw_only=True)
class Limits:
    """When a run ends: comparisons in all, and seconds from now on."""

    comparisons: int
    seconds: float = math.inf


class Collector:
    """Asks the pairs of a plan that the journal has no answer for."""

    def __init__(
        self,
        plan: Plan,
        journal: Journal,
        server: Server,
        watch: Watch | None,
        tell: Callable[[Answer], None] = lambda answer: None,
    ) -> None:
        self._journal = journal
        self._server = server
        self._watch = watch
        self._tell = tell
        self._asker = Asker(plan, server, self._hear)

    async def run(self, limits: Limits) -> bool:
        """Go on to the limits; True if the run came to its end, False if it was interrupted.

        What brought no answer in an earlier part of the run is asked again.

        Raises:
            Unreachable: the server stopped giving answers; what was answered is kept.
            WrongUse: a photo cannot be read.
        """
        settled = [answer for answer in self._journal.answers if answer.settled]
        if self._watch:
            self._watch.add(settled)
        done = {answer.place for answer in settled}
        places = (place for place in range(limits.comparisons) if place not in done)
        deadline = time.monotonic() + limits.seconds
        with Interruption() as interruption:
            await self._asker.ask_all(
                places,
                lambda: interruption.came or self._decided or time.monotonic() >= deadline,
            )
        if not interruption.came:
            late = next(places, None) is not None
            self._journal.end("decided" if self._decided else "minutes" if late else "budget")
        return not interruption.came

    async def settle(self, photos: list[str]) -> None:
        """Compare photos with themselves, to learn in which of them no face is found."""
        await self._asker.ask_alone(left_alone(self._journal, photos))

    def _hear(self, answer: Answer) -> None:
        if self._server.software:
            self._journal.name_software(self._server.software)
        self._journal.add(answer)
        if self._watch and answer.place is not None:
            self._watch.add([answer])
        self._tell(answer)

    @property
    def _decided(self) -> bool:
        return self._watch is not None and self._watch.stop_at is not None
