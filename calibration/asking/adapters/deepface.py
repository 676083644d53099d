"""DeepFace's API server: POST /verify with photos as data URIs in JSON, returning a distance."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Mapping
from typing import Any

from calibration.asking.api import Outcome, not_measured
from calibration.sources.photos import Photos
from verikit.foreign_text import shown
from verikit.transport import Answer, Request

_SERVER_ERROR = 500


class DeepFaceApi:
    """``send`` goes with every request: model_name, detector_backend, distance_metric."""

    def __init__(self, photos: Photos, send: Mapping[str, Any], no_face: int) -> None:
        self._photos = photos
        self._send = dict(send)
        self._no_face = no_face
        self.blames_the_request: set[int] = set()

    def request(self, first: str, second: str) -> Request:
        """The request about two photos, by name."""
        both = {"img1": self._uri(first), "img2": self._uri(second)}
        body = json.dumps(self._send | both).encode()
        return Request(method="POST", path="/verify", content_type="application/json", body=body)

    def outcome(self, answer: Answer) -> Outcome:
        """The distance; a face that was not found is told in the text of an error."""
        distance = answer.fields.get("distance")
        if answer.status == 200 and isinstance(distance, int | float):
            return Outcome(score=float(distance))
        error = str(answer.fields.get("error") or answer.fields.get("exception") or "")
        if answer.status < _SERVER_ERROR and "could not be detected" in error:
            return Outcome(code=self._no_face)
        return not_measured(answer, _why(error) or answer.no_json or "no distance")

    def _uri(self, name: str) -> str:
        content = self._photos.read(name)
        kind = "png" if content.startswith(b"\x89PNG") else "jpeg"
        return f"data:image/{kind};base64,{b64encode(content).decode()}"


def _why(error: str) -> str:
    """What went wrong, and the exception at the root of the traceback behind it."""
    told, _, trace = error.partition(" - Traceback")
    root = trace.partition("\n\nThe above exception")[0].strip().splitlines()[-1:]
    return ": ".join(shown(text, limit=120) for text in (told, *root) if text)
