"""Queries from the workers of a Dask cluster, which store nothing."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from itertools import islice, takewhile
from typing import Any

from calibration.asking.adapters import open_api
from calibration.asking.run import Asker, Run
from calibration.asking.server import Question, RequestPolicy, Server, ask
from calibration.asking.store import Answer
from calibration.counting.groups import ImpostorKind
from calibration.executors import Workers, fan_out
from calibration.sources.degradations import Degraded
from calibration.sources.labelled import Choice, open_labelled
from calibration.sources.pairs.look_alikes import LookAlikesFirst
from calibration.sources.photos import Photos
from verikit.contract import Contract, load_contract
from verikit.contract.encryption import Secrets
from verikit.errors import VerikitError, WrongUse
from verikit.transport import Access, Endpoint
from verikit.transport.headers import Headers

TASK_SIZE = 250
"""Pairs of a task."""
_CHECKS = 0.1
"""The share of a server's rate that is left for checking its replica."""


@dataclass(frozen=True, kw_only=True)
class Shared:
    """The settings that all tasks of a run share; headers stay with the workers.

    ``digest`` identifies the planned photos, so that a worker with other photos is noticed. Workers
    on other machines have their own key and IV; ``secrets_digest`` shows whether they are the same.
    """

    choice: Choice
    digest: str
    options: tuple[tuple[str, bool], ...]
    policy: RequestPolicy
    api: str
    send: tuple[tuple[str, Any], ...]
    secrets: Secrets | None
    secrets_digest: bytes


@dataclass(frozen=True, kw_only=True)
class Result:
    """The answers of a task, and the error that ended it early, if any."""

    answers: tuple[Answer, ...]
    software: str | None = None
    failure: VerikitError | None = None


def asker_of(workers: Workers) -> Asker:
    """An asker that sends the requests from these workers."""

    def ask_from_there(
        run: Run, contract: Contract, questions: Iterable[Question], hear: Callable[[Answer], None]
    ) -> str | None:
        choice, pairs = run.choice, run.labelled.pairs
        if choice.templates:  # workers need the photos, and no templates
            choice = replace(choice, impostors=ImpostorKind.RANDOM, groups=None, templates=None)
            pairs = pairs.pool if isinstance(pairs, LookAlikesFirst) else pairs
        shared = Shared(
            choice=choice,
            digest=pairs.digest(),
            options=tuple(run.options.items()),
            policy=run.policy,
            api=run.api,
            send=tuple(run.claims.send.items()),
            secrets=run.secrets if workers.are_ours else None,
            secrets_digest=_digest(run.secrets),
        )
        software, failures = None, list[VerikitError]()
        slots = slots_of([_without_secrets(one) for one in run.endpoints], workers.size)
        tasks = takewhile(lambda _: not failures, _tasks(questions))
        for _, result in fan_out(workers, partial(run_task, shared), tasks, slots):
            for answer in result.answers:
                hear(answer)
            software = result.software or software
            failures += [result.failure] if result.failure else []
        if failures:  # other tasks have ended, too, so that none of their answers is lost
            raise failures[0]
        return software

    return ask_from_there


def slots_of(endpoints: Sequence[Endpoint], size: int) -> list[tuple[Endpoint, ...]]:
    """A server for each worker, followed by the replica that checks it, if there are several.

    The workers of one server share its rate limit, checks included.
    """
    several = len(endpoints) > 1
    count = max(size, len(endpoints))
    each = math.ceil(count / len(endpoints))
    return [
        tuple(
            replace(endpoint, rate=endpoint.rate and endpoint.rate * part / each)
            for endpoint, part in (
                (endpoints[place % len(endpoints)], 1 - _CHECKS * several),
                (endpoints[(place + 1) % len(endpoints)], _CHECKS),
            )[: 1 + several]
        )
        for place in range(count)
    ]


def run_task(shared: Shared, questions: tuple[Question, ...], slot: tuple[Endpoint, ...]) -> Result:
    """Ask the questions of a task; a failure comes back with the answers before it."""
    answers: list[Answer] = []
    try:
        photos, options, send = _photos(shared), dict(shared.options), dict(shared.send)
        secrets = shared.secrets or _own_secrets(shared)
        api = open_api(shared.api, load_contract(), photos, secrets, options, send)
        headers = Access.of().headers
        servers = [
            Server(api, _with_headers(one, headers), shared.policy, known=True) for one in slot
        ]
        ask([(servers[0], servers[1] if servers[1:] else None)], questions, answers.append)
    except VerikitError as error:
        return Result(answers=tuple(answers), failure=error)
    return Result(answers=tuple(answers), software=servers[0].software)


def _own_secrets(shared: Shared) -> Secrets:
    own = Secrets.of()
    if _digest(own) != shared.secrets_digest:
        names = load_contract().encryption
        raise WrongUse(
            "A worker has another key or IV than this process: give it the same in "
            f"{names.key_variable} and {names.iv_variable}."
        )
    return own


@lru_cache(maxsize=2)
def _digest(secrets: Secrets) -> bytes:
    """Too costly to guess a key by, since it passes through the scheduler."""
    return hashlib.scrypt(secrets.key.encode(), salt=secrets.iv.encode(), n=2**14, r=8, p=1)


@lru_cache(maxsize=1)
def _photos(shared: Shared) -> Photos:
    labelled = open_labelled(shared.choice)
    if labelled.pairs.digest() != shared.digest:
        raise WrongUse(
            f"A worker has other photos than this process in {shared.choice.data}: give all of "
            "them the same folder."
        )
    how = shared.choice.degraded
    return Degraded(labelled.photos, how, shared.choice.seed) if how else labelled.photos


def _tasks(questions: Iterable[Question]) -> Iterator[tuple[Question, ...]]:
    source = iter(questions)
    while task := tuple(islice(source, TASK_SIZE)):
        yield task


def _without_secrets(endpoint: Endpoint) -> Endpoint:
    if endpoint.address.credentials:
        raise WrongUse(
            "A user name and password in a URL would pass through the scheduler: set "
            "VERIKIT_HEADER_AUTHORIZATION in the environment of the workers instead."
        )
    return _with_headers(endpoint, ())


def _with_headers(endpoint: Endpoint, headers: Headers) -> Endpoint:
    return replace(endpoint, access=replace(endpoint.access, headers=headers))
