"""JSON from somebody who may be hostile: RFC 8259, and of it only what every reader reads alike.

That is RFC 7493 (I-JSON): UTF-8 without a byte order mark, no member twice, no half of a surrogate
pair, no number beyond a double; and bounds on nesting and on the digits of a number.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any, NoReturn

from verikit.foreign_text import shown

DEEPEST = 64
"""Arrays and objects within each other."""
LONGEST_NUMBER = 64
"""Characters of a number."""

# A string that does not end matches too, to the end: the time stays linear in the size.
_NO_BRACKETS = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)|[^\[\]{}"]++', re.DOTALL)


class NotStrictJson(ValueError):  # noqa: N818 - it names what was found
    """The bytes are no such JSON; the message says why, fit to be shown."""


def read_json(content: bytes) -> Any:
    """The value in ``content``, whose size the caller has bounded.

    Raises:
        NotStrictJson: it is none.
    """
    _demand_shallow(content)
    try:
        value = _DECODER.decode(content.decode("utf-8"))
    except NotStrictJson:
        raise
    except UnicodeDecodeError as error:
        raise NotStrictJson(f"it is not UTF-8 at byte {error.start}") from None
    except json.JSONDecodeError as error:
        raise NotStrictJson(f"{error.msg} at character {error.pos}") from None
    except (ValueError, RecursionError) as error:
        raise NotStrictJson(str(error)) from None
    if b"\\u" in content:
        _demand_whole_characters(value)
    return value


def number(value: Any) -> float | None:
    """A value of JSON as a number; None if it is none, as ``true`` is."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value)


def _demand_shallow(content: bytes) -> None:
    if content.count(b"[") + content.count(b"{") <= DEEPEST:
        return
    depth = 0
    for bracket in _NO_BRACKETS.sub(b"", content):
        depth += 1 if bracket in b"[{" else -1
        if depth > DEEPEST:
            raise NotStrictJson(f"it is nested more than {DEEPEST} deep")


def _demand_whole_characters(value: Any) -> None:
    """Unpaired surrogates can be written as escapes alone, and no output takes them."""
    if isinstance(value, str):
        if not value.isascii() and any("\ud800" <= letter <= "\udfff" for letter in value):
            raise NotStrictJson("a string contains half of a surrogate pair")
    elif isinstance(value, list):
        for item in value:
            _demand_whole_characters(item)
    elif isinstance(value, dict):
        for name, item in value.items():
            _demand_whole_characters(name)
            _demand_whole_characters(item)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        seen: set[str] = set()
        twice = next(name for name, _ in pairs if name in seen or seen.add(name))  # type: ignore[func-returns-value]
        raise NotStrictJson(f"the member {shown(twice, limit=40)} occurs twice in one object")
    return found


def _integer(digits: str) -> int:
    _demand_short(digits)
    return int(digits)


def _real(digits: str) -> float:
    _demand_short(digits)
    number = float(digits)
    if math.isinf(number):
        raise NotStrictJson(f"{digits} is out of range")
    return number


def _demand_short(digits: str) -> None:
    if len(digits) > LONGEST_NUMBER:
        raise NotStrictJson(f"a number has {len(digits):,} characters")


def _constant(name: str) -> NoReturn:
    raise NotStrictJson(f"{name} is not JSON")


_DECODER = json.JSONDecoder(
    object_pairs_hook=_object, parse_int=_integer, parse_float=_real, parse_constant=_constant
)
