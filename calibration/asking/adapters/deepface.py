"""DeepFace's API server: POST /verify with photos as data URIs in JSON, returning a distance."""

from __future__ import annotations

import json
from base64 import b64encode

from calibration.asking.adapters.adapter import Adapter
from calibration.asking.api import Outcome
from verikit.foreign_text import shown
from verikit.transport import Answer, Request


class DeepFaceApi(Adapter):
    """``send`` goes with every request: model_name, detector_backend, distance_metric."""

    def request(self, first: str, second: str) -> Request:
        """The request about two photos, by name."""
        both = {"img1": self._uri(first), "img2": self._uri(second)}
        body = json.dumps({**self.send, **both}).encode()
        return Request(method="POST", path="/verify", content_type="application/json", body=body)

    def outcome(self, answer: Answer) -> Outcome:
        """The distance; the text of an error says that no face was found."""
        if found := self.scored(answer, answer.fields.get("distance")):
            return found
        error = str(answer.fields.get("error") or answer.fields.get("exception") or "")
        why = _why(error) or answer.no_json or "no distance"
        return self.without_score(answer, why, no_face="could not be detected" in error)

    def _uri(self, name: str) -> str:
        content = self.photos.read(name)
        kind = "png" if content.startswith(b"\x89PNG") else "jpeg"
        return f"data:image/{kind};base64,{b64encode(content).decode()}"


def _why(error: str) -> str:
    """What went wrong, and the exception at the root of the traceback behind it."""
    told, _, trace = error.partition(" - Traceback")
    root = trace.partition("\n\nThe above exception")[0].strip().splitlines()[-1:]
    return ": ".join(shown(text, limit=120) for text in (told, *root) if text)
