"""Which cases to play."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from fnmatch import fnmatchcase

from conformance.case import Case
from verikit.errors import WrongUse


def select(cases: Sequence[Case], pattern: str, ids: Collection[str] | None) -> list[Case]:
    """Those whose id is the pattern, else contains it; and is one of ``ids`` where that is given.

    Raises:
        WrongUse: none is left.
    """
    wanted = pattern if any(case.id == pattern for case in cases) else f"*{pattern}*"
    chosen = [
        case for case in cases if fnmatchcase(case.id, wanted) and (ids is None or case.id in ids)
    ]
    if not chosen:
        raise WrongUse(f"No case is called like {pattern!r}; see verikit check --list")
    return chosen
