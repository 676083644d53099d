"""One finding of the doctor."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """Whether something must be done, may be done, or is good as it is."""

    OK = "ok"
    NOTE = "note"
    WRONG = "wrong"


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What was looked at, how it is, and what to do about it."""

    check: str
    state: State = State.OK
    found: str
    advice: str = ""
