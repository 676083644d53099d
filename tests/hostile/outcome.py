"""What was seen of one body, and of all."""

from __future__ import annotations

from dataclasses import dataclass, field

from tests.hostile.watch import MEGABYTE

MOST_SECONDS = 2.0
MOST_TIMES = 65
"""Of an ordinary comparison, where this machine is so slow that 65 take more than two seconds."""
MOST_BYTES = 400 * MEGABYTE


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What one body came to.

    ``more_bytes``: the most above its level that a worker had; ``ordinary_seconds``: what an
    ordinary comparison took at the same time, where the body was asked again alone.
    """

    number: int
    kind: str
    sent_bytes: int
    seconds: float
    more_bytes: int
    codes: tuple[int | None, ...]
    request_ids: tuple[str | None, ...]
    complaints: tuple[str, ...]
    started: float
    ended: float
    alone: bool = False
    ordinary_seconds: float = 0.0

    @property
    def family(self) -> str:
        """The part of the kind before the colon."""
        return self.kind.partition(":")[0]

    @property
    def too_much(self) -> tuple[str, ...]:
        """What it took beyond the limits."""
        most = max(MOST_SECONDS, MOST_TIMES * self.ordinary_seconds)
        said = {
            f"took {self.seconds:.2f} s": self.seconds > most,
            f"took {self.more_bytes / MEGABYTE:.0f} MB": self.more_bytes > MOST_BYTES,
        }
        return tuple(what for what, so in said.items() if so)


@dataclass(frozen=True)
class Finding:
    """Something wrong, and the body it came with, if it is one's."""

    what: str
    number: int | None = None
    kind: str = ""


@dataclass(kw_only=True)
class Run:
    """All that was seen."""

    seed: int
    asked: int
    outcomes: list[Outcome] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    level_bytes: int = 0
    kept_bytes: int = 0
    seconds: float = 0.0

    @property
    def undecided(self) -> int:
        """How many bodies took too much beside others and were not asked again alone."""
        return sum(bool(one.too_much) and not one.alone for one in self.outcomes)

    @property
    def complete(self) -> bool:
        """Whether every body was sent and decided, which an interrupt prevents."""
        return len(self.outcomes) == self.asked and not self.undecided
