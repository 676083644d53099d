"""A evaluation from a server that this process asks about labelled pairs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from calibration.asking.answers import Answer
from calibration.asking.collect import Collector, Limits
from calibration.asking.journal import Journal
from calibration.asking.run import Run, evaluation_of, open_photos, watch_of
from calibration.asking.server import EncryptedPhotos, Server
from calibration.asking.watch import Watch
from calibration.evaluation import Evaluation
from verikit.contract import Contract

ANSWERS = "answers.jsonl"


def from_server(run: Run, contract: Contract, tell: Callable[[Answer | int], None]) -> Evaluation:
    """Ask until the run's limits; ``tell`` hears how many are settled, then of each answer.

    Raises:
        VerikitError: a photo cannot be read, the journal is another run's, the server is gone.
    """
    journal = Journal(run.folder / ANSWERS, run.head)
    watch = watch_of(run, contract)
    try:
        journal.name_budget(run.comparisons)
        tell(sum(answer.settled for answer in journal.answers))
        complete = asyncio.run(_collect(run, contract, journal, watch, tell))
    finally:
        journal.close()
    return evaluation_of(run, contract, journal, watch, complete=complete)


async def _collect(
    run: Run,
    contract: Contract,
    journal: Journal,
    watch: Watch | None,
    tell: Callable[[Answer | int], None],
) -> bool:
    photos = EncryptedPhotos(run.labelled.photos, run.target.secrets)
    server = Server(contract, run.target, photos, run.options, run.policy)
    collector = Collector(run.plan, journal, server, watch, tell)
    try:
        limits = Limits(comparisons=run.comparisons, seconds=run.limits.seconds)
        complete = await collector.run(limits)
        if complete:
            await collector.settle(open_photos(journal, contract))
    finally:
        await server.close()
    return complete
