"""Runs a plan against a server: bounded concurrency, one journal, any number of resumptions."""

from __future__ import annotations

import asyncio
import math
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass

from conformance.calibration.journal import Answer, Journal
from conformance.calibration.pairs import Pair
from conformance.calibration.plan import Plan
from conformance.calibration.server import Server
from conformance.calibration.watch import Watch
from conformance.errors import SuiteError, Unreachable

_PATIENCE = 25


@dataclass(frozen=True, kw_only=True)
class Limits:
    """When a run ends: comparisons in all, and seconds from now on."""

    comparisons: int
    seconds: float = math.inf


@dataclass(kw_only=True)
class _State:
    """What the workers share."""

    places: Iterator[int]
    deadline: float
    interrupted: bool = False
    silent: int = 0
    failure: SuiteError | None = None

    @property
    def over(self) -> bool:
        late = time.monotonic() >= self.deadline
        return self.interrupted or self.failure is not None or late


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
        self._plan = plan
        self._journal = journal
        self._server = server
        self._watch = watch
        self._tell = tell

    async def run(self, limits: Limits) -> bool:
        """Go on to the limits; True if the run came to its end, False if it was interrupted.

        What brought no answer in an earlier part of the run is asked again.

        Raises:
            Unreachable: the server stopped giving answers; what was answered is kept.
            WrongUse: a photo cannot be read.
        """
        settled = [answer for answer in self._journal.answers if answer.trouble is None]
        if self._watch:
            self._watch.add(settled)
        done = {answer.place for answer in settled}
        state = _State(
            places=(place for place in range(limits.comparisons) if place not in done),
            deadline=time.monotonic() + limits.seconds,
        )
        with _interrupting(state):
            workers = range(self._server.manners.concurrency)
            await asyncio.gather(*(self._work(state) for _ in workers))
        if state.failure:
            raise state.failure
        if not state.interrupted:
            self._journal.end(self._why(state))
        return not state.interrupted

    async def settle(self, photos: list[str]) -> None:
        """Compare photos with themselves, to learn in which of them no face is found."""
        asked = {answer.first for answer in self._journal.alone}
        for photo in photos:
            if photo not in asked:
                await self._ask(None, Pair(photo, photo, mated=True))

    async def _work(self, state: _State) -> None:
        try:
            while not (state.over or self._decided):
                place = next(state.places, None)
                if place is None:
                    return
                answer = await self._ask(place, self._plan[place])
                self._give_up_if_silent(answer, state)
        except SuiteError as error:
            state.failure = error

    async def _ask(self, place: int | None, pair: Pair) -> Answer:
        started = time.perf_counter()
        reply = await self._server.ask(pair.first, pair.second)
        seconds = round(time.perf_counter() - started, 4)
        answer = Answer(place=place, **asdict(pair), **asdict(reply), seconds=seconds)
        if self._server.software:
            self._journal.name_software(self._server.software)
        self._journal.add(answer)
        if self._watch and place is not None:
            self._watch.add([answer])
        self._tell(answer)
        return answer

    def _give_up_if_silent(self, answer: Answer, state: _State) -> None:
        useless = answer.trouble is not None or answer.code in self._server.blames_the_request
        state.silent = state.silent + 1 if useless else 0
        if state.silent >= _PATIENCE:
            why = answer.trouble or f"code {answer.code}, which blames the request"
            raise Unreachable(
                f"{_PATIENCE} comparisons in a row brought no result ({why}). "
                "The answers so far are kept: mend it and run the same command again."
            )

    @property
    def _decided(self) -> bool:
        return self._watch is not None and self._watch.stop_at is not None

    def _why(self, state: _State) -> str:
        if self._decided:
            return "decided"
        return "minutes" if next(state.places, None) is not None else "budget"


@contextmanager
def _interrupting(state: _State) -> Iterator[None]:
    """Ctrl-C lets the comparisons under way finish; a second one does not wait."""
    loop = asyncio.get_running_loop()

    def interrupt() -> None:
        state.interrupted = True
        loop.remove_signal_handler(signal.SIGINT)

    loop.add_signal_handler(signal.SIGINT, interrupt)
    try:
        yield
    finally:
        loop.remove_signal_handler(signal.SIGINT)
