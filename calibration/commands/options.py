"""Options that several commands of calibration share; each command says what they mean for it."""

from __future__ import annotations

from functools import partial

import click

from calibration.terms import Terms

tolerance = partial(
    click.option,
    "--tolerance",
    type=click.FloatRange(1, min_open=True),
    default=Terms.tolerance,
    show_default=True,
)
claims = partial(click.option, "--claims", metavar="FILE")
confidence = partial(
    click.option,
    "--confidence",
    type=click.FloatRange(0.5, 1, min_open=True, max_open=True),
    default=Terms.confidence,
    show_default=True,
)
