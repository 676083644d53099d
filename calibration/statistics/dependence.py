"""The design effect of comparisons that share people.

Source: the variance of a U-statistic over identities, which is
Var = [4 (G - 2) zeta1 + 2 p (1 - p)] / (G (G - 1)) for all pairs of G people. In terms of the
comparisons n_i and the matches d_i of each person, it applies to any set of pairs (a dyadic
cluster-robust variance): Var(k) = sum (d_i - p n_i)^2 - (c - 1) n p (1 - p), with c people in a
comparison.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from calibration.statistics.arrays import Counts, Floats

FEW_EVENTS = 30
"""Errors below which a rate is poorly known: the rule of 30 (Doddington et al., 2000)."""
LEAST_PEOPLE = 30
"""The design effect is a variance over people: fewer give no estimate worth the name."""


@dataclass(frozen=True, kw_only=True)
class Shares:
    """What each person contributes to a set of comparisons.

    ``tried`` has shape (G,): comparisons of each person; ``events`` has shape (rows, G): errors at
    each threshold, thresholds ascending. ``per_comparison`` is the number of people in a
    comparison: 2 (non-mated) or 1 (mated). ``pairs`` is the number of pairs of
    these people that can be compared; None: all of them.
    """

    tried: Counts | Floats
    events: Counts | Floats
    per_comparison: int
    pairs: int | None = None

    @cached_property
    def comparisons(self) -> float:
        """The number of comparisons."""
        return float(self.tried.sum()) / self.per_comparison

    @cached_property
    def sharing(self) -> float:
        """Ordered pairs of comparisons that share a person, for each comparison."""
        tried = self.tried.astype(float)
        return float((tried * (tried - 1)).sum()) / self.comparisons

    @property
    def people(self) -> int:
        """The number of people."""
        return int(np.count_nonzero(self.tried))


class Effect(NamedTuple):
    """The dependence of one row.

    ``design`` is its design effect, at least 1. A row with few events (fewer than 30 effective
    ones) cannot show how they cluster: one or none looks independent. Its design effect is the
    largest of its own, of that expected at its claimed rate from the coefficient of variation of
    the rows below, and of the number of comparisons per pair of people (mated: per person). The
    last means that more photos of the same people add no evidence, which is safe however similar
    their scores are.

    ``shown`` is the design effect that the events themselves show: no bound for rows with few
    events. It suffices to show that there are too many events, because many events show how they
    cluster. To show that there are few enough, use ``design``.

    ``growth`` is how the design effect grows with the rate: it is 1 + rate * growth, because some
    people have more events than others. A test against a limit needs the design effect at that
    limit, as a sample with few events by chance shows too small a one. Rows with few events take
    it from the rows below if rates are claimed.
    """

    design: float
    shown: float
    growth: float


def effects(shares: Shares, claimed: tuple[float, ...] = ()) -> list[Effect]:
    """The dependence of each row; ``claimed`` are the claimed rates, if there are any."""
    sharing = shares.sharing if shares.comparisons else 0.0
    return [
        Effect(design=max(row.shown, row.most), shown=row.shown, growth=row.spread * sharing)
        for row in _rows(shares, claimed)
    ]


def largest_effect(shares: Shares) -> float:
    """The design effect if all comparisons that share a person had one outcome: none is larger."""
    return 1 + max(0.0, shares.sharing)


def people_errors(top: Shares, rest: Shares, share: float) -> list[float]:
    """The relative standard error of each row's rate that comes from the choice of people alone.

    The rate is share * top + (1 - share) * rest. Which pairs are in the top stratum depends on who
    is in the sample, and the rates of the strata do not show that; so the error is computed from
    each person's share of the events of both strata. Rows with few events take it from the rows
    below.
    """
    error, errors = 0.0, []
    strata = _weights(top, rest, share)
    for row in range(len(top.events)):
        events, tried = np.zeros(top.tried.size), np.zeros(top.tried.size)
        alone, seen = 0.0, 0.0
        for weight, shares in strata:
            k = float(shares.events[row].sum()) / shares.per_comparison
            events += weight * shares.events[row]
            tried += weight * shares.tried
            alone += weight**2 * k
            seen += k
        if seen >= FEW_EVENTS:
            rate = float(events.sum() / tried.sum())
            together = float(np.square(events - rate * tried).sum())
            error = math.sqrt(max(0.0, together - top.per_comparison * alone)) / rate
        errors.append(error)
    return errors


def _weights(top: Shares, rest: Shares, share: float) -> list[tuple[float, Shares]]:
    """Each stratum that has comparisons, with the weight of one of them."""
    strata = (share, top), (1 - share, rest)
    return [(part / shares.comparisons, shares) for part, shares in strata if shares.comparisons]


def joint_effects(top: Shares, rest: Shares, share: float) -> list[float]:
    """The design effect of each row of share * top + (1 - share) * rest, for the same people.

    It includes the correlation of the strata: people with events in one have them in the other too.
    """
    strata = _weights(top, rest, share)
    effects = []
    for row in range(len(top.events)):
        excess, alone, charged = np.zeros(top.tried.size), 0.0, top.per_comparison
        for weight, shares in strata:
            p = float(shares.events[row].sum()) / charged / shares.comparisons
            excess += weight * (shares.events[row] - p * shares.tried)
            alone += weight**2 * shares.comparisons * p * (1 - p)
        together = float(np.square(excess).sum())
        effects.append(max(1.0, together / alone - (charged - 1)) if alone else 1.0)
    return effects


def spreads(shares: Shares, claimed: tuple[float, ...] = ()) -> list[float]:
    """The squared coefficient of variation of people's event rates, for each row.

    Rows with few events take it from the rows below.
    """
    return [row.spread for row in _rows(shares, claimed)]


class _Row(NamedTuple):
    shown: float
    most: float
    spread: float


def _rows(shares: Shares, claimed: tuple[float, ...]) -> Iterator[_Row]:
    spread = 0.0
    for row, events in enumerate(shares.events):
        effect = _design_effect(shares, events)
        own, most = _spread(shares, events, effect), 1.0
        if events.sum() < FEW_EVENTS * shares.per_comparison * max(1.0, effect):
            carried = 1 + spread * claimed[row] * shares.sharing if claimed else 1.0
            effect, own, most = max(effect, carried), max(own, spread), _photos_alike(shares)
        spread = own if claimed else 0.0
        yield _Row(max(1.0, effect), most, own)


def _design_effect(shares: Shares, events: Counts | Floats) -> float:
    n = shares.comparisons
    p = float(events.sum()) / shares.per_comparison / n
    if not 0 < p < 1:
        return 1.0
    alone = n * p * (1 - p)
    together = float(np.square(events - p * shares.tried).sum())
    return together / alone - (shares.per_comparison - 1)


def _photos_alike(shares: Shares) -> float:
    """The design effect if all comparisons of the same people had one outcome."""
    every = math.comb(shares.people, shares.per_comparison)
    return shares.comparisons / max(1, every if shares.pairs is None else shares.pairs)


def _spread(shares: Shares, events: Counts | Floats, effect: float) -> float:
    """cv^2 = zeta1 / p^2: how unequal people's event rates are."""
    p = float(events.sum()) / float(shares.tried.sum())
    sharing = shares.sharing
    if not p:
        return 0.0
    return max(0.0, (effect - 1) * (1 - p) / p / sharing) if sharing else 0.0
