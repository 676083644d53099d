"""The pages' routes, without a browser."""

import html
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from jsonschema import validate
from PIL import Image
from werkzeug.test import TestResponse

from reference_server.app import create_app
from reference_server.limits import DEFAULT_LIMITS
from reference_server.pictures import Photo
from reference_server.refusals import PHOTOS, NoFaceFound
from reference_server.settings import Settings
from reference_server.ui.pages import LOOK
from reference_server.ui.words import one_in, prose, size
from reference_server.verifier import Verifier
from verikit.client.form import MEDIA_TYPE, form
from verikit.contract import load_contract
from verikit.contract.encryption import Secrets
from verikit.contract.profile import load_profile

CONTRACT = load_contract()
PAGES = ("/", "/docs")
STATIC = [f"/ui/{path.name}" for path in Path("reference_server/ui/static").iterdir()]


class Engine:
    """The pages ask it nothing but whether it is calibrated."""

    def __init__(self, calibrated: bool = True) -> None:
        self.calibrated = calibrated


def client(engine: Engine | None = None, **settings: Any) -> FlaskClient:
    chosen = replace(Settings.from_environment({}), **settings)
    return create_app(chosen, Verifier(chosen, engine or Engine())).test_client()  # type: ignore[arg-type]


class Seeing(Engine):
    """Sees a face in all that is not black."""

    def look(self, photo: Photo, *, auto_rotate: bool) -> dict[str, Any]:
        if not photo.pixels.any():
            raise NoFaceFound(0)
        return {"side": photo.pixels.shape[0], "turned": auto_rotate}


def png(colour: str, side: int) -> bytes:
    file = BytesIO()
    Image.new("RGB", (side, side), colour).save(file, "PNG")
    return file.getvalue()


@pytest.mark.parametrize("turned", [False, True])
def test_what_is_seen_is_told_of_each_photo_by_itself(turned: bool) -> None:
    switches = {"auto_rotate": turned, "check_quality": False}
    looked = []
    for first, second in (("grey", "black"), ("black", "grey")):
        body = form(png(first, 40), png(second, 50), switches, Secrets.of())
        looked.append(client(Seeing()).post(LOOK, data=body, content_type=MEDIA_TYPE))
    code = CONTRACT.codes["DETECTION_FAILED"]
    assert [answer.status_code for answer in looked] == [200, 200]
    (seen, missed), (missed_first, seen_second) = (answer.get_json()["photos"] for answer in looked)
    assert (seen, seen_second) == ({"side": 40, "turned": turned}, {"side": 50, "turned": turned})
    assert missed["message"].startswith(code.message)
    assert missed["code"] == missed_first["code"] == code.code


def is_not_found(answer: TestResponse) -> bool:
    content = json.loads(answer.data)
    validate(content, CONTRACT.schema("AbnormalResponse"))
    return (answer.status_code, content["code"]) == (404, 404)


def text(answer: TestResponse) -> str:
    """What a page says, without its tags."""
    without = re.sub(r"<[^>]+>", " ", answer.text)
    return " ".join(html.unescape(without).split())


@pytest.mark.parametrize("path", [*PAGES, "/openapi.yaml", *STATIC])
def test_every_page_is_kept_to_this_server(path: str) -> None:
    answer = client().get(path)
    assert answer.status_code == 200
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["Cache-Control"] == "no-cache"
    assert client().head(path).data == b""


@pytest.mark.parametrize("path", [*PAGES, *STATIC])
def test_nothing_is_loaded_from_elsewhere(path: str) -> None:
    loaded = re.findall(
        r"(?:src|href)=\"([^\"]+)|\burl\(([^)]+)|from \"([^\"]+)", client().get(path).text
    )
    assert all(next(filter(None, found)).startswith(("/", "./", "#")) for found in loaded)
    assert not re.search(
        r"<style|<script(?! type=.application/json| type=.module)|style=|onclick=",
        client().get(path).text,
    )


@pytest.mark.parametrize("path", [*PAGES, "/openapi.yaml", *STATIC])
def test_without_the_pages_there_is_nothing(path: str) -> None:
    closed = client(ui=False)
    assert is_not_found(closed.get(path))
    assert is_not_found(closed.post(path))


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
@pytest.mark.parametrize("path", ["/", "/docs", "/ui/page.js"])
def test_other_methods_are_answered_as_elsewhere(path: str, method: str) -> None:
    assert is_not_found(client().open(path, method=method))


@pytest.mark.parametrize(
    "path", ["/ui/", "/ui/none.js", "/ui/../pages.py", "/docs/", "/index.html"]
)
def test_neighbouring_paths_are_not_found(path: str) -> None:
    assert is_not_found(client().get(path))


def test_the_document_is_the_file_itself() -> None:
    answer = client().get("/openapi.yaml")
    assert answer.content_type == "application/yaml"
    assert answer.data == CONTRACT.source.read_bytes()


def described(entry: Any) -> Iterator[str]:
    """Every description of the contract, but that of how codes are written in the file."""
    if isinstance(entry, dict):
        for key, value in entry.items():
            if key == "description" and isinstance(value, str):
                yield value
            elif key not in ("servers", "SystemCode"):
                yield from described(value)
    elif isinstance(entry, list):
        for value in entry:
            yield from described(value)


def test_the_docs_say_everything_that_the_contract_says() -> None:
    said = text(client().get("/docs"))
    schemas = CONTRACT.document["components"]["schemas"]
    codes = [code.description for code in CONTRACT.codes.values()]
    order = schemas["SystemCode"]["x-check-order"]["description"]
    referred = schemas["Refusal"]["description"]
    expected = [*described(CONTRACT.document), *codes, order]
    missing = [
        each
        for each in expected
        if " ".join(re.sub("<[^>]+>", " ", html.unescape(prose(each))).split()) not in said
    ]
    assert missing == [referred]


@pytest.mark.parametrize("path", PAGES)
def test_the_table_is_the_contracts(path: str) -> None:
    said = text(client().get(path))
    for threshold, rate in CONTRACT.error_rates.rows:
        assert re.search(rf"{threshold} (recommended )?{one_in(rate)}\b", said)


@pytest.mark.parametrize("path", PAGES)
def test_pages_show_the_standards_of_this_server(path: str, tmp_path: Path) -> None:
    profile = tmp_path / "profile.yaml"
    profile.write_text(
        "{formats: [PNG], side_px: {minimum: 7, maximum: 77}, "
        "file_bytes: {maximum: 2048}, body_bytes: {maximum: 3145728}}"
    )
    standards = load_profile(str(profile)).standards.filled(load_contract().photo_standards)
    said = text(client(standards=standards).get(path))
    assert "7 to 77 pixels" in said
    assert "at most 2 KiB" in said
    assert "JPEG" not in said


@pytest.mark.parametrize("path", PAGES)
def test_pages_never_show_the_servers_own_key(path: str) -> None:
    own = client(key=b"K" * 32, iv=b"I" * 12).get(path).text
    assert ("K" * 32 in own, "I" * 12 in own) == (False, False)
    assert CONTRACT.encryption.default_key in own


@pytest.mark.parametrize("calibrated", [True, False])
def test_a_score_that_was_not_fitted_is_marked(calibrated: bool) -> None:
    page = client(Engine(calibrated)).get("/").text
    assert ("do not apply" in page) != calibrated


@pytest.mark.parametrize(("rate", "words"), [(0.1, "1 in 10"), (1e-6, "1 in 1,000,000")])
def test_rates_in_words(rate: float, words: str) -> None:
    assert one_in(rate) == words


@pytest.mark.parametrize(("count", "words"), [(5 * 2**20, "5 MiB"), (1536, "1.5 KiB")])
def test_sizes_in_words(count: int, words: str) -> None:
    assert size(count) == words


def test_descriptions_cannot_bring_tags_along() -> None:
    assert prose("`<b>` (our reading).") == (
        '<code>&lt;b&gt;</code>. <em class="reading">our reading</em>'
    )


@pytest.mark.parametrize("path", [*PAGES, "/ui/page.js"])
def test_pages_are_no_comparisons_in_the_metrics(path: str) -> None:
    app = client()
    app.get(path)
    counted = [
        line
        for line in app.get("/metrics").text.splitlines()
        if "requests_total{" in line and not line.endswith(" 0.0")
    ]
    assert counted == []


def test_what_was_seen_is_told_to_whom_the_operation_would_answer_only() -> None:
    """It takes the same encrypted form, and is gone with the pages."""
    asked = client()
    assert asked.get("/ui/look").status_code == 404
    plain = asked.post("/ui/look", data=dict.fromkeys(PHOTOS, "x"))
    assert plain.status_code == 400
    assert json.loads(plain.data)["code"] == CONTRACT.codes["INVALID_ARGUMENT"].code
    assert client(ui=False).post("/ui/look", data={}).status_code == 404
    busy = client(limits=replace(DEFAULT_LIMITS, rate=1e-9))
    assert {busy.post("/ui/look", data={}).status_code for _ in range(3)} >= {500}
