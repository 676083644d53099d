"""What the commands that send photos take alike."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import click

from verikit.client import threshold_for
from verikit.contract import load_contract
from verikit.transport.address import DEFAULT_URL

CONTRACT = load_contract()
PHOTO = click.Path(exists=True, dir_okay=False, path_type=Path)
SECRETS_HELP = (
    f"Key and IV come from {CONTRACT.encryption.key_variable} and "
    f"{CONTRACT.encryption.iv_variable}, or from files (verikit --key-file FILE "
    "--iv-file FILE ...); without them the documented defaults hold."
)
SWITCHES = tuple(p for p in CONTRACT.parameters.values() if p.type == "boolean")
"""The contract's boolean parameters."""


def switches(command: Callable[..., Any]) -> Callable[..., Any]:
    """A flag for each boolean parameter of the contract."""
    for parameter in reversed(SWITCHES):
        flag = "--" + parameter.name.replace("_", "-")
        text = f"Send {parameter.name}=true."
        command = click.option(flag, parameter.name, is_flag=True, help=text)(command)
    return command


url = click.option("--url", default=DEFAULT_URL, show_default=True, help="Where the server is.")


class Rate(click.ParamType[float]):
    """A false match rate, written like 1/10,000 or 0.0001."""

    name = "rate"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """The rate as a number, within the documented table."""
        try:
            rate = float(Fraction(str(value).replace(",", "")))
        except (ValueError, ZeroDivisionError):
            self.fail(f"{value!r} is no rate: write it like 1/10,000 or 0.0001.", param, ctx)
        try:
            threshold_for(rate)
        except ValueError as error:
            self.fail(str(error), param, ctx)
        return rate


def one_in(rate: float) -> str:
    """A rate in words.

    >>> one_in(0.0001)
    '1 in 10,000'
    """
    return f"1 in {1 / rate:,.0f}"
