"""Pairwise testing: requests that cover each pair of values of two factors.

A server may handle every single deviation from an ordinary request, yet fail where two combine.
The score of every accepted request must agree with whom the photos show, and each request with
photos of one person is repeated with another person's. The rows are in crossed.yaml.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from conformance.case import Case, CaseContext
from conformance.cases.people import wrong_side
from conformance.judging.oracle import right
from conformance.judging.outcome import ACCEPTED, Outcome, outcome
from conformance.judging.verdicts import Finding
from conformance.requests.recipe import EncryptedPhoto, Encryption, FieldValue, Photo, Request
from verikit.contract.plain_yaml import read_own

_FAULTS = ("tag", "tail", "key", "text", "thing", "cover", "missing", "turned")
FACTORS = {
    "fault": (
        *("mated", "impostor"),
        *(f"{what}-{which}" for what in _FAULTS for which in ("first", "second")),
        *("thing-both", "turned-both", "boolean-rotate", "boolean-quality"),
    ),
    "body": ("urlencoded", "raw", "multipart", "files"),
    "options": ("absent", "rotate", "quality", "both", "as-false"),
    "order": ("usual", "options-first", "swapped"),
    "format": ("JPEG", "PNG", "GIF"),
    "size": ("400", "250", "700", "wide", "heavy"),
    "on": ("first", "second", "both"),
    "expect": ("usual", "continue"),
}
"""What varies. ``on``: the photos that have the format and the size; the others are ordinary."""

_OPTIONS: dict[str, tuple[str | None, str | None]] = {
    "absent": (None, None),
    "rotate": ("true", None),
    "quality": (None, "true"),
    "both": ("true", "true"),
    "as-false": ("false", "false"),
}
_ORDERS = {
    "usual": (),
    "options-first": ("auto_rotate", "check_quality"),
    "swapped": ("second_encrypted_image", "check_quality"),
}
_HEAVY = 350_000
_SIZES = {
    "heavy": (400, 400),
    "400": (400, 400),
    "250": (250, 250),
    "700": (700, 700),
    "wide": (1000, 400),
}
_REQUIRES = {
    "mated": "operation-compares",
    "impostor": "operation-compares",
    "tag": "encryption-tag",
    "tail": "encryption-tag",
    "key": "encryption-key",
    "text": "code-2005",
    "thing": "code-4000",
    "cover": "code-4004",
    "turned": "auto-rotate-true",
    "boolean": "boolean-refused",
}


def is_possible(row: tuple[str, ...]) -> bool:
    """Whether the values of a row can be combined."""
    fault, options, file_format, size, on = row[0], row[2], row[4], row[5], row[6]
    what, _, which = fault.partition("-")
    if size == "heavy" and file_format == "GIF":
        return False
    if what in ("missing", "text") and on == which and (file_format, size) != ("JPEG", "400"):
        return False  # the photo that should have the format and the size is not there
    if fault.startswith("cover"):
        return options in ("quality", "both")
    if fault.startswith("turned"):
        return options in ("rotate", "both")
    return not fault.startswith("boolean") or options == "absent"


@dataclass(frozen=True, kw_only=True)
class Crossed:
    """One row: a value of each factor."""

    row: tuple[str, ...]

    def __call__(self, context: CaseContext) -> Iterator[Finding]:
        """Send it; if it is accepted for one person, send it for two people as well."""
        request = request_of(self.row)
        outcome_of_mated = yield from self._judged(context, request)
        compared = isinstance(request.second, EncryptedPhoto) and outcome_of_mated == ACCEPTED
        if compared and self.row[0] != "impostor":
            yield from self._judged(context, with_other_person(request))

    def _judged(self, context: CaseContext, request: Request) -> Generator[Finding, None, Outcome]:
        allowed = right(context.fitted(request), context.profile, context.environment.leaves_open)
        one = context.ask(request)
        got = outcome(one.answer)
        if allowed and got not in allowed.outcomes:
            yield from context.finding(allowed.expected, one, breaks=allowed.requirement)
        elif got == ACCEPTED:
            yield from wrong_side(context, one)
        return got


def request_of(row: tuple[str, ...]) -> Request:
    """The request of a row."""
    fault, body, options, order, file_format, size, on, expect = row
    width, height = _SIZES[size]
    weight = _HEAVY if size == "heavy" else None
    varied = Photo(format=file_format, width=width, height=height, pad_to=weight)
    plain = Photo(brightness=0.9, quality=80)
    photos = {
        "first": varied if on in ("first", "both") else Photo(),
        "second": replace(varied, brightness=0.9) if on in ("second", "both") else plain,
    }
    rotate, quality = _OPTIONS[options]
    what, _, which = fault.partition("-")
    if what == "boolean":
        rotate, quality = ("maybe", None) if which == "rotate" else (None, "maybe")
    fields = {
        name: _corrupted(what if which in (name, "both") else "", photo)
        for name, photo in photos.items()
    }
    request = Request(
        first=fields["first"],
        second=fields["second"],
        auto_rotate=rotate,
        check_quality=quality,
        body=body,
        order=_ORDERS[order],
        expect_continue=expect == "continue",
    )
    return with_other_person(request) if fault == "impostor" else request


def with_other_person(request: Request) -> Request:
    """The same with another person in the second photo."""
    second = request.second
    assert isinstance(second, EncryptedPhoto)  # noqa: S101 - tells the type checker
    return replace(request, second=replace(second, photo=replace(second.photo, of="hopper")))


def _corrupted(what: str, photo: Photo) -> FieldValue:
    if what == "missing":
        return None
    damaged = {
        "tag": Encryption(flip="tag-start"),
        "tail": Encryption(flip="tag"),
        "key": Encryption(key="wrong"),
    }
    if what in damaged:
        return EncryptedPhoto(photo=photo, encryption=damaged[what])
    corrupted = {
        "text": Photo(content="text"),
        "thing": replace(photo, of="thing:coffee"),
        "cover": replace(photo, cover="mask"),
        "turned": replace(photo, turn=90),
    }
    return EncryptedPhoto(photo=corrupted.get(what, photo))


def _cases() -> Iterable[Case]:
    for release, rows in read_own(Path(__file__).with_suffix(".yaml")).items():
        for row in rows:
            yield _case(tuple(str(value) for value in row), release)


def _case(row: tuple[str, ...], release: str) -> Case:
    what, _, which = row[0].partition("-")
    required = f"{which}-required" if what == "missing" else _REQUIRES[what]
    judged = (f"{which}-judged",) if which in ("first", "second") else ()
    return Case(
        id="crossed-" + "-".join(row),
        since=release,
        title=", ".join([row[0], *map(" ".join, list(zip(FACTORS, row, strict=True))[1:])]),
        requires=(required, *judged),
        play=Crossed(row=row),
        group="crossed",
    )


CASES = tuple(_cases())
