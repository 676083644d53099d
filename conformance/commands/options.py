"""Options of every command that runs cases."""

import click

from verikit.contract import load_contract

_SCHEME = load_contract().encryption

key = click.option(
    "--key",
    help=f"The server's key.  [default: {_SCHEME.key_variable}, or the documented key]",
)
iv = click.option(
    "--iv",
    help=f"The server's IV.  [default: {_SCHEME.iv_variable}, or the documented IV]",
)
jobs = click.option(
    "--jobs",
    default=4,
    show_default=True,
    type=click.IntRange(1, 64),
    help="Cases that run at the same time.",
)
