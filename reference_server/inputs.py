"""The parameters of one comparison, taken from the fields of a form."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from reference_server.refusals import PHOTOS, InvalidArgument
from verikit.contract import Parameter, load_contract

PARAMETERS = load_contract().parameters
Switches = dict[str, bool]

BOOLEANS = {b"true": True, b"false": False}


@dataclass(frozen=True, kw_only=True)
class Inputs:
    """What a client asks: its two sealed photos, still in Base64, and its switches by name."""

    photos: tuple[bytes, ...]
    switches: Switches


def read_inputs(fields: Iterable[tuple[str, bytes]]) -> Inputs:
    """Check and convert the fields; unknown ones are ignored.

    Raises:
        InvalidArgument: a parameter is missing, empty, given twice or no boolean.
    """
    given = _given_once(fields)
    photos = tuple(_text(name, given) for name in PHOTOS)
    switches = {
        name: _boolean(parameter, given)
        for name, parameter in PARAMETERS.items()
        if parameter.type == "boolean"
    }
    return Inputs(photos=photos, switches=switches)


def _given_once(fields: Iterable[tuple[str, bytes]]) -> dict[str, bytes]:
    """Refusing repetition leaves no doubt which value a proxy or a log has seen."""
    given: dict[str, bytes] = {}
    for name, value in fields:
        if name in given and name in PARAMETERS:
            raise InvalidArgument(f"{name} is given more than once")
        given[name] = value
    return given


def _text(name: str, given: dict[str, bytes]) -> bytes:
    if not given.get(name):
        raise InvalidArgument(f"{name} is missing")
    return given[name]


def _boolean(parameter: Parameter, given: dict[str, bytes]) -> bool:
    if parameter.name not in given:
        return bool(parameter.default)
    try:
        return BOOLEANS[given[parameter.name].lower()]
    except KeyError:
        raise InvalidArgument(f"{parameter.name} must be true or false") from None
