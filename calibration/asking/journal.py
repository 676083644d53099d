"""The answers of a run as JSON lines: written as they come, read again to go on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from itertools import groupby
from pathlib import Path
from typing import Any

from calibration.asking.answers import SHARD, Answer
from calibration.asking.run_log import RunLog


class Journal(RunLog):
    """A line for each answer; a later answer about the same replaces an earlier one."""

    def __init__(self, path: Path, head: Mapping[str, Any]) -> None:
        self._by_place: dict[int, Answer] = {}
        self._alone: dict[str, Answer] = {}
        super().__init__(path, head)

    def add(self, answer: Answer) -> None:
        """Write an answer; it is with the operating system when this returns."""
        self._note(answer)
        self._write({name: value for name, value in asdict(answer).items() if value is not None})

    @property
    def answers(self) -> list[Answer]:
        """One answer for each place, in the order of the plan."""
        return [self._by_place[place] for place in sorted(self._by_place)]

    @property
    def alone(self) -> list[Answer]:
        """The answers about photos against themselves, one for each."""
        return list(self._alone.values())

    def shards(self) -> Iterator[list[Answer]]:
        """The answers in the order of the plan, SHARD places at a time."""
        for _, answers in groupby(self.answers, lambda answer: (answer.place or 0) // SHARD):
            yield list(answers)

    def __len__(self) -> int:
        return len(self._by_place)

    def _take(self, line: Mapping[str, Any]) -> None:
        self._note(Answer(**({"place": None} | dict(line))))

    def _note(self, answer: Answer) -> None:
        if answer.place is None:
            self._alone[answer.first] = answer
            return
        if answer.place not in self._by_place:
            self._went_on()
        self._by_place[answer.place] = answer
