"""Takes key and IV from files, so that they stand in no settings and on no command line."""

from __future__ import annotations

import os
from pathlib import Path

import click
from click.core import ParameterSource

from verikit.contract import load_contract
from verikit.contract.values import check_secret
from verikit.errors import WrongUse
from verikit.options import GivenSecrets

SCHEME = load_contract().encryption
MOST_BYTES = 4096
FILES = {
    "key": (SCHEME.key_variable, SCHEME.key_characters),
    "iv": (SCHEME.iv_variable, SCHEME.iv_characters),
}


def read(ctx: click.Context) -> GivenSecrets:
    """What the files hold that stand before the documented variables, if any do.

    A variable that is set wins over a file, unless the file was named by a flag. It is handed on
    by :func:`verikit.options.secrets`, not put into the environment, which every child process
    would get.

    Raises:
        WrongUse: a file holds no secret of the documented length.
    """
    found: GivenSecrets = {}
    for name, (variable, length) in FILES.items():
        option = f"{name}_file"
        path = ctx.params[option]
        flag = ctx.get_parameter_source(option) is ParameterSource.COMMANDLINE
        if path and (flag or variable not in os.environ):
            found[name] = _secret(path, length)  # type: ignore[literal-required]
    return found


def _secret(path: Path, length: int) -> str:
    try:
        with path.open("rb") as file:
            secret = file.read(MOST_BYTES).rstrip(b"\r\n")
    except OSError as error:
        raise WrongUse(f"{path} cannot be read: {error.strerror}.") from error
    check_secret(str(path), secret, length)
    return secret.decode("ascii")
