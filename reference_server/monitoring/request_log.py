"""Logs and counts every request."""

from __future__ import annotations

import re
from dataclasses import dataclass
from time import perf_counter
from typing import Any

from flask import Flask, Response, g, request
from werkzeug.datastructures import Headers

from reference_server.answers import Answer
from reference_server.monitoring.logs import log
from reference_server.monitoring.metrics import Metrics
from reference_server.stages import Stages
from verikit.contract import load_contract

OPERATION = load_contract().path


FOREIGN_IDS = {
    "client_request_id": ("X-Request-ID", re.compile(r"([A-Za-z0-9._-]{1,64})")),
    "trace_id": (
        "traceparent",
        re.compile(r"(?!ff)[0-9a-f]{2}-((?!0{32})[0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}"),
    ),
}
"""What other programs call a request, as they are known to write it; anything else stays out."""


@dataclass(frozen=True)
class RequestLog:
    """Watches the requests of an application."""

    metrics: Metrics

    def watch(self, app: Flask) -> None:
        """Log and count every request from now on."""
        app.before_request(self._begin)
        app.after_request(self._log_request)
        app.teardown_request(self._end)

    def _begin(self) -> None:
        g.started = perf_counter()
        g.stages = Stages()
        self.metrics.change("in_flight", 1)

    def _log_request(self, response: Response) -> Response:
        seconds = perf_counter() - g.started
        answer = g.get("answer") or Answer(response.status_code, {})
        route = request.url_rule and request.url_rule.rule
        self.metrics.answered(answer)
        if route == OPERATION:
            self.metrics.took(seconds, g.stages)
        log(
            "request",
            request_id=answer.request_id,
            **_foreign_ids(request.headers),
            route=route,
            status=answer.status,
            code=answer.fields.get("code"),
            limit=g.get("limit"),
            ms=round(seconds * 1000, 3),
            stages={name: round(ms, 3) for name, ms in g.stages.ms.items()},
            body_bytes=g.get("body_bytes"),
            answer_bytes=response.content_length,
        )
        return response

    def _end(self, _error: BaseException | None) -> None:
        if "started" in g:
            self.metrics.change("in_flight", -1)


def _foreign_ids(headers: Headers) -> dict[str, Any]:
    found = {key: ids.fullmatch(headers.get(name, "")) for key, (name, ids) in FOREIGN_IDS.items()}
    return {key: match[1] for key, match in found.items() if match}
