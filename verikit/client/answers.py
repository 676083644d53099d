"""The result of a comparison: a score, and its meaning in the contract."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

from verikit.contract import load_contract

CONTRACT = load_contract()


class ErrorRate(NamedTuple):
    """A row of the documented table.

    The proportion ``rate`` of comparisons of two different people scores ``threshold`` or more.
    """

    threshold: float
    rate: float


RECOMMENDED_RATE = CONTRACT.error_rates.rate_at(CONTRACT.error_rates.recommended_above)
"""The documented false match rate at the recommended threshold."""


def threshold_for(rate: float) -> float:
    """The threshold for a false match rate between 0 and 1.

    Between two rows of the documented table, the logarithm of the rate is interpolated.

    Raises:
        ValueError: the rate is outside the documented table.

    >>> threshold_for(1 / 10_000)
    0.7
    """
    rates = CONTRACT.error_rates
    (_, highest), *_, (_, lowest) = rates.rows
    if not lowest <= rate <= highest:
        raise ValueError(
            f"The documented error rates range from 1/{1 / highest:.0f} to 1/{1 / lowest:,.0f}: "
            f"{rate:g} is not among them."
        )
    return rates.threshold_at(math.log10(rate))


@dataclass(frozen=True, kw_only=True)
class Verification:
    """The result of a comparison.

    Attributes:
        score: from 0 to 1; the higher, the more likely both photos show the same person.
        code: the contract's success code.
        request_id: the server's ID of this request, for support and logs.
    """

    score: float
    code: int
    request_id: str

    def matches(self, *, at_rate: float = RECOMMENDED_RATE) -> bool:
        """Whether the photos match at a false match rate.

        Args:
            at_rate: the acceptable false match rate, such as ``1 / 100_000``; by default the rate
                of the recommended threshold.

        Raises:
            ValueError: the rate is outside the documented table.
        """
        return self.score >= threshold_for(at_rate)

    @property
    def row(self) -> ErrorRate | None:
        """The highest row of the error-rate table that the score reaches, if any."""
        reached = [ErrorRate(*row) for row in CONTRACT.error_rates.rows if self.score >= row[0]]
        return reached[-1] if reached else None
