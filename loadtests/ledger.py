"""All that the generators of a run reported, merged."""

from __future__ import annotations

import math
import time
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from loadtests.measures import Measures, measure
from loadtests.profile import Profile
from loadtests.request_ids import RequestIds
from loadtests.slots import Slot, total

_MOST_SLOTS = 600
_SILENT_SECONDS = 15
REPEATED_ID = "request_id given out twice"
OTHER_SCORE = "another score for the same pair"


def best_slot_seconds(profile: Profile) -> int:
    """How long one slot lasts: a second, or more where a run would have too many slots."""
    return max(1, math.ceil((profile.warm_up + profile.seconds) / _MOST_SLOTS))


@dataclass
class Node:
    """A generator process: its latest clock, when that was heard (monotonic time), whether it is
    done, and its CPU use over time.
    """

    clock: float = 0.0
    over: bool = False
    heard: float = field(default_factory=time.monotonic)
    cpu: list[tuple[float, float]] = field(default_factory=list)

    def is_lost(self) -> bool:
        """Whether it has fallen silent before it was done."""
        return not self.over and time.monotonic() - self.heard > _SILENT_SECONDS


class Shared:
    """What must agree over all steps and workers of a test: request_ids, and scores by pair."""

    def __init__(self) -> None:
        self.request_ids = RequestIds()
        self.scores: dict[str, float] = {}
        self._accused: set[tuple[str, str]] = set()

    def other_scores(self, node: str, scores: Mapping[str, float]) -> int:
        """How many pairs a worker saw scored differently from another; each is told once."""
        wrong = {
            (node, pair)
            for pair, score in scores.items()
            if self.scores.setdefault(pair, score) != score
        } - self._accused
        self._accused |= wrong
        return len(wrong)


class Ledger:
    """The slots of one run, by number since its start, and what became of the generators."""

    def __init__(self, profile: Profile, shared: Shared, slot_seconds: int | None = None) -> None:
        self.profile, self.shared = profile, shared
        self.slot_seconds = slot_seconds or best_slot_seconds(profile)
        self.slots: dict[int, Slot] = defaultdict(Slot)
        self.nodes: dict[str, Node] = defaultdict(Node)
        self.trouble: str | None = None
        self.aborted = False
        self._other_scores = 0
        self._end = profile.warm_up + profile.seconds

    def absorb(self, name: str, report: Mapping[str, Any]) -> int:
        """Take in what a generator saw since its last report; how many request_ids it repeats."""
        node = self.nodes[name]
        node.clock, node.over, node.heard = report["clock"], report["over"], time.monotonic()
        node.cpu.append((report["clock"], report["cpu"]))
        for index, slot in report["slots"]:
            self.slots[index].add(Slot.from_plain(slot))
        repeated = 0
        for index, digests in report["request_ids"]:
            again = self.shared.request_ids.add(digests)
            if again:
                self.slots[index].failures[REPEATED_ID] += again
                self.slots[index].finished -= again
            repeated += again
        self._other_scores += self.shared.other_scores(name, report["scores"])
        return repeated

    @property
    def clock(self) -> float:
        """How long the run has lasted, warm-up included, at most as long as it was to last."""
        latest = max((node.clock for node in self.nodes.values()), default=0.0)
        return min(latest, self._end)

    def cut_short(self, trouble: str, *, aborted: bool = False) -> None:
        """The run ended early, now, and why; ``aborted``: on a gate broken beyond doubt."""
        self.trouble, self.aborted, self._end = trouble, aborted, self.clock

    @property
    def first_slot(self) -> int:
        """The first slot that counts: all of it after the warm-up."""
        return math.ceil(self.profile.warm_up / self.slot_seconds)

    @property
    def measured(self) -> list[Slot]:
        """The slots that count, in order, empty ones included."""
        end = math.ceil(self.clock / self.slot_seconds)
        return [self.slots[index] for index in range(self.first_slot, end)]

    def measures(self, memory: tuple[float, float, float] | None = None) -> Measures:
        """What the run comes to, warm-up left out."""
        seconds = max(0.0, self.clock - self.first_slot * self.slot_seconds)
        whole = total(self.measured)
        if self._other_scores:
            whole.failures[OTHER_SCORE] += self._other_scores
        return measure(whole, seconds, memory)

    def generator_cpu(self) -> float:
        """The mean CPU use of the busiest generator process after warm-up, in cores."""
        means = [
            sum(cores) / len(cores)
            for node in self.nodes.values()
            if (cores := [cpu for clock, cpu in node.cpu if clock >= self.profile.warm_up])
        ]
        return max(means, default=0.0)
