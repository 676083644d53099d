"""A file of JSON lines that says what run it is, what came of it so far, and whether it ended.

The first line says what run it is, and a run that ended by itself adds an ``end``. A file without
one is of an incomplete run; a last line that was torn by a crash is cut off.
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

from conformance.errors import WrongUse

HEAD, END, SOFTWARE = "run", "end", "software"


class RunLog(ABC):
    """An append-only file of what a run brought; what its other lines mean, a subclass knows.

    ``extended`` tells that a run went on after it had come to its end: whoever did that had seen
    the outcome, so it is judged by the rule that is valid at any time.
    """

    def __init__(self, path: Path, head: Mapping[str, Any]) -> None:
        """Open a run to begin it or to go on with it.

        Raises:
            WrongUse: the file belongs to another run.
        """
        self.path = path
        self.ended: str | None = None
        self.software: str | None = None
        self.extended = False
        path.parent.mkdir(parents=True, exist_ok=True)
        lines = _whole_lines(path)
        if lines:
            self._read(lines, head)
        self._file: IO[str] = path.open("a", encoding="utf-8")
        if not lines:
            self._write({HEAD: dict(head)})

    def name_software(self, software: str) -> None:
        """Write down what the server calls itself, when it does so first and when that changes."""
        if software != self.software:
            self._write({SOFTWARE: software})
            self.software = software

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

    def _read(self, lines: list[str], head: Mapping[str, Any]) -> None:
        try:
            first, *others = map(json.loads, lines)
            _compare(self.path, first[HEAD], head)
            for line in others:
                if END in line:
                    self.ended = line[END]
                elif SOFTWARE in line:
                    self.software = line[SOFTWARE]
                else:
                    self._take(line)
        except (ValueError, KeyError, TypeError) as error:
            raise WrongUse(f"{self.path} is no journal of a run: choose another --out.") from error

    def _write(self, line: Mapping[str, Any]) -> None:
        self._file.write(json.dumps(line) + "\n")
        self._file.flush()


def _whole_lines(path: Path) -> list[str]:
    """The lines of the file, after a torn last one was cut off."""
    if not path.exists():
        return []
    content = path.read_bytes()
    whole = content[: content.rfind(b"\n") + 1]
    if len(whole) < len(content):
        with path.open("r+b") as file:
            file.truncate(len(whole))
    return whole.decode("utf-8").splitlines()


def _compare(path: Path, found: Mapping[str, Any], wanted: Mapping[str, Any]) -> None:
    other = [name for name in wanted if found.get(name) != wanted[name]]
    if other:
        raise WrongUse(
            f"{path} holds a run with another {', '.join(other)}: choose another --out, "
            "or ask as that run did."
        )
