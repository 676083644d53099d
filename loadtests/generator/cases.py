"""The requests of a load test, encrypted and encoded in advance, with their expected codes."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import cycle
from urllib.parse import urlencode

from loadtests.generator.photos import covered_portrait, landscape, lengthened, portrait
from verikit.contract import Contract, PhotoStandards
from verikit.contract.encryption import Secrets
from verikit.portraits import PEOPLE
from verikit.transport import Request

Encrypt = Callable[[bytes], bytes]

_DECK = 1000


@dataclass(frozen=True, kw_only=True)
class Case:
    """A request ready to send; ``kind`` is COMPARISON or the code's name."""

    name: str
    kind: str
    expected: int
    request: Request


def build_cases(
    contract: Contract,
    mix: Mapping[str, float],
    sides: tuple[int, ...],
    secrets: Secrets,
    *,
    least_bytes: int = 0,
) -> dict[str, list[Case]]:
    """The cases of every kind with a share in the mix; no file is shorter than ``least_bytes``."""

    def encrypt(file: bytes) -> bytes:
        return secrets.encrypt_to_base64(lengthened(file, least_bytes))

    return {
        kind: wrong_photos(contract, kind, sides[0], encrypt)
        if kind in contract.codes
        else comparisons(contract, kind, sides, encrypt)
        for kind, share in mix.items()
        if share > 0
    }


def comparisons(
    contract: Contract, kind: str, sides: tuple[int, ...], encrypt: Encrypt
) -> list[Case]:
    """Mated and non-mated pairs at each size, the mated ones across two neighboring sizes."""
    pairs = [
        pair
        for side, next_side in zip(sides, sides[1:] + sides[:1], strict=True)
        for pair in (
            (("collins", side), ("hopper", side)),
            (("collins", side), ("collins", next_side)),
            (("hopper", side), ("hopper", next_side)),
        )
    ]
    return [
        Case(
            name=" ".join(f"{person}-{side}" for person, side in pair),
            kind=kind,
            expected=contract.success_code,
            request=_request(contract, [encrypt(portrait(person, side)) for person, side in pair]),
        )
        for pair in pairs
    ]


def wrong_photos(contract: Contract, kind: str, side: int, encrypt: Encrypt) -> list[Case]:
    """Requests that must be refused with the code ``kind``, by the first photo or the second."""
    good = encrypt(portrait(PEOPLE[0], side))
    options = {"check_quality": "true"} if kind == "FACE_OCCLUSION" else {}
    make = WRONG_PHOTOS[kind]
    wrong = encrypt(make(contract.photo_standards, side)) if make else b"no Base64!"
    return [
        Case(
            name=f"{kind} {place}",
            kind=kind,
            expected=contract.codes[kind].code,
            request=_request(contract, photos, options),
        )
        for place, photos in {"first": [wrong, good], "second": [good, wrong]}.items()
    ]


def deal(cases: Mapping[str, list[Case]], mix: Mapping[str, float], seed: int) -> Iterator[Case]:
    """The cases without end, in the shares of the mix and in an order that repeats for a seed."""
    whole = sum(mix.values())
    cards = [
        each
        for kind, found in cases.items()
        for each, _ in zip(cycle(found), range(max(1, round(_DECK * mix[kind] / whole))))
    ]
    random.Random(seed).shuffle(cards)  # noqa: S311 - an order, not a secret
    return cycle(cards)


def _request(contract: Contract, photos: list[bytes], options: Mapping[str, str] = {}) -> Request:
    names = [each.name for each in contract.parameters.values() if each.required]
    return Request(
        method=contract.method,
        path=contract.path,
        content_type=contract.media_types[0],
        body=urlencode({**dict(zip(names, photos, strict=True)), **options}).encode(),
    )


def _too_small(standards: PhotoStandards, _: int) -> bytes:
    return portrait(PEOPLE[0], standards.min_side - 1)


def _too_heavy(standards: PhotoStandards, side: int) -> bytes:
    return portrait(PEOPLE[0], side).ljust(standards.max_file_bytes + 1, b"\0")


def _no_photo(_: PhotoStandards, side: int) -> bytes:
    return b"This is text and no photo. " * side


def _no_face(_: PhotoStandards, side: int) -> bytes:
    return landscape(side)


def _covered_face(_: PhotoStandards, side: int) -> bytes:
    return covered_portrait(PEOPLE[0], side)


WRONG_PHOTOS: dict[str, Callable[[PhotoStandards, int], bytes] | None] = {
    "INVALID_ARGUMENT": None,  # no photo: the field itself is wrong
    "INVALID_IMAGE_SIZE": _too_small,
    "INVALID_CONTENT_LENGTH": _too_heavy,
    "INVALID_IMAGE_TYPE": _no_photo,
    "DETECTION_FAILED": _no_face,
    "FACE_OCCLUSION": _covered_face,
}
