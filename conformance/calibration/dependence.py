"""What it costs that comparisons share people: the design effect.

Source: the variance of a U-statistic over identities, as in ``docs/calibration.md``; for all pairs
of G people it is Var = [4 (G - 2) zeta1 + 2 p (1 - p)] / (G (G - 1)). Written with the comparisons
n_i and the matches d_i of each person it holds for any set of pairs (a dyadic cluster-robust
variance): Var(k) = sum (d_i - p n_i)^2 - (c - 1) n p (1 - p), where a comparison has c people.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from conformance.calibration.arrays import Counts


@dataclass(frozen=True, kw_only=True)
class Shares:
    """What each person contributes.

    ``tried`` has shape (G,): comparisons of each person; ``events`` has shape (rows, G): those
    that went wrong at each threshold, thresholds ascending. ``per_comparison`` is 2 where two
    people meet (non-mated) and 1 where a person meets himself (mated).
    """

    tried: Counts
    events: Counts
    per_comparison: int

    @property
    def comparisons(self) -> float:
        """The comparisons that all people share in."""
        return float(self.tried.sum()) / self.per_comparison

    @property
    def people(self) -> int:
        """How many people take part."""
        return int(np.count_nonzero(self.tried))


def design_effects(shares: Shares, claimed: tuple[float, ...] = ()) -> list[float]:
    """The design effect of each row, at least 1.

    A row without an event tells nothing about its spread: it takes the coefficient of variation
    of the row below it, at its ``claimed`` rate.
    """
    effects: list[float] = []
    spread = 0.0
    for row, events in enumerate(shares.events):
        if events.any():
            effect = _design_effect(shares, events)
            spread = _spread(shares, events, effect)
        else:
            effect = 1 + spread * claimed[row] * _sharing(shares) if claimed else 1.0
        effects.append(max(1.0, effect))
    return effects


def _design_effect(shares: Shares, events: Counts) -> float:
    n = shares.comparisons
    p = float(events.sum()) / shares.per_comparison / n
    if p >= 1:
        return 1.0
    alone = n * p * (1 - p)
    together = float(np.square(events - p * shares.tried).sum())
    return together / alone - (shares.per_comparison - 1)


def _sharing(shares: Shares) -> float:
    """Ordered pairs of comparisons that share a person, for each comparison."""
    tried = shares.tried.astype(float)
    return float((tried * (tried - 1)).sum()) / shares.comparisons


def _spread(shares: Shares, events: Counts, effect: float) -> float:
    """cv^2 = zeta1 / p^2: how unequal people are in drawing events."""
    p = float(events.sum()) / float(shares.tried.sum())
    sharing = _sharing(shares)
    return max(0.0, (effect - 1) * (1 - p) / p / sharing) if sharing else 0.0
