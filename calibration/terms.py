"""The terms of a verdict; a report says if other terms would give another verdict."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

from calibration.statistics import CONFIDENCE


@dataclass(frozen=True, kw_only=True)
class Terms:
    """The rows that are judged, up to the threshold ``up_to``, and the rule for them."""

    up_to: float = math.inf
    tolerance: float = 2.0
    confidence: float = CONFIDENCE

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> Self:
        """Read what ``as_json`` wrote; missing terms have their defaults.

        Raises:
            ValueError, TypeError: they are not numbers.
        """
        known = {name: float(value) for name, value in stored.items() if value is not None}
        return cls(**known)

    @property
    def as_json(self) -> dict[str, float | None]:
        """As values for JSON; None stands for all rows."""
        return asdict(self) | {"up_to": None if math.isinf(self.up_to) else self.up_to}

    def __str__(self) -> str:
        rows = "all rows" if math.isinf(self.up_to) else f"the rows up to {self.up_to:g}"
        return f"{rows}, tolerance {self.tolerance:g}, confidence {100 * self.confidence:g} %"
