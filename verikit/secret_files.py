"""Takes key and IV from files, so that they stand in no settings and on no command line."""

from __future__ import annotations

import os
from pathlib import Path

import click
from click.core import ParameterSource

from verikit.contract import load_contract

SCHEME = load_contract().encryption
FILES = {
    "key_file": (SCHEME.key_variable, SCHEME.key_characters),
    "iv_file": (SCHEME.iv_variable, SCHEME.iv_characters),
}


def export(ctx: click.Context) -> None:
    """Put what the files hold where every part looks for it: the documented variables.

    A variable that is set wins over a file, unless the file was named by a flag.

    Raises:
        UsageError: a file holds no secret of the documented length.
    """
    for option, (variable, length) in FILES.items():
        path = ctx.params[option]
        flag = ctx.get_parameter_source(option) is ParameterSource.COMMANDLINE
        if path and (flag or variable not in os.environ):
            os.environ[variable] = _secret(path, length)


def _secret(path: Path, length: int) -> str:
    try:
        text = path.read_text(encoding="ascii").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise click.UsageError(f"{path} cannot be read as a text of ASCII.") from error
    if len(text) != length:
        raise click.UsageError(f"{path} must hold {length} characters, not {len(text)}.")
    return text
