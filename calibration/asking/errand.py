"""What a worker does: asks one server about some places of a plan. It keeps nothing."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from functools import lru_cache

from calibration.asking.answers import Answer
from calibration.asking.asker import Asker
from calibration.asking.server import EncryptedPhotos, RequestPolicy, Server, Target
from calibration.sources.labelled import Choice, open_labelled
from calibration.sources.sampling import Plan
from verikit.contract import load_contract
from verikit.contract.encryption import Secrets
from verikit.errors import VerikitError, WrongUse

CHECKED = 5
"""How many pairs of each shard are asked of a replica as well."""
SAME_SCORE = 1e-6
"""Replicas on unlike machines may round differently."""


@dataclass(frozen=True, kw_only=True)
class Errand:
    """What all tasks of a run have in common; no key and no IV, which workers have of their own.

    ``digest`` tells whether the worker sees the photos that were planned with.
    """

    choice: Choice
    digest: str
    seed: int
    mated_share: float
    options: tuple[tuple[str, bool], ...]
    policy: RequestPolicy
    timeout: float


@dataclass(frozen=True, kw_only=True)
class Questions:
    """A task: places of one shard, or photos to compare with themselves."""

    shard: int
    places: tuple[int, ...] = ()
    alone: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Seat:
    """A server to ask, at so many requests a second, and a replica of it to check it by."""

    url: str
    rate: float
    other: str | None = None
    other_rate: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Haul:
    """What an errand brought: answers, and why it was broken off."""

    answers: tuple[Answer, ...]
    software: str | None = None
    failure: VerikitError | None = None


def run_errand(errand: Errand, questions: Questions, seat: Seat) -> Haul:
    """Ask; what was answered before a failure comes back with it."""
    try:
        return asyncio.run(_run(errand, questions, seat))
    except VerikitError as error:
        return Haul(answers=(), failure=error)


async def _run(errand: Errand, questions: Questions, seat: Seat) -> Haul:
    plan, photos = _opened(errand)
    answers: list[Answer] = []
    checks: list[Answer] = []
    failure = None
    async with AsyncExitStack() as stack:
        server = _server(errand, photos, seat.url, seat.rate, stack)
        asker = Asker(plan, server, answers.append)
        work = [asker.ask_all(questions.places, _never), asker.ask_alone(questions.alone)]
        if seat.other:
            other = _server(errand, photos, seat.other, seat.other_rate, stack)
            checked = questions.places[:CHECKED]
            work.append(Asker(plan, other, checks.append).ask_all(checked, _never))
        try:
            await asyncio.gather(*work)
        except VerikitError as error:
            failure = error
    _refuse_difference(answers, checks, seat)
    return Haul(answers=tuple(answers), software=server.software, failure=failure)


@lru_cache(maxsize=1)
def _opened(errand: Errand) -> tuple[Plan, EncryptedPhotos]:
    labelled = open_labelled(errand.choice)
    if labelled.pairs.digest() != errand.digest:
        raise WrongUse(
            f"A worker finds other photos than this process in {errand.choice.data}: give all of "
            "them the same folder."
        )
    plan = Plan(labelled.pairs, seed=errand.seed, mated_share=errand.mated_share)
    return plan, EncryptedPhotos(labelled.photos, Secrets.of())


def _server(
    errand: Errand, photos: EncryptedPhotos, url: str, rate: float, stack: AsyncExitStack
) -> Server:
    # The secrets of the worker's own environment: they do not pass through a scheduler.
    target = Target(url=url, secrets=Secrets.of(), timeout=errand.timeout)
    policy = replace(errand.policy, rate=rate)
    server = Server(load_contract(), target, photos, dict(errand.options), policy)
    stack.push_async_callback(server.close)
    return server


def _never() -> bool:
    return False


def _refuse_difference(answers: list[Answer], checks: list[Answer], seat: Seat) -> None:
    """Raises WrongUse where two servers answered one pair differently."""
    by_place = {answer.place: answer for answer in answers}
    for check in checks:
        answer = by_place.get(check.place)
        if answer and answer.settled and check.settled and not _same(answer, check):
            raise WrongUse(
                f"{seat.url} and {seat.other} are no replicas: {check.first} and {check.second} "
                f"get {_outcome(answer)} from one and {_outcome(check)} from the other, so judge "
                "them apart."
            )


def _same(one: Answer, other: Answer) -> bool:
    if one.score is None or other.score is None:
        return one.score == other.score and one.code == other.code
    return abs(one.score - other.score) <= SAME_SCORE


def _outcome(answer: Answer) -> str:
    return f"code {answer.code}" if answer.score is None else f"score {answer.score:g}"
