"""Measures a server: its limits, formats and statuses.

Limits are found by bisection, between an accepted and a refused request.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from conformance.judging.outcome import ACCEPTED, Outcome, describe_actual, outcome
from conformance.requests.exchange import Exchange, Target, exchange
from conformance.requests.photos.files import photo_file
from conformance.requests.recipe import EncryptedPhoto, Photo, Request, fitted
from verikit.contract import load_contract
from verikit.contract.profile import MADE, Standards
from verikit.errors import OTHER_KEY, NoVerdict

MOST_SIDE = 10_000
MOST_FILE = 16_000_000
MOST_BODY = 40_000_000
_SMALL = Photo(width=250, height=250, quality=10, format="JPEG")
_ORDINARY = Photo(width=400, height=400, format="JPEG")


@dataclass(frozen=True, kw_only=True)
class Found:
    """A measured value, and how it was found, for a comment."""

    value: Any
    how: str


class Probe:
    """Measures one server with independent requests."""

    def __init__(self, target: Target) -> None:
        """Sends one ordinary request first.

        Raises:
            NoVerdict: two ordinary photos are not compared, so nothing can be found out.
        """
        self._target = target
        self.requests = 0
        one = self._ask(_with(_ORDINARY))
        if (found := outcome(one.answer)) != ACCEPTED:
            hint = f". {OTHER_KEY}" if found == "INVALID_ARGUMENT" else ""
            raise NoVerdict(f"Two ordinary photos were not compared: {describe_actual(one)}{hint}")

    def formats(self) -> Found:
        """The photo formats that the server reads."""
        read = [f for f in MADE if self._outcome(replace(_ORDINARY, format=f)) == ACCEPTED]
        left = ", ".join(name for name in MADE if name not in read)
        return Found(value=read, how=f"these were compared; not read: {left or 'none'}")

    def limits(self) -> Iterator[tuple[str, Found]]:
        """The limits of :class:`Standards` that the server has, by name; pixels or bytes."""
        size = "INVALID_IMAGE_SIZE"
        yield from self._least("min_side", 400, lambda n: self._outcome(_square(n)), size, "px")
        yield from self._most(
            "max_side", (400, MOST_SIDE), lambda n: self._outcome(_wide(n)), {size}, "px"
        )
        smallest = len(photo_file(_SMALL))
        refused = self._outcome(_SMALL) == "INVALID_CONTENT_LENGTH"
        if refused:
            yield from self._least(
                "min_file_bytes",
                100_000,
                lambda n: self._outcome(replace(_SMALL, pad_to=max(n, smallest))),
                "INVALID_CONTENT_LENGTH",
                "bytes",
            )
        yield from self._most(
            "max_file_bytes",
            (100_000, MOST_FILE),
            lambda n: self._outcome(replace(_ORDINARY, pad_to=n)),
            {"INVALID_CONTENT_LENGTH", 413, None},
            "bytes",
        )
        yield from self._most(
            "max_body_bytes",
            (200_000, MOST_BODY),
            lambda n: outcome(self._ask(replace(_with(_ORDINARY), pad_to=n)).answer),
            {413, None},
            "bytes",
        )

    def statuses(self, standards: Standards) -> Iterator[tuple[str, Found]]:
        """The HTTP status of each system code that a request provoked, by the code's name."""
        for name, request in provoking(standards).items():
            one = self._ask(request)
            if one.answer and outcome(one.answer) == name:
                code = load_contract().codes[name].code
                yield name, Found(value=one.answer.status, how=f"how code {code} came")

    def _least(
        self, name: str, good: int, ask: Callable[[int], Outcome], bad: Outcome, unit: str
    ) -> Iterator[tuple[str, Found]]:
        if ask(1) != bad:
            return
        low, high = 1, good
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if ask(middle) == bad else (low, middle)
        yield name, Found(value=high, how=f"{low} {unit} were refused")

    def _most(
        self,
        name: str,
        ends: tuple[int, int],
        ask: Callable[[int], Outcome],
        bad: set[Outcome],
        unit: str,
    ) -> Iterator[tuple[str, Found]]:
        low, high = ends
        if ask(low) in bad or ask(high) not in bad:
            return
        word: Outcome = None
        while high - low > 1:
            middle = (low + high) // 2
            got = ask(middle)
            low, high = (low, middle) if got in bad else (middle, high)
            word = got if got in bad else word
        yield name, Found(value=low, how=f"{high} {unit} were answered with {_words(word)}")

    def _outcome(self, photo: Photo) -> Outcome:
        return outcome(self._ask(_with(photo)).answer)

    def _ask(self, request: Request) -> Exchange:
        self.requests += 1
        return exchange(self._target, "profile", fitted(request, 400, "JPEG"))


def provoking(standards: Standards) -> dict[str, Request]:
    """A request for each system code, as far as the standards are known."""
    small = (standards.min_side or 1) - 1
    wrong: dict[str, Request] = {
        "INVALID_ARGUMENT": Request(first=None),
        "INVALID_IMAGE_TYPE": _with(Photo(content="noise")),
        "DETECTION_FAILED": _with(replace(_ORDINARY, of="nobody")),
        "FACE_OCCLUSION": replace(_with(replace(_ORDINARY, cover="mask")), check_quality="true"),
    }
    if small:
        wrong["INVALID_IMAGE_SIZE"] = _with(_square(small))
    if standards.max_file_bytes:
        large = replace(_ORDINARY, pad_to=standards.max_file_bytes + 1)
        wrong["INVALID_CONTENT_LENGTH"] = _with(large)
    return wrong


def _with(photo: Photo) -> Request:
    plain = replace(_ORDINARY, brightness=0.9, quality=80)
    return Request(first=EncryptedPhoto(photo=photo), second=EncryptedPhoto(photo=plain))


def _square(side: int) -> Photo:
    return replace(_ORDINARY, width=side, height=side)


def _wide(side: int) -> Photo:
    return replace(_ORDINARY, width=side)


def _words(word: Outcome) -> str:
    if word is None:
        return "a lost connection"
    return f"HTTP {word}" if isinstance(word, int) else f"code {load_contract().codes[word].code}"
