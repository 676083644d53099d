"""Objections: what is wrong or doubtful about the evidence, and what that takes away."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from verikit.foreign_text import shown

FEW = 0.01
"""The share of pairs or photos up to which a flaw of the data is shown and no more."""
_LISTED = 10


class Effect(StrEnum):
    """What an objection takes away."""

    NO_VERDICT = "no verdict"
    NO_PASS = "no PASS"  # noqa: S105 - no password
    SHOWN = "shown"


@dataclass(frozen=True, kw_only=True)
class Objection:
    """What is wrong or doubtful about the evidence, in a sentence."""

    kind: str
    effect: Effect
    text: str


def listed(names: Iterable[str]) -> str:
    """Some names, fit to be shown."""
    every = list(names)
    text = ", ".join(shown(name, limit=80) for name in every[:_LISTED])
    return text + (f" and {len(every) - _LISTED:,} more" if len(every) > _LISTED else "")
