"""A form, and the ways in which clients write one."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from urllib.parse import quote, urlencode

from conformance.requests.encryption import encrypt
from verikit.contract import load_contract
from verikit.contract.encryption import Secrets

CONTRACT = load_contract()
FIRST, SECOND, ROTATE, QUALITY = CONTRACT.parameters
URL_ENCODED, MULTIPART = CONTRACT.media_types
SECRETS = Secrets.of()
BOUNDARY = "hostile-7f3a"

Pairs = list[tuple[str, str]]


@dataclass(frozen=True)
class Form:
    """The type that a body is said to have, and its bytes."""

    content_type: str
    content: bytes


def encrypted(file: bytes) -> str:
    """A photo file as the contract wants it."""
    return base64.b64encode(encrypt(file, SECRETS)).decode()


def switches(dice: Random) -> Pairs:
    """The switches, if any, in any letter case."""
    values = ("true", "false", "TRUE", "False")
    return [(name, dice.choice(values)) for name in (ROTATE, QUALITY) if dice.random() < 0.3]


def percent_encoded(pairs: Pairs) -> Form:
    """As browsers write it."""
    return Form(URL_ENCODED, urlencode(pairs).encode())


def raw(pairs: Pairs) -> Form:
    """As ``curl -d`` writes it: nothing is escaped."""
    return Form(URL_ENCODED, "&".join(f"{name}={value}" for name, value in pairs).encode())


def all_escaped(pairs: Pairs) -> Form:
    """Every character as an escape, which three times as many bytes are."""
    escaped = [f"{quote(name)}=%{value.encode().hex('%')}" for name, value in pairs]
    return Form(URL_ENCODED, "&".join(escaped).encode())


def multipart(pairs: Pairs, part_head: str = "") -> Form:
    """Each field a part; what follows its name in the head of the part may be given."""
    start = f"--{BOUNDARY}\r\nContent-Disposition: form-data; name="
    parts = [f'{start}"{name}"{part_head}\r\n\r\n{value}\r\n' for name, value in pairs]
    body = "".join([*parts, f"--{BOUNDARY}--\r\n"])
    return Form(f"{MULTIPART}; boundary={BOUNDARY}", body.encode())


def files(pairs: Pairs) -> Form:
    """Each field a file."""
    return multipart(pairs, '; filename="photo.txt"\r\nContent-Type: text/plain')


WRITINGS: tuple[Callable[[Pairs], Form], ...] = (percent_encoded, raw, multipart, files)
