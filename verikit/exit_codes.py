"""The exit codes of all commands, as ``verikit --help`` shows them."""

from __future__ import annotations

import os
from enum import IntEnum


class Exit(IntEnum):
    """The exit code of a command; a run that judged nothing never exits with 0."""

    PASSED = 0
    FAILED = 1
    WRONG_USE = 2
    NO_VERDICT = 3
    BROKEN = os.EX_SOFTWARE


MEANINGS = {
    Exit.PASSED: "success: everything passed, or the photos match",
    Exit.FAILED: "failure: something failed, or the photos do not match",
    Exit.WRONG_USE: "wrong usage: an invalid option, file or setting",
    Exit.NO_VERDICT: "no verdict: interrupted, incomplete, refused, no response, or a closed pipe",
    Exit.BROKEN: "a bug in verikit",
}


def epilog() -> str:
    """The table of exit codes, for click's help."""
    rows = [f"  {code:<4}{meaning}" for code, meaning in MEANINGS.items()]
    return "\n".join(["\b", "Exit codes of every command:", *rows])
