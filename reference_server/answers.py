"""Builds the JSON of every response, with the request's ID."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass, field
from typing import Any

from reference_server.refusals import InvalidArgument, Refusal
from verikit.contract import load_contract

CONTRACT = load_contract()

STAND_INS = {405: 404}
"""A path that does not take the method: the contract knows only 404."""


def new_request_id() -> str:
    """A random id; it says nothing about client, time or machine."""
    return uuid.uuid4().hex


@dataclass(frozen=True)
class Answer:
    """An HTTP status and the fields of the JSON body."""

    status: int
    fields: dict[str, Any]
    request_id: str = field(default_factory=new_request_id)

    @property
    def body(self) -> bytes:
        """The JSON text; a score that is not a number raises ValueError rather than being sent."""
        content = {**self.fields, "request_id": self.request_id}
        return json.dumps(content, allow_nan=False).encode()


def success(score: float) -> Answer:
    """The documented answer to a comparison that was made."""
    return Answer(200, {"code": CONTRACT.success_code, "verification_score": score})


def refused(refusal: Refusal) -> Answer:
    """The documented answer to a refusal, with what was found behind the documented message."""
    entry = refusal.system_code
    return Answer(entry.status, {"code": entry.code, "message": refusal.message})


def busy(status: int) -> Answer:
    """The answer to a request that a limit turns away."""
    return Answer(status, {"code": status, "message": "the server is busy: ask again later"})


def http_error(status: int) -> Answer:
    """The answer for an HTTP error that has no system code; an undocumented 4xx is a 1200."""
    documented = CONTRACT.statuses.get(STAND_INS.get(status, status))
    if documented is None and status >= 500:
        documented = CONTRACT.statuses[500]
    if documented is None or documented.status == 400:
        return refused(InvalidArgument("the request is malformed"))
    return Answer(documented.status, {"code": documented.status, "message": str(documented.reason)})
