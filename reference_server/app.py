"""The Flask application: the operation, pages for the operator, and JSON for all other paths."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from flask import Flask, Response, g, request
from prometheus_client import CONTENT_TYPE_LATEST
from werkzeug.exceptions import HTTPException

from reference_server.answers import Answer, busy, http_error, refused, success
from reference_server.health import Health
from reference_server.limits import Busy, Limiter, Limits
from reference_server.monitoring import prometheus
from reference_server.monitoring.logs import log_failure
from reference_server.monitoring.metrics import Metrics
from reference_server.monitoring.request_log import RequestLog
from reference_server.refusals import InvalidArgument, Refusal
from reference_server.request.body import declares_body, read_body
from reference_server.request.host import answers_to
from reference_server.request.peer import peer_of
from reference_server.settings import Settings
from reference_server.ui.pages import LOOK, add_ui
from reference_server.verifier import Verifier
from verikit.contract import load_contract

CONTRACT = load_contract()
Result = TypeVar("Result")


def create_app(settings: Settings, verifier: Verifier) -> Flask:
    """The Flask application for these settings and this verifier."""
    app = Flask(__name__, static_folder=None)
    app.url_map.merge_slashes = False  # it would redirect, which the contract does not know
    metrics = Metrics(settings.limits.status)
    health = Health(verifier)
    app.extensions |= {
        "health": health,
        "metrics": metrics,
        "thread": verifier.thread,
        "limits": settings.limits,
    }
    _add_operation(app, settings, verifier, health, metrics)
    _add_pages(app, settings.limits, verifier, health, metrics)
    if settings.ui:
        add_ui(app, settings, verifier)
    RequestLog(metrics).watch(app)
    app.before_request(_refuse_foreign_hosts(settings.allowed_hosts))
    app.register_error_handler(Refusal, lambda refusal: _respond(refused(refusal)))
    app.register_error_handler(HTTPException, lambda error: _respond(http_error(error.code or 500)))
    app.register_error_handler(Exception, _answer_failure)
    return app


def _refuse_foreign_hosts(allowed: tuple[str, ...]) -> Callable[[], None]:
    def refuse() -> None:
        if not answers_to(request.environ.get("HTTP_HOST"), allowed):
            raise InvalidArgument("this Host is not allowed; see --allowed-host")

    return refuse


def _add_operation(
    app: Flask, settings: Settings, verifier: Verifier, health: Health, metrics: Metrics
) -> None:
    limiter = Limiter(settings.limits)

    def asked(compute: Callable[..., Result]) -> Result:
        """What comes of the form in a request, within the limits."""
        limiter.admit()
        with limiter.memory.hold() as take, limiter.turns.hold() as queue:
            peer = peer_of(request.environ)
            with g.stages.time("receive"):
                body = read_body(request.environ, settings.standards.max_body_bytes, take)
            peer.received()
            g.body_bytes = len(body)
            queue(1)
            due = peer.arrived + settings.limits.deadline
            with metrics.counting("held"), health.watch():
                kind = request.environ.get("CONTENT_TYPE", "")
                opened = verifier.open(kind, body, g.stages, due)
                del body  # it does not wait beside the photos that it held
                return compute(opened, g.stages, due=due, is_awaited=peer.is_there)

    def verify() -> Response:
        return _respond(success(asked(verifier.score)))

    def look() -> Response:
        return _respond(Answer(200, {"photos": asked(verifier.look)}))

    def refuse(busy_now: Busy) -> Response:
        g.limit = busy_now.limit
        metrics.refused_by(busy_now.limit)
        response = _respond(busy(settings.limits.status))
        response.headers["Retry-After"] = str(busy_now.seconds)
        return response

    app.register_error_handler(Busy, refuse)
    app.add_url_rule(
        CONTRACT.path, view_func=verify, methods=[CONTRACT.method], provide_automatic_options=False
    )
    if settings.ui:
        app.add_url_rule(
            LOOK, view_func=look, methods=[CONTRACT.method], provide_automatic_options=False
        )


def _add_pages(
    app: Flask, limits: Limits, verifier: Verifier, health: Health, metrics: Metrics
) -> None:
    def healthz() -> Response:
        if verifier.thread.age > limits.longest_comparison:
            return _respond(Answer(503, {"status": "stalled"}))
        return _respond(Answer(200, {"status": "alive"}))

    def readyz() -> Response:
        if peer_of(request.environ).is_leaving:
            return _respond(Answer(503, {"status": "stopping"}))
        try:
            health.check()
        except Busy:
            return _respond(Answer(503, {"status": "busy"}))
        return _respond(Answer(200, {"status": "ready"}))

    def page() -> Response:
        return Response(prometheus.page(metrics), content_type=CONTENT_TYPE_LATEST)

    for path, view in {"/healthz": healthz, "/readyz": readyz, "/metrics": page}.items():
        app.add_url_rule(path, view_func=view, provide_automatic_options=False)


def _respond(answer: Answer) -> Response:
    g.answer = answer
    response = Response(answer.body, answer.status, content_type="application/json")
    if "body_bytes" not in g and declares_body(request.environ):
        response.headers["Connection"] = "close"  # what was left unread is no next request
    return response


def _answer_failure(error: Exception) -> Response:
    answer = http_error(500)
    log_failure("failed", error, request_id=answer.request_id)
    return _respond(answer)
