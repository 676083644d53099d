"""What was seen, one slot for each short stretch of time; slots add up over time and workers."""

from __future__ import annotations

from array import array
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from loadtests.judge import Verdict
from loadtests.latency import bucket


@dataclass
class Slot:
    """The requests that arrived within one stretch of time.

    ``latencies`` counts by bucket, ``answers`` by HTTP status and system code, ``failures`` by
    reason. ``finished`` counts the correct answers that came in this stretch, whenever their
    request began; ``lag`` is the worst delay, in seconds, that the generator itself caused.
    """

    latencies: Counter[int] = field(default_factory=Counter)
    answers: Counter[str] = field(default_factory=Counter)
    failures: Counter[str] = field(default_factory=Counter)
    arrived: int = 0
    dropped: int = 0
    finished: int = 0
    lag: float = 0.0

    @property
    def requests(self) -> int:
        """Requests made: arrivals less those dropped or still under way."""
        return self.answers.total()

    def add(self, other: Slot) -> None:
        """Take the counts of another slot in."""
        self.latencies.update(other.latencies)
        self.answers.update(other.answers)
        self.failures.update(other.failures)
        self.arrived += other.arrived
        self.dropped += other.dropped
        self.finished += other.finished
        self.lag = max(self.lag, other.lag)

    def plain(self) -> dict[str, Any]:
        """As plain values, for a message or a report."""
        return {
            **vars(self),
            "latencies": sorted(self.latencies.items()),
            "answers": dict(self.answers),
            "failures": dict(self.failures),
        }

    @classmethod
    def from_plain(cls, entry: Mapping[str, Any]) -> Slot:
        """Undo :meth:`plain`, also after JSON or msgpack."""
        return cls(
            **{
                **entry,
                "latencies": Counter({int(value): count for value, count in entry["latencies"]}),
                "answers": Counter(entry["answers"]),
                "failures": Counter(entry["failures"]),
            }
        )


def total(slots: Iterable[Slot]) -> Slot:
    """The sum of slots."""
    whole = Slot()
    for slot in slots:
        whole.add(slot)
    return whole


class Tally:
    """What one generator process saw since it last reported."""

    def __init__(self, slot_seconds: float) -> None:
        self.slot_seconds = slot_seconds
        self.slots: dict[int, Slot] = defaultdict(Slot)
        self.request_ids: dict[int, array[int]] = defaultdict(lambda: array("Q"))

    def slot(self, clock: float) -> Slot:
        """The slot of a moment, in seconds since the start."""
        return self.slots[int(clock // self.slot_seconds)]

    def record(self, due: float, now: float, latency: float, verdict: Verdict) -> None:
        """Count one answered request that was due at ``due`` and answered at ``now``."""
        slot = self.slot(due)
        slot.latencies[bucket(latency)] += 1
        slot.answers[verdict.answer] += 1
        if verdict.failure:
            slot.failures[verdict.failure] += 1
        else:
            self.slot(now).finished += 1
        if verdict.request_id is not None:
            self.request_ids[int(due // self.slot_seconds)].append(verdict.request_id)

    def drain(self) -> dict[str, Any]:
        """Hand over what was counted, as plain values, and start anew."""
        slots, ids = dict(self.slots), dict(self.request_ids)
        self.slots.clear()
        self.request_ids.clear()
        return {
            "slots": [(index, slot.plain()) for index, slot in slots.items()],
            "request_ids": [(index, found.tobytes()) for index, found in ids.items()],
        }
