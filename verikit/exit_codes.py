"""The exit codes of every command, in the one table that ``verikit --help`` shows."""

from __future__ import annotations

import os
from enum import IntEnum


class Exit(IntEnum):
    """How a command ended; a run that judged nothing never ends with 0."""

    PASSED = 0
    FAILED = 1
    WRONG_USE = 2
    NO_VERDICT = 3
    BROKEN = os.EX_SOFTWARE


MEANINGS = {
    Exit.PASSED: "done and good: everything passed, or two photos match",
    Exit.FAILED: "done and not good: something failed, or two photos do not match",
    Exit.WRONG_USE: "wrong use: an option, a file or a setting makes no sense",
    Exit.NO_VERDICT: "no verdict: interrupted, incomplete, refused, or no answer",
    Exit.BROKEN: "verikit itself broke",
}


def epilog() -> str:
    """The table as click shows it, line by line."""
    rows = [f"  {code:<4}{meaning}" for code, meaning in MEANINGS.items()]
    return "\n".join(["\b", "Exit codes of every command:", *rows])
