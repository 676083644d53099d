"""Parses YAML into plain values; in that of others aliases and deep nesting are refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from verikit.foreign_files import LARGEST_SETTINGS, read_text

_FAST = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""Ten times as fast, where it was built; it crashes where the other one raises RecursionError."""

MOST_CHARACTERS = 2**20
MOST_VALUES = 100_000


class NotPlainYaml(ValueError):  # noqa: N818 - it names what was found
    """A text is no YAML, or too much of it; the message is a part of a sentence."""


def read_own(path: Path) -> Any:
    """The values of a YAML file that this project ships.

    Raises:
        OSError: it cannot be read.
        yaml.YAMLError: it is no YAML.
    """
    return yaml.load(path.read_text(encoding="utf-8"), _FAST)  # noqa: S506 - both are safe loaders


def read_yaml_file(path: Path) -> Any:
    """The values of a YAML file of others.

    Raises:
        OSError: it cannot be read.
        ValueError: it is too large, not in UTF-8, or no YAML, as :func:`read_yaml` has it.
    """
    return read_yaml(read_text(path, LARGEST_SETTINGS))


def read_yaml(text: str) -> Any:
    """The values of a YAML text; aliases are allowed, unless they multiply its size.

    Raises:
        NotPlainYaml: it is no YAML, is nested too deeply, or would be huge if it were written out.
    """
    if len(text) > MOST_CHARACTERS:
        raise NotPlainYaml(f"it has more than {MOST_CHARACTERS:,} characters")
    try:
        value = yaml.safe_load(text)
        count = _written_out(value, {})
    except RecursionError:
        raise NotPlainYaml("it is nested too deeply") from None
    except (yaml.YAMLError, ValueError, TypeError, OverflowError) as error:
        raise NotPlainYaml(" ".join(str(error).split())) from error
    if count > MOST_VALUES:
        raise NotPlainYaml(f"written out, it would hold more than {MOST_VALUES:,} values")
    return value


def _written_out(value: Any, known: dict[int, int]) -> int:
    """How many values there would be without references; one that holds itself never ends."""
    if not isinstance(value, dict | list | set | tuple):
        return 1
    if id(value) not in known:
        known[id(value)] = MOST_VALUES + 1
        inner = [*value.keys(), *value.values()] if isinstance(value, dict) else value
        known[id(value)] = 1 + sum(_written_out(one, known) for one in inner)
    return known[id(value)]
