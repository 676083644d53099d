"""Face++ Compare and similar APIs: a form with two Base64 photos, returning a confidence.

Key and secret come from VERIKIT_API_KEY and VERIKIT_API_SECRET.
"""

from __future__ import annotations

import os
from base64 import b64encode
from urllib.parse import urlencode

from calibration.asking.adapters.adapter import Adapter, form_value
from calibration.asking.api import Outcome
from verikit.foreign_text import shown
from verikit.transport import Answer, Request

_AGAIN = ("CONCURRENCY_LIMIT_EXCEEDED", "INTERNAL_ERROR", "IMAGE_DOWNLOAD_TIMEOUT")


class FacePlusPlusApi(Adapter):
    """``send`` goes with every request."""

    def request(self, first: str, second: str) -> Request:
        """The request about two photos, by name."""
        fields = {name: form_value(value) for name, value in self.send.items()} | {
            "api_key": os.environ.get("VERIKIT_API_KEY", ""),
            "api_secret": os.environ.get("VERIKIT_API_SECRET", ""),
            "image_base64_1": b64encode(self.photos.read(first)).decode(),
            "image_base64_2": b64encode(self.photos.read(second)).decode(),
        }
        kind = "application/x-www-form-urlencoded"
        body = urlencode(fields).encode()
        return Request(method="POST", path="/facepp/v3/compare", content_type=kind, body=body)

    def outcome(self, answer: Answer) -> Outcome:
        """The confidence; a photo without a face has an empty list of faces."""
        if found := self.scored(answer, answer.fields.get("confidence")):
            return found
        fields, error = answer.fields, str(answer.fields.get("error_message", ""))
        empty = [] in (fields.get("faces1"), fields.get("faces2"))
        why = shown(error, limit=120) or answer.no_json or "no confidence"
        again = error.startswith(_AGAIN)
        return self.without_score(answer, why, no_face=empty and not error, again=again)
