"""Options of every command that runs cases."""

import click

jobs = click.option(
    "--jobs",
    default=4,
    show_default=True,
    type=click.IntRange(1, 64),
    help="Cases that run at the same time.",
)
timeout = click.option(
    "--timeout",
    default=30.0,
    show_default=True,
    type=click.FloatRange(0, min_open=True),
    help="Seconds to wait for a response.",
)
