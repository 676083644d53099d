"""Queries servers about pairs over HTTP, with bounded concurrency."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass

from calibration.asking.api import Api, Outcome
from calibration.asking.store import Answer
from calibration.sources.pairs.sampling import Pair
from verikit.errors import (
    BadAnswer,
    Broken,
    NotConnected,
    TimedOut,
    Unreachable,
    VerikitError,
    WrongUse,
)
from verikit.foreign_text import shown
from verikit.transport import Endpoint, Request
from verikit.transport.async_connection import AsyncPool

CHECKED_EVERY = 50
"""One pair in so many is asked of a replica as well."""
_NAME_LENGTH = 100
_PATIENCE = 25


@dataclass(frozen=True)
class Question:
    """A pair and its place in the plan; a photo compared with itself has no place."""

    place: int | None
    pair: Pair

    @property
    def checks_replicas(self) -> bool:
        """Whether a replica is asked as well."""
        return self.place is not None and self.place % CHECKED_EVERY == 0


@dataclass(frozen=True, kw_only=True)
class RequestPolicy:
    """The settings for the requests to each server.

    Attributes:
        concurrency: requests at a time.
        retries: further tries after a time-out, a broken connection or a 5xx.
        pause: seconds before the first further try; each next one waits twice as long.
        tolerance: the allowed difference of the scores of two replicas; processors round
            differently.
    """

    concurrency: int = 4
    retries: int = 3
    pause: float = 0.5
    tolerance: float = 1e-6


class Server:
    """A verifier at an endpoint; ``software`` is its own name for itself.

    Unless it is ``known`` to exist it must answer the first request: otherwise its address is
    wrong.
    """

    def __init__(
        self, api: Api, endpoint: Endpoint, policy: RequestPolicy, *, known: bool = False
    ) -> None:
        self.api = api
        self.endpoint = endpoint
        self.policy = policy
        self.software: str | None = None
        self.pool = AsyncPool(endpoint)
        self._silent = 0
        self._known = known
        self._failure: Unreachable | None = None

    async def ask(self, question: Question) -> Answer:
        """Ask about a pair, with retries and growing pauses if trouble may pass.

        Raises:
            WrongUse: a photo cannot be read.
            Unreachable: something in front of the server responds, or no server ever did.
        """
        pair = question.pair
        request = self.api.request(pair.first, pair.second)
        started = time.perf_counter()
        for attempt in range(self.policy.retries + 1):
            if attempt:
                await asyncio.sleep(self.policy.pause * 2 ** (attempt - 1))
            outcome = await self._ask_once(request)
            if not outcome.may_pass:
                break
        if self._failure and not self._known:
            raise self._failure
        return Answer(
            place=question.place,
            **vars(pair),
            score=outcome.score,
            code=outcome.code,
            trouble=outcome.trouble,
            seconds=round(time.perf_counter() - started, 4),
        )

    def give_up_if_silent(self, answer: Answer) -> None:
        """Count an answer.

        Raises:
            Unreachable: many answers in a row measured nothing.
        """
        useless = not answer.settled or answer.code in self.api.blames_the_request
        self._silent = self._silent + 1 if useless else 0
        if self._silent >= _PATIENCE:
            why = answer.trouble or f"code {answer.code}, which blames the request"
            raise Unreachable(
                f"{_PATIENCE} comparisons in a row gave no result ({why}). The responses so far "
                "are kept: fix the server and run the same command again."
            )

    async def _ask_once(self, request: Request) -> Outcome:
        try:
            answer = await self.pool.ask(request)
        except (NotConnected, Broken, BadAnswer, TimedOut) as error:
            self._failure = error
            if not self._known and isinstance(error, NotConnected | BadAnswer):
                raise
            late = isinstance(error, TimedOut)
            trouble = "no response in time" if late else f"connection failed: {error}"
            return Outcome(trouble=trouble, may_pass=True)
        self._known = True
        outcome = self.api.outcome(answer)
        if outcome.trouble and not (outcome.may_pass and not answer.is_server_error):
            self.endpoint.require_operation(answer)
        if name := answer.headers.get("server"):
            self.software = shown(name, limit=_NAME_LENGTH)
        return outcome


def ask(
    servers: Sequence[tuple[Server, Server | None]],
    questions: Iterable[Question],
    hear: Callable[[Answer], None],
) -> None:
    """Ask all questions; ``hear`` gets each answer as it arrives.

    ``servers`` are pairs of a server and the replica that checks it, if there is one.

    Raises:
        VerikitError: a photo cannot be read, replicas differ, or a server no longer answers;
            ``hear`` gets the answers under way before.
    """
    asyncio.run(_ask(servers, iter(questions), hear))


async def _ask(
    servers: Sequence[tuple[Server, Server | None]],
    questions: Iterator[Question],
    hear: Callable[[Answer], None],
) -> None:
    failures: list[VerikitError] = []

    async def work(server: Server, replica: Server | None) -> None:
        try:
            while not failures and (question := next(questions, None)):
                answer = await server.ask(question)
                hear(answer)
                server.give_up_if_silent(answer)
                if replica and question.checks_replicas:
                    _refuse_difference(server, answer, replica, await replica.ask(question))
        except VerikitError as error:
            failures.append(error)

    async with AsyncExitStack() as stack:
        for server in {server for both in servers for server in both if server}:
            stack.push_async_callback(server.pool.aclose)
        await asyncio.gather(
            *(work(*both) for both in servers for _ in range(both[0].policy.concurrency))
        )
    if failures:
        raise failures[0]


def _refuse_difference(server: Server, answer: Answer, replica: Server, check: Answer) -> None:
    if answer.settled and check.settled and not _same(answer, check, server.policy.tolerance):
        raise WrongUse(
            f"The servers are not replicas: {check.first} and {check.second} get "
            f"{_outcome(answer)} from {server.endpoint.address.shown} and {_outcome(check)} from "
            f"{replica.endpoint.address.shown}, so judge them separately."
        )


def _same(one: Answer, other: Answer, tolerance: float) -> bool:
    if one.score is None or other.score is None:
        return one.score == other.score and one.code == other.code
    return abs(one.score - other.score) <= tolerance


def _outcome(answer: Answer) -> str:
    return f"code {answer.code}" if answer.score is None else f"score {answer.score:g}"
