"""The routes of the pages, and their security headers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from flask import Blueprint, Flask, Response, render_template, request
from werkzeug.exceptions import NotFound

from reference_server.refusals import PHOTOS
from reference_server.settings import Settings
from reference_server.ui.words import CONTRACT, FILTERS, SWITCHES, facts, words
from reference_server.verifier import Verifier
from verikit.portraits import PEOPLE, jpeg, portrait

FILES = {path.name: path for path in Path(__file__).with_name("static").iterdir()}
KINDS = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
SAMPLES = {f"{person}.jpg": person for person in PEOPLE}
EXAMPLES = {
    "curl": "curl.sh.j2",
    "Python": "python.py.j2",
    "Node": "node.mjs.j2",
    "Java": "java.java.j2",
}
LOOK = "/ui/look"
"""Where the page asks what was seen in its photos; the operation's own form, encrypted."""

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
        "require-trusted-types-for 'script'; trusted-types 'none'"
    ),
    "Permissions-Policy": "camera=(self), microphone=(), geolocation=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-cache",
}


def add_ui(app: Flask, settings: Settings, verifier: Verifier) -> None:
    """Add the pages to an application."""
    ui = Blueprint("ui", __name__, template_folder="templates")
    ui.after_request(_guard)
    _add_pages(ui, settings, verifier)
    app.jinja_env.filters |= FILTERS
    app.register_blueprint(ui)


def _add_pages(ui: Blueprint, settings: Settings, verifier: Verifier) -> None:
    def try_it() -> str:
        said = words(settings, verifier.calibrated)
        return render_template(
            "try.html", facts=facts(settings, LOOK, [f"/ui/{name}" for name in SAMPLES]), **said
        )

    def docs() -> str:
        said = words(settings, verifier.calibrated)
        examples = _examples(request.host_url.rstrip("/"))
        return render_template("docs.html", examples=examples, **said)

    def document() -> Response:
        return Response(CONTRACT.source.read_bytes(), mimetype="application/yaml")

    def file(name: str) -> Response:
        if name in SAMPLES:
            return Response(jpeg(portrait(SAMPLES[name])), mimetype="image/jpeg")
        if name not in FILES:
            raise NotFound
        return Response(FILES[name].read_bytes(), mimetype=KINDS[FILES[name].suffix])

    views: dict[str, Callable[..., str | Response]] = {
        "/": try_it,
        "/docs": docs,
        "/openapi.yaml": document,
        "/ui/<name>": file,
    }
    for path, view in views.items():
        ui.add_url_rule(path, view_func=view, provide_automatic_options=False)


def _examples(server: str) -> dict[str, str]:
    """Whole programs by language for the server at this URL, filled with the contract's facts."""
    facts = {
        "server": server,
        "contract": CONTRACT,
        "secrets": CONTRACT.encryption,
        "photos": PHOTOS,
        "switches": SWITCHES,
    }
    return {
        language: render_template(f"examples/{name}", **facts)
        for language, name in EXAMPLES.items()
    }


def _guard(response: Response) -> Response:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    return response
