"""Why a photo pair is refused: each finding names its system code in the contract.

Refusal
    NoFaceFound
    FaceCovered
"""

from __future__ import annotations

from typing import ClassVar


class Refusal(Exception):
    """A photo cannot be compared; ``photo`` is its index, 0 or 1, ``detail`` says more."""

    code: ClassVar[str]

    def __init__(self, photo: int | None = None, detail: str | None = None) -> None:
        super().__init__(self.code)
        self.photo = photo
        self.detail = detail


class NoFaceFound(Refusal):
    """No face was found in the photo."""

    code = "DETECTION_FAILED"


class FaceCovered(Refusal):
    """Parts of the face are covered; ``regions`` names them."""

    code = "FACE_OCCLUSION"

    def __init__(self, photo: int | None = None, regions: tuple[str, ...] = ()) -> None:
        super().__init__(photo, ", ".join(regions))
        self.regions = regions
