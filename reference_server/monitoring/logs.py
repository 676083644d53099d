"""Structured logs: one JSON object a line, without anything about the people in the photos.

A request never waits for whoever reads them.
"""

from __future__ import annotations

import json
import logging
import os
import traceback
from collections.abc import Callable
from datetime import UTC, datetime
from queue import Full, Queue
from threading import Lock, Thread
from typing import Any

LOG = logging.getLogger("verikit")

LEVELS = ("debug", "info", "warning", "error")

MOST_LINES = 1000
"""That wait to be written in one process; about 400 bytes each."""

STDERR = 2


class LineWriter:
    """Writes lines to standard error in a thread of its own, so that nobody waits for the reader.

    Where too many lines wait, further ones are dropped; how many those were is told in the log when
    there is room again, and one by one to ``when_dropped``.
    """

    def __init__(self) -> None:
        self.when_dropped: Callable[[], None] = lambda: None
        self._begin()
        os.register_at_fork(after_in_child=self._begin)

    def _begin(self) -> None:
        self._lines: Queue[str] = Queue(MOST_LINES)
        self._lock = Lock()
        self._thread: Thread | None = None
        self._dropped = 0

    def write(self, line: str) -> None:
        """Take a line, or drop it; returns at once."""
        with self._lock:
            if self._thread is None:
                self._thread = Thread(target=self._work, name="log", daemon=True)
                self._thread.start()
        try:
            self._lines.put_nowait(line)
        except Full:
            self._drop()

    def flush(self, seconds: float) -> None:
        """Wait until every line is written, but no longer than that."""
        with self._lines.all_tasks_done:
            self._lines.all_tasks_done.wait_for(lambda: not self._lines.unfinished_tasks, seconds)

    def _work(self) -> None:
        while True:
            line = self._lines.get()
            try:
                _write_whole(line)
                self._tell_dropped()
            except OSError:  # a full disk, a reader that has gone
                self._drop()
            finally:
                self._lines.task_done()

    def _drop(self) -> None:
        with self._lock:
            self._dropped += 1
        self.when_dropped()

    def _tell_dropped(self) -> None:
        with self._lock:
            dropped, self._dropped = self._dropped, 0
        if dropped:
            _write_whole(_line("warning", "log_lines_dropped", {"lines": dropped}))


def _write_whole(line: str) -> None:
    left = memoryview(line.encode())
    while left:
        left = left[os.write(STDERR, left) :]


WRITER = LineWriter()
"""Of this process; a fork gets one of its own."""


class LineHandler(logging.Handler):
    """Hands what is logged to the writer."""

    def emit(self, record: logging.LogRecord) -> None:
        """Take a record."""
        WRITER.write(self.format(record))


def log(event: str, *, level: int = logging.INFO, **fields: Any) -> None:
    """Write a line with the fields."""
    LOG.log(level, event, extra={"fields": fields})


def log_failure(event: str, error: BaseException, **fields: Any) -> None:
    """Write what failed and where; not the error's text, which may quote what a client sent."""
    log(event, level=logging.ERROR, **_told(error), **fields)


def _told(error: BaseException) -> dict[str, Any]:
    where = [f"{f.filename}:{f.lineno}" for f in traceback.extract_tb(error.__traceback__)]
    return {"error": type(error).__name__, "where": where[-5:]}


class JsonLines(logging.Formatter):
    """Time, level and event first, then the fields."""

    def format(self, record: logging.LogRecord) -> str:
        """One line of JSON."""
        # gunicorn's own errors come with the exception; only here are they told like ours.
        error = record.exc_info[1] if record.exc_info else None
        fields = getattr(record, "fields", {}) | (_told(error) if error else {})
        return _line(record.levelname.lower(), record.getMessage(), fields, record.created)


def _line(level: str, event: str, fields: dict[str, Any], at: float | None = None) -> str:
    moment = datetime.now(UTC) if at is None else datetime.fromtimestamp(at, UTC)
    head = {"time": moment.isoformat(timespec="milliseconds"), "level": level, "event": event}
    return json.dumps(head | fields) + "\n"


def logging_config(level: str) -> dict[str, Any]:
    """For logging.config.dictConfig: everything to standard error.

    gunicorn speaks up only from warnings on: below, it quotes requests. Pillow is silent: what it
    minds about a photo quotes the photo.
    """
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"json": {"()": JsonLines}},
        "handlers": {"stderr": {"()": LineHandler, "formatter": "json"}},
        "root": {"level": "WARNING", "handlers": ["stderr"]},
        "loggers": {
            "verikit": {"level": level.upper()},
            "gunicorn.error": {"level": "WARNING", "handlers": [], "propagate": True},
            "PIL": {"level": "CRITICAL"},
        },
    }
