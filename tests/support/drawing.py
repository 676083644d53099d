"""Which plots of calibration reports are drawn; that takes longer than the rest of a report."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from matplotlib.figure import Figure

from calibration.report import plots


@contextmanager
def drawing(*names: str) -> Iterator[None]:
    """Draw the plots of these names; the others are put together, and left undrawn."""
    save = Figure.savefig
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Figure, "savefig", lambda _, file, **__: file.write("<svg></svg>"))
        for name in names:
            patch.setattr(plots, name, _with(save, getattr(plots, name)))
        yield


def _with(save: Callable[..., None], plot: Callable[..., str]) -> Callable[..., str]:
    def drawn(*arguments: Any) -> str:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Figure, "savefig", save)
            return plot(*arguments)

    return drawn
