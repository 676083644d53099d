"""What all adapters share."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import blake2b
from typing import Any

from calibration.asking.api import Outcome, not_measured
from calibration.sources.photos import Photos
from verikit.transport import Answer
from verikit.transport.strict_json import number


class Adapter:
    """Asks a server with another API; subclasses have ``request`` and ``outcome``.

    Attributes:
        send: what the claims file adds to every request.
        photos: the photo files, by name.
        blames_the_request: codes that say the request was wrong, whatever its photos; none here.
    """

    blames_the_request: frozenset[int] = frozenset()

    def __init__(self, photos: Photos, send: Mapping[str, Any], no_face: int) -> None:
        """``no_face``: the system code for a photo without a face."""
        self.photos = photos
        self.send = send
        self._no_face = no_face

    def scored(self, answer: Answer, value: Any) -> Outcome | None:
        """A value of a response with HTTP 200 as the score; None if it is no number."""
        score = number(value)
        return Outcome(score=score) if score is not None and answer.status == 200 else None

    def without_score(
        self, answer: Answer, why: str, *, no_face: bool, again: bool = False
    ) -> Outcome:
        """The outcome of a response without a score.

        ``no_face``: it says that a photo shows no face, which a 5xx never means. ``why``: what it
        says instead, sanitized. ``again``: asking again makes sense, whatever its status.
        """
        if no_face and not answer.is_server_error:
            return Outcome(code=self._no_face)
        return not_measured(answer, why, may_pass=again)


def form_value(value: object) -> str:
    """A value of a claims file as forms write it."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def multipart(fields: Mapping[str, str], photos: Mapping[str, bytes]) -> tuple[str, bytes]:
    """Content type and body of a form (RFC 7578); the same photos and fields, the same bytes."""
    mark = "verikit" + blake2b(b"".join(photos.values()), digest_size=16).hexdigest()
    parts = [
        f'Content-Disposition: form-data; name="{name}"\r\n\r\n{value}'.encode()
        for name, value in fields.items()
    ] + [
        f'Content-Disposition: form-data; name="{name}"; filename="photo"\r\n'
        f"Content-Type: application/octet-stream\r\n\r\n".encode()
        + content
        for name, content in photos.items()
    ]
    body = b"".join(f"--{mark}\r\n".encode() + part + b"\r\n" for part in parts)
    return f"multipart/form-data; boundary={mark}", body + f"--{mark}--\r\n".encode()
