"""Counts answers in the order of the plan, and detects when they decide."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np

from calibration.asking.store import Answer, Store
from calibration.counting.comparisons import Block, Measurement
from calibration.counting.groups import NOT_GIVEN
from calibration.sources.formats.values import on_scale
from calibration.statistics.arrays import Floats
from verikit.errors import WrongUse


def block_of(answers: list[Answer], measurement: Measurement) -> Block:
    """Answers as arrays, with the numbers of photos and labels of a measurement."""
    labels = [answer.group for answer in answers]
    written = np.array([np.nan if a.score is None else a.score for a in answers], float)
    scores, failed = on_scale(written, measurement, _refuse)
    return Block(
        first=measurement.identities.add([answer.first for answer in answers]),
        second=measurement.identities.add([answer.second for answer in answers]),
        mated=np.array([answer.mated for answer in answers], bool),
        scores=scores,
        codes=np.where(failed != 0, failed, [a.code or 0 for a in answers]),
        groups=measurement.labels.numbers([label or NOT_GIVEN for label in labels])
        if any(labels)
        else None,
        seconds=np.array([np.nan if a.seconds is None else a.seconds for a in answers], float),
    )


def _refuse(wrong: np.ndarray, values: Floats, why: str) -> None:
    raise WrongUse(f"The server answers {values[wrong][0]:g}, which {why}.")


def count(store: Store, measurement: Measurement, stop_at: int | None = None) -> Measurement:
    """Count the answers of a run in the order of the plan, up to the place ``stop_at``."""
    for answers in store.blocks():
        counting = [a for a in answers if stop_at is None or (a.place or 0) < stop_at]
        if counting:
            measurement.add(block_of(counting, measurement))
    if alone := store.alone:
        measurement.add(block_of(alone, measurement))
    return measurement


class Watch:
    """Receives answers in any order, counts them in the order of the plan, and detects a decision.

    It looks only at complete beginnings of the plan, each 1 % (at least ten pairs) longer than the
    last one. So the place where a run stops depends on the seed and the server alone, not on the
    order of the answers.
    """

    def __init__(self, measurement: Measurement, decided: Callable[[Measurement], bool]) -> None:
        self._measurement = measurement
        self._decided = decided
        self._waiting: dict[int, Answer] = {}
        self._next = 0
        self._counted = 0
        self._pending: list[Answer] = []
        self.stop_at: int | None = None

    def add(self, answers: Iterable[Answer]) -> None:
        """Add answers for any places of the plan."""
        self._waiting.update((a.place, a) for a in answers if a.place is not None)
        while self.stop_at is None and self._next in self._waiting:
            self._pending.append(self._waiting.pop(self._next))
            self._next += 1
            if self._next >= self._counted + max(10, self._counted // 100):
                self._look()

    def _look(self) -> None:
        self._measurement.add(block_of(self._pending, self._measurement))
        self._pending.clear()
        self._counted = self._next
        if self._decided(self._measurement):
            self.stop_at = self._next
