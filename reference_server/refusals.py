"""Why a request is refused: each finding carries the name of its system code in the contract.

Refusal
    InvalidArgument     a parameter is missing, malformed or does not decrypt
    WrongFileSize       the photo's file is too large
    UnreadablePhoto     the file is no photo of an accepted format, or it is damaged
    WrongPixelSize      width or height is outside the photo standards
    NoFaceFound         no face in the photo
    FaceCovered         parts of the face are covered

Wrong paths, lengths and sizes of a whole request are werkzeug's HTTP exceptions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import ClassVar, TypeVar

from verikit.contract import SystemCode, load_contract

CONTRACT = load_contract()
PHOTOS = tuple(name for name, entry in CONTRACT.parameters.items() if entry.type == "string")

Item = TypeVar("Item")
Result = TypeVar("Result")


class Refusal(Exception):  # noqa: N818 - a finding about the request, no error of ours
    """The request cannot be served; ``photo`` is the index of the photo, 0 or 1, if it is one's.

    ``finding`` says in words what was found; it may name ``{photo}`` and ``{detail}``.
    """

    code: ClassVar[str]
    finding: ClassVar[str] = "{detail}"

    def __init__(self, photo: int | None = None, detail: str | None = None) -> None:
        super().__init__(self.code)
        self.photo = photo
        self.detail = detail

    @property
    def system_code(self) -> SystemCode:
        """The contract's entry for this finding."""
        return CONTRACT.codes[self.code]

    @property
    def message(self) -> str:
        """The documented message, then what was found and in which photo."""
        name = "a photo" if self.photo is None else PHOTOS[self.photo]
        finding = self.finding.format(photo=name, detail=self.detail)
        return f"{self.system_code.message}: {finding}"


class InvalidArgument(Refusal):
    """A parameter is missing, empty, malformed, or does not decrypt."""

    code = "INVALID_ARGUMENT"

    def __init__(self, detail: str) -> None:
        super().__init__(None, detail)


class WrongFileSize(Refusal):
    """The decrypted file is larger than the photo standards allow."""

    code = "INVALID_CONTENT_LENGTH"
    finding = "{photo} has {detail}"


class UnreadablePhoto(Refusal):
    """The file is no photo of an accepted format, or it is damaged."""

    code = "INVALID_IMAGE_TYPE"
    finding = "{photo} is damaged or none of {detail}"


class WrongPixelSize(Refusal):
    """Width or height is outside the photo standards."""

    code = "INVALID_IMAGE_SIZE"
    finding = "{photo} has {detail}"


class NoFaceFound(Refusal):
    """No face was found in the photo."""

    code = "DETECTION_FAILED"
    finding = "no face in {photo}"


class FaceCovered(Refusal):
    """Parts of the face are covered; ``regions`` names them."""

    code = "FACE_OCCLUSION"
    finding = "{detail} of {photo}"

    def __init__(self, photo: int | None = None, regions: tuple[str, ...] = ()) -> None:
        super().__init__(photo, ", ".join(regions))
        self.regions = regions


def judge_each(judge: Callable[[Item], Result], items: Iterable[Item]) -> list[Result]:
    """What ``judge`` makes of each photo; judging one photo must follow the check order.

    Raises:
        Refusal: the one of the earliest check, and within one check of the first photo.
    """
    results: list[Result] = []
    refusals: list[Refusal] = []
    for index, item in enumerate(items):
        try:
            results.append(judge(item))
        except Refusal as refusal:
            refusal.photo = index
            refusals.append(_without_traces(refusal))
    if refusals:
        refusals.sort(key=lambda refusal: CONTRACT.check_order.index(refusal.code))
        raise refusals.pop(0)  # left in the list it would hold itself, by way of its traceback
    return results


def _without_traces(refusal: Refusal) -> Refusal:
    """A traceback holds the photo, and what was decoded of it."""
    refusal.__cause__ = refusal.__context__ = None
    return refusal.with_traceback(None)
