"""Whether there is anything to judge: one ordinary request before all others."""

from __future__ import annotations

from conformance.case import Surroundings, ordinary
from conformance.exchange import exchange
from conformance.outcome import Outcome, outcome
from conformance.recipe import Request, fitted
from verikit.contract import load_contract
from verikit.errors import Unreachable

_NO_SUCH_OPERATION = (404, 405, 501)


def preflight(around: Surroundings) -> Outcome:
    """What becomes of two ordinary photos of one person; None if the answer breaks off.

    Raises:
        Unreachable: no answer at all, or one that says there is no such operation.
    """
    url = around.target.url
    one = exchange(around.target, "preflight", fitted(Request(), *ordinary(around.profile)))
    if one.answer is None:
        if one.begun:
            return None
        raise Unreachable(f"No server answers at {url} ({one.trouble}). Is it started?")
    word = outcome(one.answer)
    if one.answer.status in _NO_SUCH_OPERATION and word not in load_contract().codes:
        raise Unreachable(
            f"A server answers at {url}, but it does not know the operation "
            f"(HTTP {one.answer.status}). Is the URL right?"
        )
    return word
