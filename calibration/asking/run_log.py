"""A file of JSON lines that says what run it is, what came of it so far, and whether it ended.

The first line says what run it is, and a run that ended by itself adds an ``end``. A file without
one is of an incomplete run; a last line that was torn by a crash is cut off.
"""

from __future__ import annotations

import json
import os
from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

from verikit.errors import WrongUse

HEAD, END, SOFTWARE, BUDGET = "run", "end", "software", "budget"


class RunLog(ABC):
    """An append-only file of what a run brought; what its other lines mean, a subclass knows.

    ``extended`` tells that a run went on after it had come to its end, or got another budget on the
    way: whoever did that may have seen the outcome, so it is judged by the rule that is valid at
    any time.
    """

    def __init__(self, path: Path, head: Mapping[str, Any]) -> None:
        """Open a run to begin it or to go on with it.

        Raises:
            WrongUse: the file belongs to another run.
        """
        self.path = path
        self.ended: str | None = None
        self.software: str | None = None
        self.budget: int | None = None
        self.extended = False
        path.parent.mkdir(parents=True, exist_ok=True)
        begun = self._read(head) if path.exists() else False
        self._file: IO[str] = path.open("a", encoding="utf-8")
        if not begun:
            self._write({HEAD: dict(head)})

    def name_software(self, software: str) -> None:
        """Write down what the server calls itself, when it does so first and when that changes."""
        if software != self.software:
            self._write({SOFTWARE: software})
            self.software = software

    def name_budget(self, comparisons: int) -> None:
        """Write down how many comparisons are wanted in all."""
        if comparisons != self.budget:
            self._write({BUDGET: comparisons})
            self._take_budget(comparisons)

    def end(self, why: str) -> None:
        """Say that the run came to its end, and why."""
        if self.ended is None:
            self._write({END: why})
            self.ended = why

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    @abstractmethod
    def _take(self, line: Mapping[str, Any]) -> None:
        """Note a line that is neither head nor end."""

    def _went_on(self) -> None:
        """Note that something new came after the end."""
        if self.ended is not None:
            self.ended, self.extended = None, True

    def _take_budget(self, comparisons: int) -> None:
        self.extended |= self.budget is not None
        self.budget = comparisons

    def _read(self, head: Mapping[str, Any]) -> bool:
        """Whether a run begun is there; its torn last line is cut off, another file left alone."""
        content = self.path.read_bytes()
        whole, end, torn = content.rpartition(b"\n")
        try:
            lines = whole.decode("utf-8").splitlines()
            if lines:
                self._take_lines(lines, head)
            elif not json.dumps({HEAD: dict(head)}).encode().startswith(torn):
                raise ValueError("it begins otherwise")
        except (ValueError, KeyError, TypeError) as error:
            raise WrongUse(f"{self.path} is no journal of a run: choose another --out.") from error
        if torn:
            os.truncate(self.path, len(whole + end))
        return bool(lines)

    def _take_lines(self, lines: list[str], head: Mapping[str, Any]) -> None:
        first, *others = map(json.loads, lines)
        _compare(self.path, first[HEAD], head)
        for line in others:
            if END in line:
                self.ended = line[END]
            elif SOFTWARE in line:
                self.software = line[SOFTWARE]
            elif BUDGET in line:
                self._take_budget(line[BUDGET])
            else:
                self._take(line)

    def _write(self, line: Mapping[str, Any]) -> None:
        self._file.write(json.dumps(line) + "\n")
        self._file.flush()


def _compare(path: Path, found: Mapping[str, Any], wanted: Mapping[str, Any]) -> None:
    other = [name for name in wanted if found.get(name) != wanted[name]]
    if other:
        raise WrongUse(
            f"{path} holds a run with another {', '.join(other)}: choose another --out, "
            "or ask as that run did."
        )
