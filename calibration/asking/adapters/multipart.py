"""A server that takes two plain photos as multipart/form-data and returns JSON with a score.

``send`` changes the defaults: path (/verify), first, second, score, and refused, the field that
marks a photo without a face (error).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from calibration.asking.adapters.adapter import Adapter, form_value, multipart
from calibration.asking.api import Outcome
from calibration.sources.photos import Photos
from verikit.transport import Answer, Request

_USUAL = {"path": "/verify", "first": "first", "second": "second", "score": "score",
          "refused": "error"}  # fmt: skip


class MultipartApi(Adapter):
    """What else ``send`` holds goes with every request as fields."""

    def __init__(self, photos: Photos, send: Mapping[str, Any], no_face: int) -> None:
        super().__init__(photos, send, no_face)
        self._names = {name: str(send.get(name, usual)) for name, usual in _USUAL.items()}
        self._fields = {k: form_value(v) for k, v in send.items() if k not in _USUAL}

    def request(self, first: str, second: str) -> Request:
        """The request about two photos, by name."""
        photos = {
            self._names["first"]: self.photos.read(first),
            self._names["second"]: self.photos.read(second),
        }
        kind, body = multipart(self._fields, photos)
        return Request(method="POST", path=self._names["path"], content_type=kind, body=body)

    def outcome(self, answer: Answer) -> Outcome:
        """The score, else the refusal, else what went wrong."""
        if found := self.scored(answer, answer.fields.get(self._names["score"])):
            return found
        refused = self._names["refused"] in answer.fields
        return self.without_score(answer, answer.no_json or "no score", no_face=refused)
