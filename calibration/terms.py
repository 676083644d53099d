"""On what terms a verdict is given, so that other terms for the same data are never silent."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

from calibration.statistics.intervals import CONFIDENCE


@dataclass(frozen=True, kw_only=True)
class Terms:
    """The rows up to ``up_to`` of a table of claims, and how they are judged; the defaults are what
    is judged if nobody says otherwise."""

    up_to: float = math.inf
    tolerance: float = 2.0
    confidence: float = CONFIDENCE

    @classmethod
    def of(cls, kept: Mapping[str, Any]) -> Self:
        """As ``kept`` wrote them; what is missing is as by default.

        Raises:
            ValueError, TypeError: they are not numbers.
        """
        known = {name: float(value) for name, value in kept.items() if value is not None}
        return cls(**known)

    @property
    def kept(self) -> dict[str, float | None]:
        """Fit for JSON: None stands for all rows."""
        return asdict(self) | {"up_to": None if math.isinf(self.up_to) else self.up_to}

    def __str__(self) -> str:
        rows = "all rows" if math.isinf(self.up_to) else f"the rows up to {self.up_to:g}"
        return f"{rows}, tolerance {self.tolerance:g}, confidence {100 * self.confidence:g} %"
