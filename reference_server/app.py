"""The Flask application: one operation, a health check, and an answer in JSON to anything else."""

from __future__ import annotations

from time import perf_counter

from flask import Flask, Response, g, request
from werkzeug.exceptions import HTTPException

from contract import load_contract
from reference_server.answers import Answer, http_error, refused, success
from reference_server.body import declares_body, read_body
from reference_server.faces.stages import Stages
from reference_server.health import Health
from reference_server.logs import log, log_failure
from reference_server.refusals import Refusal
from reference_server.settings import Settings
from reference_server.verifier import Verifier

CONTRACT = load_contract()


def create_app(settings: Settings, verifier: Verifier) -> Flask:
    """The application; settings and verifier are handed in, so tests bring their own."""
    app = Flask(__name__, static_folder=None)
    app.url_map.merge_slashes = False  # it would redirect, which the contract does not know
    health = Health(verifier)
    app.extensions["health"] = health

    def verify() -> Response:
        with g.stages.time("receive"):
            body = read_body(request.environ, settings.standards.max_body_bytes)
            g.body_bytes = len(body)
        score = verifier.score(request.environ.get("CONTENT_TYPE", ""), body, g.stages)
        health.note_success()
        return _respond(success(score))

    def healthz() -> Response:
        health.check()
        return _respond(Answer(200, {"status": "ready"}))

    app.add_url_rule(
        CONTRACT.path, view_func=verify, methods=[CONTRACT.method], provide_automatic_options=False
    )
    app.add_url_rule("/healthz", view_func=healthz, provide_automatic_options=False)
    app.before_request(_start_clock)
    app.register_error_handler(Refusal, lambda refusal: _respond(refused(refusal)))
    app.register_error_handler(HTTPException, _answer_http_error)
    app.register_error_handler(Exception, _answer_failure)
    return app


def _start_clock() -> None:
    g.started = perf_counter()
    g.stages = Stages()


def _respond(answer: Answer) -> Response:
    """The response, and the request's line in the log."""
    response = Response(answer.body, answer.status, content_type="application/json")
    if "body_bytes" not in g and declares_body(request.environ):
        response.headers["Connection"] = "close"  # what was left unread is no next request
    log(
        "request",
        request_id=answer.request_id,
        status=answer.status,
        code=answer.fields.get("code"),
        ms=round((perf_counter() - g.started) * 1000, 3),
        stages={name: round(ms, 3) for name, ms in g.stages.ms.items()},
        body_bytes=g.get("body_bytes"),
    )
    return response


def _answer_http_error(error: HTTPException) -> Response:
    return _respond(http_error(error.code or 500))


def _answer_failure(error: Exception) -> Response:
    answer = http_error(500)
    log_failure("failed", error, request_id=answer.request_id)
    return _respond(answer)
