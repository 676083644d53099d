"""Tries readers for as long as one likes."""

from __future__ import annotations

import time
import traceback
import warnings
from contextlib import suppress

import hypothesis
from click import ClickException
from hypothesis import HealthCheck, Phase
from hypothesis import settings as how

from tests.fuzz.readers import Foreign
from verikit.foreign_text import shown

LONGEST_SECONDS = 5
LINES = 60
ROUND = 300
"""Inputs that are made from one seed."""


def tried(foreign: Foreign, content: bytes) -> None:
    """Read an input; raises what the reader raises that it must not."""
    with suppress(*foreign.refusals, ClickException), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        foreign.read(content)


def fuzz(foreign: Foreign, seconds: float, seed: int) -> tuple[int, str]:
    """How many inputs were tried in that time, and what was found; '' if nothing was."""
    count, end = 0, time.monotonic() + seconds

    def one(content: bytes) -> None:
        nonlocal count
        count += 1
        began = time.process_time()
        tried(foreign, content)
        took = time.process_time() - began
        assert took < LONGEST_SECONDS, f"it took {took:.1f} s"

    while time.monotonic() < end:
        trying = hypothesis.given(foreign.inputs)(one)
        trying = how(
            max_examples=ROUND,
            deadline=None,
            database=None,
            phases=(Phase.generate, Phase.shrink),
            suppress_health_check=list(HealthCheck),
        )(hypothesis.seed(seed)(trying))
        try:
            trying()
        except Exception:  # whatever it is, it is what is looked for
            lines = traceback.format_exc().splitlines()
            return count, "\n".join(shown(line) for line in lines[-LINES:])
        seed += 1
    return count, ""
