"""The checks of the contract, in its order, over the fields of a form."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from contextvars import ContextVar

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from PIL import Image

from conformance.mock import faces
from conformance.requests.remembering import once_if_small
from conformance.requests.writing import FIRST, QUALITY, ROTATE, SECOND
from verikit.contract import load_contract
from verikit.contract.encryption import Secrets, from_base64

Form = Mapping[str, str]
Judge = Callable[[Form], float]

SECRETS: ContextVar[Secrets | None] = ContextVar("secrets", default=None)
_LIMITS = load_contract().photo_standards
_BOOLEANS = {"true": True, "1": True, "false": False, "0": False, "": False}


class Refused(Exception):  # noqa: N818 - a finding about the request
    """The request is refused; the argument is the name of the system code."""


def verify(form: Form) -> float:
    """The score of a form's two photos, encrypted with the key and IV of the server.

    Raises:
        Refused: with the name of the system code that says why.
    """
    turn, test = (_boolean(form.get(name, "")) for name in (ROTATE, QUALITY))
    files = [_file(form.get(name, "")) for name in (FIRST, SECOND)]
    _require(all(len(f) <= _LIMITS.max_file_bytes for f in files), "INVALID_CONTENT_LENGTH")
    seen = [_seen(file, turn=turn) for file in files]
    sides = [side for size, _ in seen for side in size]
    _require(_LIMITS.min_side <= min(sides), "INVALID_IMAGE_SIZE")
    _require(max(sides) <= _LIMITS.max_side, "INVALID_IMAGE_SIZE")
    found = [face for _, face in seen]
    present = [face for face in found if face]
    _require(len(present) == len(found), "DETECTION_FAILED")
    _require(not (test and any(face.covered for face in present)), "FACE_OCCLUSION")
    return faces.score(*present)


def _require(holds: bool, code: str) -> None:
    if not holds:
        raise Refused(code)


def _boolean(text: str) -> bool:
    _require(text.lower() in _BOOLEANS, "INVALID_ARGUMENT")
    return _BOOLEANS[text.lower()]


def _file(text: str) -> bytes:
    return _decrypted(text, own_secrets())


@once_if_small(64)
def _decrypted(text: str, secrets: Secrets) -> bytes:
    try:
        encrypted = from_base64(text.encode())
        return AESGCM(secrets.key.encode()).decrypt(secrets.iv.encode(), encrypted, None)
    except (ValueError, InvalidTag) as error:
        raise Refused("INVALID_ARGUMENT") from error


def own_secrets() -> Secrets:
    """The key and IV of the server that is answering, else those of the environment."""
    return SECRETS.get() or Secrets.of()


@once_if_small(512)
def _seen(file: bytes, *, turn: bool) -> tuple[tuple[int, int], faces.Face | None]:
    """The sides of a picture, and the face in it unless it is too large."""
    picture = _picture(file)
    return picture.size, (
        None if max(picture.size) > _LIMITS.max_side else faces.find(picture, turn=turn)
    )


def _picture(data: bytes) -> Image.Image:
    """The gray picture; one that claims to be too large is not decoded."""
    try:
        picture: Image.Image = Image.open(io.BytesIO(data), formats=_LIMITS.formats)
        if max(picture.size) > _LIMITS.max_side:
            return picture
        picture.load()
    except (OSError, ValueError, SyntaxError, Warning, Image.DecompressionBombError) as error:
        raise Refused("INVALID_IMAGE_TYPE") from error
    if picture.mode.startswith("I"):
        picture = picture.point(lambda level: level / 256)
    return picture.convert("RGB").convert("L")
