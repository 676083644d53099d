"""Options from ``verikit.toml``: a table for each command, its keys named like the flags.

Click does the rest: the file becomes its ``default_map``, below the environment
(``VERIKIT_COMMAND_OPTION``) and below the flags.
"""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NoReturn

import click

from verikit.errors import in_words
from verikit.foreign_files import LARGEST_SETTINGS, read_text

FILE = Path("verikit.toml")
SECRETS = {"key", "iv"}


def read(path: Path) -> dict[str, Any]:
    """The tables of a file.

    Raises:
        UsageError: the file cannot be read, is no TOML, or holds a secret.
    """
    try:
        content = tomllib.loads(read_text(path, LARGEST_SETTINGS))
    except (OSError, ValueError, RecursionError) as error:
        raise click.UsageError(f"{path} cannot be read: {in_words(error)}") from error
    _refuse_secrets(content, path)
    return content


def defaults(
    command: click.Command, table: Any, place: str, others: Iterable[str] = ()
) -> dict[str, Any]:
    """A table as click's ``default_map`` of a command; ``place`` says where it stands.

    ``others`` may stand there too and are left out.

    Raises:
        UsageError: the command does not know a key, or a value is of the wrong kind.
    """
    if not isinstance(table, dict):
        raise click.UsageError(f"{place} must be a table of options.")
    parameters = {str(p.name): p for p in command.params if not p.is_eager}
    commands = command.commands if isinstance(command, click.Group) else {}
    found: dict[str, Any] = {}
    for key, value in table.items():
        if key in others:
            continue
        name = key.replace("-", "_")
        if key in commands:
            found[key] = defaults(commands[key], value, f"{place} {key}")
        elif name in parameters:
            found[name] = _checked(parameters[name], command, value, f"{place} {key}")
        else:
            _refuse_unknown(place, key, [*parameters, *commands, *others])
    return found


def _refuse_unknown(place: str, key: str, known: Iterable[str]) -> NoReturn:
    names = sorted(name.replace("_", "-") for name in known)
    near = difflib.get_close_matches(key.replace("_", "-"), names, 1)
    hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(names)}."
    raise click.UsageError(f"{place} has no option {key}: {hint}")


def _checked(parameter: click.Parameter, command: click.Command, value: Any, place: str) -> Any:
    several = getattr(parameter, "multiple", False) or parameter.nargs != 1
    flag = getattr(parameter, "is_flag", False)
    for one in value if several and isinstance(value, list) else [value]:
        if flag and not isinstance(one, bool):
            raise click.UsageError(f"{place} must be true or false.")
        if not flag and (isinstance(one, bool) or not isinstance(one, str | int | float)):
            raise click.UsageError(f"{place} must be a string or a number.")
    try:
        parameter.type_cast_value(click.Context(command), value)
    except click.BadParameter as error:
        raise click.UsageError(f"{place}: {error.message}") from error
    return value


def _refuse_secrets(table: dict[str, Any], path: Path) -> None:
    for name, value in table.items():
        if name.lower() in SECRETS:
            raise click.UsageError(
                f"{path} must not hold the {name} itself: keep it in a separate file, given by "
                f'{name.lower()}-file = "..." before all tables.'
            )
        if isinstance(value, dict):
            _refuse_secrets(value, path)
