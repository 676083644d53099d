"""The parameters of a comparison, from the fields of a URL-encoded or multipart form."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.http import parse_options_header
from werkzeug.sansio.multipart import (
    NEED_DATA,
    Data,
    Event,
    Field,
    File,
    MultipartDecoder,
    State,
)

from reference_server.refusals import PHOTOS, InvalidArgument
from verikit.contract import Parameter, load_contract

PARAMETERS = load_contract().parameters
Fields = list[tuple[str, bytes]]
Switches = dict[str, bool]

BOOLEANS = {b"true": True, b"1": True, b"false": False, b"0": False}

MAX_FIELDS = 10_000
MAX_HEADER_BYTES = 2**20
"""Of all parts of a multipart form together."""

PIECE = 2**18
"""How many bytes of a body are looked at at once."""

HEX_DIGITS = np.full(256, -1)
"""The value of a hexadecimal digit by its character's code, -1 for any other character."""
HEX_DIGITS[list(b"0123456789abcdef")] = HEX_DIGITS[list(b"0123456789ABCDEF")] = range(16)


@dataclass(frozen=True, kw_only=True)
class Inputs:
    """What a client asks: its two encrypted photos, still in Base64, and its switches by name."""

    photos: tuple[bytes, ...]
    switches: Switches


def read_form(content_type: str, body: bytes) -> Fields:
    """The fields in the order they were sent; of a file part its content.

    Raises:
        InvalidArgument: the content type is no form, or the form is malformed.
    """
    media_type, options = parse_options_header(content_type)
    reader = READERS.get(media_type.lower())
    if reader is None:
        raise InvalidArgument(f"the body must be {' or '.join(READERS)}")
    return reader(body, options)


def _url_encoded(body: bytes, _options: dict[str, str]) -> Fields:
    if body.count(b"&") >= MAX_FIELDS:
        raise _too_many()
    pairs = (field.partition(b"=") for field in body.split(b"&"))
    return [(_unquote(name).decode("latin-1"), _unquote(value)) for name, _, value in pairs]


def _unquote(text: bytes) -> bytes:
    """Undo percent-encoding; a '+' stays, since it is read as a blank and a blank as '+'.

    urllib's unquote_to_bytes does the same four to six times slower on a photo.
    """
    if b"%" not in text:
        return text
    return b"".join(_unquote_piece(piece) for piece in _pieces(text))


def _pieces(text: bytes) -> Iterator[bytes]:
    """The text cut where no escape is, so that the work takes little memory."""
    start = 0
    while start < len(text):
        end = start + PIECE
        near = text.rfind(b"%", end - 2, end)
        end = end if near < 0 else near
        yield text[start:end]
        start = end


def _unquote_piece(text: bytes) -> bytes:
    codes = np.frombuffer(text, np.uint8).copy()
    escapes = np.flatnonzero(codes[:-2] == ord("%"))
    high, low = HEX_DIGITS[codes[escapes + 1]], HEX_DIGITS[codes[escapes + 2]]
    valid = (high >= 0) & (low >= 0)
    escapes = escapes[valid]
    codes[escapes] = high[valid] * 16 + low[valid]
    kept = np.ones(len(codes), bool)
    kept[escapes + 1] = kept[escapes + 2] = False
    return codes[kept].tobytes()


def _multipart(body: bytes, options: dict[str, str]) -> Fields:
    try:
        boundary = options.get("boundary", "").encode("ascii")
        if not boundary:
            raise ValueError("no boundary")
        return _parts(body, MultipartDecoder(boundary, max_parts=MAX_FIELDS))
    except RequestEntityTooLarge:
        raise _too_many() from None
    except ValueError:
        raise InvalidArgument("the multipart form is malformed") from None


def _parts(body: bytes, decoder: MultipartDecoder) -> Fields:
    parts: list[tuple[str, list[bytes]]] = []
    for event in _events(body, decoder):
        if isinstance(event, Field | File):
            parts.append((event.name or "", []))
        elif isinstance(event, Data):
            parts[-1][1].append(event.data)
    return [(name, b"".join(data)) for name, data in parts]


def _events(body: bytes, decoder: MultipartDecoder) -> Iterator[Event]:
    """What the decoder finds, piece by piece; its headers cost ten times the rest."""
    headers = 0
    for start in range(0, len(body), PIECE):
        decoder.receive_data(body[start : start + PIECE])
        for event in iter(decoder.next_event, NEED_DATA):
            headers += _header_bytes(event)
            yield event
        if decoder.state is State.PREAMBLE:  # which costs ten times the rest, too
            raise ValueError("no boundary at the beginning")
        unfinished = len(decoder.buffer) if decoder.state is State.PART else 0
        if headers + unfinished > MAX_HEADER_BYTES:
            raise InvalidArgument("the headers of the multipart form are too long")
    decoder.receive_data(None)
    while decoder.state is not State.COMPLETE:
        yield decoder.next_event()


def _header_bytes(event: Event) -> int:
    if not isinstance(event, Field | File):
        return 0
    return sum(len(name) + len(value) for name, value in event.headers)


def _too_many() -> InvalidArgument:
    return InvalidArgument(f"the form has more than {MAX_FIELDS} fields")


READERS = {
    "application/x-www-form-urlencoded": _url_encoded,
    "multipart/form-data": _multipart,
}


def read_inputs(fields: Iterable[tuple[str, bytes]]) -> Inputs:
    """Check and convert the fields; unknown ones are ignored.

    Raises:
        InvalidArgument: a photo is missing or empty, a switch no boolean, or one is given twice.
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
    text = given.get(parameter.name)
    if not text:
        return bool(parameter.default)
    try:
        return BOOLEANS[text.lower()]
    except KeyError:
        raise InvalidArgument(f"{parameter.name} must be true or false") from None
