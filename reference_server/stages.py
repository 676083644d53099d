"""The time of each stage of a request."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import perf_counter
from typing import Literal, get_args

Stage = Literal[
    "receive", "wait", "parse", "decrypt", "decode", "detect", "align", "quality", "embed", "score"
]
"""In the order in which a request goes through them."""

STAGES: tuple[Stage, ...] = get_args(Stage)


class Stages:
    """Milliseconds by the name of the stage, added up when a stage comes more than once."""

    def __init__(self) -> None:
        self.ms: dict[Stage, float] = {}

    def start(self, name: Stage) -> Callable[[], None]:
        """Count time as the stage's, until what this returns is called, from any thread."""
        begun = perf_counter()

        def end() -> None:
            self.ms[name] = self.ms.get(name, 0.0) + (perf_counter() - begun) * 1000

        return end

    @contextmanager
    def time(self, name: Stage) -> Iterator[None]:
        """Count the time of a block as the stage's."""
        end = self.start(name)
        try:
            yield
        finally:
            end()
