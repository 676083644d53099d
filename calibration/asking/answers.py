"""What became of a pair, and where the answers of a run are kept."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

SHARD = 250
"""Places of a plan that are asked, kept and counted together."""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What became of the pair at a ``place`` of the plan; a photo against itself has none.

    Either ``score``, or the ``code`` of a refusal, or the ``trouble`` why nothing was measured.
    """

    place: int | None
    first: str
    second: str
    mated: bool
    score: float | None = None
    code: int | None = None
    trouble: str | None = None
    group: str | None = None
    seconds: float | None = None

    @property
    def settled(self) -> bool:
        """Whether it need not be asked again."""
        return self.trouble is None


class Kept(Protocol):
    """The answers of a run, wherever they are kept."""

    path: Path

    @property
    def software(self) -> str | None:
        """What the server calls itself."""

    @property
    def ended(self) -> str | None:
        """Why the run came to its end; None while it has not."""

    @property
    def extended(self) -> bool:
        """Whether it went on after its end was seen, or its budget was changed."""

    @property
    def alone(self) -> list[Answer]:
        """The answers about photos against themselves."""

    def shards(self) -> Iterator[list[Answer]]:
        """The answers in the order of the plan, one for each place, SHARD places at a time."""

    def __len__(self) -> int:
        """How many places have an answer."""


def left_alone(kept: Kept, photos: Iterable[str]) -> list[str]:
    """The photos that are still to be compared with themselves."""
    settled = {answer.first for answer in kept.alone if answer.settled}
    return [photo for photo in photos if photo not in settled]
