"""Asks a server one pair after another, with bounded concurrency."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict

from calibration.asking.answers import Answer
from calibration.asking.server import Server
from calibration.sources.sampling import Pair, Plan
from verikit.errors import Unreachable, VerikitError

_PATIENCE = 25


class Asker:
    """Asks the pairs of a plan; ``hear`` is told of each answer."""

    def __init__(self, plan: Plan, server: Server, hear: Callable[[Answer], None]) -> None:
        self._plan = plan
        self._server = server
        self._hear = hear
        self._silent = 0
        self._failure: VerikitError | None = None

    async def ask_all(self, places: Iterable[int], over: Callable[[], bool]) -> None:
        """Ask until the places are through or it is ``over``; what is under way may finish.

        Raises:
            Unreachable: the server stopped giving answers.
            WrongUse: a photo cannot be read.
        """
        shared = iter(places)
        await asyncio.gather(
            *(self._work(shared, over) for _ in range(self._server.policy.concurrency))
        )
        if self._failure:
            raise self._failure

    async def ask_alone(self, photos: Iterable[str]) -> None:
        """Compare photos with themselves, to learn in which of them no face is found.

        Raises:
            Unreachable: the server stopped giving answers.
            WrongUse: a photo cannot be read.
        """
        for photo in photos:
            self._give_up_if_silent(await self._ask(None, Pair(photo, photo, mated=True)))

    async def _work(self, places: Iterator[int], over: Callable[[], bool]) -> None:
        try:
            while not (self._failure or over()):
                place = next(places, None)
                if place is None:
                    return
                self._give_up_if_silent(await self._ask(place, self._plan[place]))
        except VerikitError as error:
            self._failure = error

    async def _ask(self, place: int | None, pair: Pair) -> Answer:
        started = time.perf_counter()
        reply = await self._server.ask(pair.first, pair.second)
        seconds = round(time.perf_counter() - started, 4)
        answer = Answer(place=place, **asdict(pair), **asdict(reply), seconds=seconds)
        self._hear(answer)
        return answer

    def _give_up_if_silent(self, answer: Answer) -> None:
        useless = not answer.settled or answer.code in self._server.blames_the_request
        self._silent = self._silent + 1 if useless else 0
        if self._silent >= _PATIENCE:
            why = answer.trouble or f"code {answer.code}, which blames the request"
            raise Unreachable(
                f"{_PATIENCE} comparisons in a row brought no result ({why}). "
                "The answers so far are kept: mend it and run the same command again."
            )
