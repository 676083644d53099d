"""Structured logs: one JSON object a line, without anything about the people in the photos."""

from __future__ import annotations

import json
import logging
import traceback
from datetime import UTC, datetime
from typing import Any

LOG = logging.getLogger("verikit")

LEVELS = ("debug", "info", "warning", "error")


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
        head = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "event": record.getMessage(),
        }
        # gunicorn's own errors come with the exception; only here are they told like ours.
        error = record.exc_info[1] if record.exc_info else None
        return json.dumps(head | getattr(record, "fields", {}) | (_told(error) if error else {}))


def logging_config(level: str) -> dict[str, Any]:
    """For logging.config.dictConfig: everything to standard error.

    gunicorn speaks up only from warnings on: below, it quotes requests. Pillow is silent: what it
    minds about a photo quotes the photo.
    """
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"json": {"()": JsonLines}},
        "handlers": {
            "stderr": {
                "class": "logging.StreamHandler",
                "formatter": "json",
                "stream": "ext://sys.stderr",
            }
        },
        "root": {"level": "WARNING", "handlers": ["stderr"]},
        "loggers": {
            "verikit": {"level": level.upper()},
            "gunicorn.error": {"level": "WARNING", "handlers": [], "propagate": True},
            "PIL": {"level": "CRITICAL"},
        },
    }
