"""A server that takes two plain photos as multipart/form-data and returns JSON with a score.

``send`` changes the defaults: path (/verify), first, second, score, and refused, the field that
marks a photo without a face (error).
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import blake2b
from typing import Any

from calibration.asking.api import Outcome, form_value, not_measured
from calibration.sources.photos import Photos
from verikit.transport import Answer, Request

_SERVER_ERROR = 500
_USUAL = {"path": "/verify", "first": "first", "second": "second", "score": "score",
          "refused": "error"}  # fmt: skip


class MultipartApi:
    """What else ``send`` holds goes with every request as fields."""

    def __init__(self, photos: Photos, send: Mapping[str, Any], no_face: int) -> None:
        self._photos = photos
        self._names = {name: str(send.get(name, usual)) for name, usual in _USUAL.items()}
        self._fields = {k: form_value(v) for k, v in send.items() if k not in _USUAL}
        self._no_face = no_face
        self.blames_the_request: set[int] = set()

    def request(self, first: str, second: str) -> Request:
        """The request about two photos, by name."""
        photos = {
            self._names["first"]: self._photos.read(first),
            self._names["second"]: self._photos.read(second),
        }
        mark = "verikit" + blake2b(b"".join(photos.values()), digest_size=16).hexdigest()
        parts = [
            f'Content-Disposition: form-data; name="{name}"\r\n\r\n{value}'.encode()
            for name, value in self._fields.items()
        ] + [
            f'Content-Disposition: form-data; name="{name}"; filename="photo"\r\n'
            f"Content-Type: application/octet-stream\r\n\r\n".encode()
            + content
            for name, content in photos.items()
        ]
        body = b"".join(f"--{mark}\r\n".encode() + part + b"\r\n" for part in parts)
        kind = f"multipart/form-data; boundary={mark}"
        body += f"--{mark}--\r\n".encode()
        return Request(method="POST", path=self._names["path"], content_type=kind, body=body)

    def outcome(self, answer: Answer) -> Outcome:
        """The score, else the refusal, else what went wrong."""
        score = answer.fields.get(self._names["score"])
        if isinstance(score, int | float) and not isinstance(score, bool) and answer.status == 200:
            return Outcome(score=float(score))
        if answer.status < _SERVER_ERROR and self._names["refused"] in answer.fields:
            return Outcome(code=self._no_face)
        return not_measured(answer, answer.no_json or "no score")
