"""The aligned faces behind a comparison: for who tries the server on the machine it runs on."""

from __future__ import annotations

import base64
from io import BytesIO

from flask import Blueprint, Response, jsonify, request
from PIL import Image
from werkzeug.exceptions import NotFound

from reference_server.faces.pictures import Pixels
from reference_server.limits import Limiter
from reference_server.request.body import read_body
from reference_server.settings import Settings
from reference_server.verifier import Verifier

FACES = "/debug/faces"


def add_faces(ui: Blueprint, settings: Settings, verifier: Verifier) -> None:
    """Answer the operation's form with both faces, as PNG in Base64; nothing is kept.

    Only pages of this very server get them: a browser says so in Sec-Fetch-Site, which no script
    can set and which is missing where a name of someone else's was bent to this machine.
    """
    memory = Limiter(settings.limits).memory

    def faces() -> Response:
        if request.headers.get("Sec-Fetch-Site") != "same-origin":
            raise NotFound
        with memory.hold() as take:
            body = read_body(request.environ, settings.standards.max_body_bytes, take)
            chips = verifier.faces(request.environ.get("CONTENT_TYPE", ""), body)
        response = jsonify(faces=[_png(chip) for chip in chips])
        response.headers["Cache-Control"] = "no-store"
        return response

    ui.add_url_rule(FACES, view_func=faces, methods=["POST"], provide_automatic_options=False)


def _png(chip: Pixels) -> str:
    file = BytesIO()
    Image.fromarray(chip).save(file, "PNG")
    return base64.b64encode(file.getvalue()).decode()
