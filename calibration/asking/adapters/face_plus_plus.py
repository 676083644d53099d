"""Face++ Compare and similar APIs: a form with two Base64 photos, returning a confidence.

Key and secret come from VERIKIT_API_KEY and VERIKIT_API_SECRET.
"""

from __future__ import annotations

import os
from base64 import b64encode
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from calibration.asking.api import Outcome, form_value, not_measured
from calibration.sources.photos import Photos
from verikit.foreign_text import shown
from verikit.transport import Answer, Request

_SERVER_ERROR = 500
_AGAIN = ("CONCURRENCY_LIMIT_EXCEEDED", "INTERNAL_ERROR", "IMAGE_DOWNLOAD_TIMEOUT")


class FacePlusPlusApi:
    """``send`` goes with every request."""

    def __init__(self, photos: Photos, send: Mapping[str, Any], no_face: int) -> None:
        self._photos = photos
        self._send = {name: form_value(value) for name, value in send.items()}
        self._no_face = no_face
        self.blames_the_request: set[int] = set()

    def request(self, first: str, second: str) -> Request:
        """The request about two photos, by name."""
        fields = self._send | {
            "api_key": os.environ.get("VERIKIT_API_KEY", ""),
            "api_secret": os.environ.get("VERIKIT_API_SECRET", ""),
            "image_base64_1": b64encode(self._photos.read(first)).decode(),
            "image_base64_2": b64encode(self._photos.read(second)).decode(),
        }
        kind = "application/x-www-form-urlencoded"
        body = urlencode(fields).encode()
        return Request(method="POST", path="/facepp/v3/compare", content_type=kind, body=body)

    def outcome(self, answer: Answer) -> Outcome:
        """The confidence; without a face in a photo the answer has none."""
        fields, error = answer.fields, str(answer.fields.get("error_message", ""))
        confidence = fields.get("confidence")
        if isinstance(confidence, int | float) and not isinstance(confidence, bool):
            return Outcome(score=float(confidence))
        if answer.status < _SERVER_ERROR and not error and [] in (
            fields.get("faces1"), fields.get("faces2"),
        ):  # fmt: skip
            return Outcome(code=self._no_face)
        why = shown(error, limit=120) or answer.no_json or "no confidence"
        return not_measured(answer, why, may_pass=error.startswith(_AGAIN))
