"""The evidence of a rate from what each person contributes: every rate of a report is made here."""

from __future__ import annotations

import math
from dataclasses import replace

from calibration.statistics.dependence import Shares, effects, largest_effect
from calibration.statistics.verdicts import Evidence

USUAL = 0.05
"""Where a confidence sequence of a rate that nobody claims is narrowest."""


def evidence_of(
    shares: Shares, claimed: tuple[float, ...] = (), repeats: float = 1.0
) -> list[Evidence]:
    """The evidence of each row, with the dependence within people.

    ``claimed`` are the claimed rates, if there are any: then how events cluster is taken from other
    rows too, where a row has few or a rate beyond theirs is tried. ``repeats`` is the mean number
    of times that a pair occurs; it is evidence only once. To judge a limit instead, replace
    ``claimed``: the bounds of the rate stay.
    """
    rates = claimed or (USUAL,) * len(shares.events)
    n = round(shares.comparisons)
    if not n:
        return [Evidence(claimed=rate, k=0, n=0) for rate in rates]
    distinct = replace(shares, tried=shares.tried / repeats, events=shares.events / repeats)
    dependence = effects(distinct, claimed)
    most = repeats * largest_effect(distinct)
    every = shares.comparisons * shares.per_comparison
    by_rate = sorted(
        (float(events.sum()) / every, repeats * row.growth)
        for events, row in zip(shares.events, dependence, strict=True)
    )
    return [
        Evidence(
            claimed=rate,
            k=round(float(events.sum()) / shares.per_comparison),
            n=n,
            design_effect=repeats * row.design,
            shown_effect=repeats * row.shown if claimed else math.inf,
            growth=repeats * row.growth,
            repeats=repeats,
            largest_effect=most,
            further=tuple(one for one in by_rate if claimed and one[0] > events.sum() / every),
        )
        for rate, events, row in zip(rates, shares.events, dependence, strict=True)
    ]
