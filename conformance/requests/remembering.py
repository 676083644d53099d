"""What is computed of a small file or text is computed once."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, wraps
from typing import Any, TypeVar, cast

SMALL = 500_000
"""Bytes or letters from which on nothing is kept: it would fill the memory."""

Computed = TypeVar("Computed", bound=Callable[..., Any])


def once_if_small(kept: int) -> Callable[[Computed], Computed]:
    """Decorates a function whose first argument is bytes or text; keeps so many of its results."""

    def decorated(compute: Computed) -> Computed:
        remembered = lru_cache(kept)(compute)

        @wraps(compute)
        def once(data: Any, *more: Any, **named: Any) -> Any:
            return (remembered if len(data) < SMALL else compute)(data, *more, **named)

        return cast("Computed", once)

    return decorated
