"""The terms of a verdict; a report says if other terms would give another verdict."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

from calibration.statistics.intervals import CONFIDENCE


@dataclass(frozen=True, kw_only=True)
class Terms:
    """The rows that are judged, up to the threshold ``up_to``, and the rule for them."""

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
