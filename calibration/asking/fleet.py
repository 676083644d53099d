"""From one server or several replicas that workers ask, shard by shard."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing
from functools import partial

from calibration.asking.answers import SHARD, Answer, left_alone
from calibration.asking.errand import Errand, Haul, Questions, Seat, run_errand
from calibration.asking.interruption import Interruption
from calibration.asking.run import Run, evaluation_of, open_photos, watch_of
from calibration.asking.shards import ALONE, Shards
from calibration.asking.watch import Watch
from calibration.evaluation import Evaluation
from calibration.executors import Workers, fan_out
from calibration.sources.labelled import Choice
from verikit.contract import Contract

FOLDER = "shards"
_CHECKS = 0.1
"""The share of a server's rate that is left for checking its replica."""


def from_fleet(  # noqa: PLR0913, PLR0917 - one more than elsewhere: who works
    run: Run,
    choice: Choice,
    urls: Sequence[str],
    workers: Workers,
    contract: Contract,
    tell: Callable[[Answer | int], None],
) -> Evaluation:
    """As ``from_server``; ``choice`` is what workers open, ``urls`` are all that are asked.

    Raises:
        VerikitError: a photo cannot be read, the folder is another run's, replicas differ, or
            server or workers are gone.
    """
    with closing(Shards(run.folder / FOLDER, run.head)) as shards:
        shards.name_budget(run.comparisons)
        watch = watch_of(run, contract)
        fleet = _Fleet(run, shards, watch, tell)
        work = partial(run_errand, _errand(run, choice))
        seats = seats_of(urls, workers.size, run.policy.rate)
        with Interruption() as interruption:
            fleet.ask(fan_out(workers, work, fleet.questions(interruption), seats))
        complete = fleet.why is not None
        if complete:
            photos = open_photos(shards, contract)
            fleet.ask(fan_out(workers, work, fleet.questions_alone(photos), seats))
            shards.end(fleet.why or "")
    return evaluation_of(run, contract, shards, watch, complete=complete)


def seats_of(urls: Sequence[str], size: int, rate: float) -> list[Seat]:
    """A seat for each worker; those of one server together keep to ``rate``, checks included."""
    several = len(urls) > 1
    count = max(size, len(urls))
    share = rate / math.ceil(count / len(urls))
    return [
        Seat(
            url=urls[place % len(urls)],
            rate=share * (1 - _CHECKS * several),
            other=urls[(place + 1) % len(urls)] if several else None,
            other_rate=share * _CHECKS,
        )
        for place in range(count)
    ]


def _errand(run: Run, choice: Choice) -> Errand:
    return Errand(
        choice=choice,
        digest=run.labelled.pairs.digest(),
        seed=run.seed,
        mated_share=run.mated_share,
        options=tuple(run.options.items()),
        policy=run.policy,
        timeout=run.target.timeout,
    )


class _Fleet:
    """Hands out what is still to be asked, and keeps what comes back."""

    def __init__(
        self, run: Run, shards: Shards, watch: Watch | None, tell: Callable[[Answer | int], None]
    ) -> None:
        self._run = run
        self._shards = shards
        self._watch = watch
        self._tell = tell
        self._deadline = time.monotonic() + run.limits.seconds
        self._end = "budget"
        tell(shards.settled)
        if watch:
            for answers in shards.shards():
                watch.add(answer for answer in answers if answer.settled)

    @property
    def why(self) -> str | None:
        """Why the asking ended; None if it was interrupted."""
        if self._end == "interrupted":
            return None
        return "decided" if self._decided else self._end

    def questions(self, interruption: Interruption) -> Iterator[Questions]:
        """The shards that are not settled, in the order of the plan, until it is over."""
        for start in range(0, self._run.comparisons, SHARD):
            wanted = self._shards.wanted(range(start, min(start + SHARD, self._run.comparisons)))
            if not wanted:
                continue
            if interruption.came or self._decided or time.monotonic() >= self._deadline:
                self._end = "interrupted" if interruption.came else "minutes"
                return
            yield Questions(shard=start // SHARD, places=tuple(wanted))

    def questions_alone(self, photos: Iterable[str]) -> Iterator[Questions]:
        """Photos to compare with themselves."""
        left = left_alone(self._shards, photos)
        for start in range(0, len(left), SHARD):
            yield Questions(shard=ALONE, alone=tuple(left[start : start + SHARD]))

    def ask(self, hauls: Generator[tuple[Questions, Haul]]) -> None:
        """Keep each haul as it comes; the verdict looks at them in the order of the plan."""
        with closing(hauls):
            for questions, haul in hauls:
                self._keep(questions, haul)

    def _keep(self, questions: Questions, haul: Haul) -> None:
        if haul.answers:
            self._shards.land(questions.shard, haul.answers)
        if haul.software:
            self._shards.name_software(haul.software)
        if self._watch:
            self._watch.add(haul.answers)
        for answer in haul.answers:
            self._tell(answer)
        if haul.failure:
            raise haul.failure

    @property
    def _decided(self) -> bool:
        return self._watch is not None and self._watch.stop_at is not None
