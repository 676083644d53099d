import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Any
from urllib.parse import urlencode

import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from jsonschema import validate
from urllib3 import encode_multipart_formdata
from werkzeug.test import TestResponse

from reference_server.app import create_app
from reference_server.limits import Limits
from reference_server.refusals import PHOTOS
from reference_server.settings import Settings
from reference_server.verifier import Verifier
from verikit.contract import load_contract

CONTRACT = load_contract()
PATH = CONTRACT.path
URL_ENCODED, MULTIPART = CONTRACT.media_types

Draw = Callable[..., bytes]
Encrypt = Callable[[bytes], str]
Form = Callable[..., dict[str, str]]


@pytest.fixture
def form(encrypt: Encrypt, draw: Draw) -> Form:
    def make(first: object = "grey", second: object = "grey", **switches: str) -> dict[str, str]:
        return (
            dict(zip(PHOTOS, (encrypt(draw(first)), encrypt(draw(second))), strict=True)) | switches
        )

    return make


def refusal(answer: TestResponse, name: str) -> str:
    """Checks a refusal against the contract; its message."""
    content = json.loads(answer.data)
    validate(content, CONTRACT.schema("Refusal"))
    assert (answer.status_code, content["code"]) == (
        CONTRACT.codes[name].status,
        CONTRACT.codes[name].code,
    )
    return str(content["message"])


def abnormal(answer: TestResponse, status: int) -> None:
    content = json.loads(answer.data)
    validate(content, CONTRACT.schema("AbnormalResponse"))
    assert (answer.status_code, content["code"]) == (status, status)
    assert content["message"] == CONTRACT.statuses[status].reason


@pytest.mark.parametrize(("second", "score"), [("grey", 0.9), ("blue", 0.1)])
def test_two_photos_get_the_engines_score(
    client: FlaskClient, form: Form, second: str, score: float
) -> None:
    answer = client.post(PATH, data=form("grey", second))
    content = json.loads(answer.data)
    validate(content, CONTRACT.schema("VerificationResult"))
    assert (answer.status_code, content["verification_score"]) == (200, score)
    assert answer.content_type == "application/json"


def test_multipart_fields_and_file_parts_are_taken(client: FlaskClient, form: Form) -> None:
    first, second = form("grey", "blue").values()
    body, kind = encode_multipart_formdata({PHOTOS[0]: first, PHOTOS[1]: ("b64.txt", second)})
    answer = client.post(PATH, data=body, content_type=kind)
    assert json.loads(answer.data)["verification_score"] == 0.1


def test_raw_base64_in_a_url_encoded_form_is_understood(client: FlaskClient, form: Form) -> None:
    raw = "&".join(f"{name}={value}" for name, value in form("grey", (11, 22, 33)).items())
    assert "+" in raw
    answer = client.post(PATH, data=raw, content_type=URL_ENCODED)
    assert json.loads(answer.data)["verification_score"] == 0.1


def test_switches_reach_the_engine(client: FlaskClient, form: Form, engine: object) -> None:
    client.post(PATH, data=form(auto_rotate="TRUE", check_quality="false"))
    assert engine.calls == [{"auto_rotate": True, "check_quality": False}]  # type: ignore[attr-defined]


def test_query_string_is_not_read(client: FlaskClient, form: Form) -> None:
    answer = client.post(f"{PATH}?{urlencode(form())}", data={"other": "field"})
    assert PHOTOS[0] in refusal(answer, "INVALID_ARGUMENT")


def test_covered_face_is_refused_only_when_asked(client: FlaskClient, form: Form) -> None:
    assert client.post(PATH, data=form("grey", "white")).status_code == 200
    answer = client.post(PATH, data=form("grey", "white", check_quality="true"))
    assert refusal(answer, "FACE_OCCLUSION") == f"face occlusion: mouth of {PHOTOS[1]}"


def test_photo_without_a_face_is_named(client: FlaskClient, form: Form) -> None:
    answer = client.post(PATH, data=form("grey", "black"))
    assert refusal(answer, "DETECTION_FAILED") == f"detection failed: no face in {PHOTOS[1]}"


@pytest.mark.parametrize(
    ("first", "second", "name", "which"),
    [
        ({"size": (20, 64)}, {}, "INVALID_IMAGE_SIZE", 0),
        ({"kind": "WEBP"}, {}, "INVALID_IMAGE_TYPE", 0),
        ({"size": (20, 64)}, {"kind": "WEBP"}, "INVALID_IMAGE_TYPE", 1),
        ({"colour": "black"}, {"size": (64, 20)}, "INVALID_IMAGE_SIZE", 1),
        ({"size": (20, 64)}, {"size": (64, 20)}, "INVALID_IMAGE_SIZE", 0),
    ],
)
def test_photos_are_refused_check_by_check(  # noqa: PLR0917 - a row of the table and fixtures
    client: FlaskClient,
    encrypt: Encrypt,
    draw: Draw,
    first: dict[str, object],
    second: dict[str, object],
    name: str,
    which: int,
) -> None:
    photos = [encrypt(draw(**how)) for how in (first, second)]
    answer = client.post(PATH, data=dict(zip(PHOTOS, photos, strict=True)))
    assert PHOTOS[which] in refusal(answer, name)


def test_large_file_is_refused(client: FlaskClient, form: Form, encrypt: Encrypt) -> None:
    limit = CONTRACT.photo_standards.max_file_bytes
    answer = client.post(PATH, data=form() | {PHOTOS[1]: encrypt(bytes(limit + 1))})
    assert f"{PHOTOS[1]} has {limit + 1} bytes" in refusal(answer, "INVALID_CONTENT_LENGTH")


@pytest.mark.parametrize("kind", ["application/json", "text/plain", None])
def test_a_body_that_is_no_form_is_refused(client: FlaskClient, kind: str | None) -> None:
    refusal(client.post(PATH, data=b"{}", content_type=kind), "INVALID_ARGUMENT")


def test_thousands_of_fields_are_ignored(client: FlaskClient, form: Form) -> None:
    answer = client.post(PATH, data={f"field{n}": "x" for n in range(5_000)} | form())
    assert answer.status_code == 200


@pytest.mark.parametrize(
    "path", ["/", f"{PATH}/", f"/{PATH}", PATH.upper(), PATH[:-1], "/%00", "/healthz/", "/static/x"]
)
def test_any_other_path_is_not_found(client: FlaskClient, path: str) -> None:
    abnormal(client.open(path, base_url="http://localhost", method="POST"), 404)


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW"])
def test_any_other_method_is_not_found(client: FlaskClient, method: str) -> None:
    answer = client.open(PATH, method=method)
    abnormal(answer, 404)
    assert "Allow" not in answer.headers


def test_head_is_not_found_and_has_no_body(client: FlaskClient) -> None:
    answer = client.head(PATH)
    assert (answer.status_code, answer.data) == (404, b"")


def test_missing_length_is_demanded(client: FlaskClient) -> None:
    answer = client.post(PATH, content_type=URL_ENCODED, environ_overrides={"CONTENT_LENGTH": ""})
    abnormal(answer, 411)


@pytest.mark.parametrize("length", ["-1", "+5", "1e3", "five", "٣"])
def test_senseless_length_is_no_length(client: FlaskClient, length: str) -> None:
    answer = client.post(PATH, environ_overrides={"CONTENT_LENGTH": length})
    abnormal(answer, 411)


@pytest.mark.parametrize("excess", ["1", "9" * 5000])
def test_body_above_the_limit_is_too_large(client: FlaskClient, excess: str) -> None:
    length = excess if len(excess) > 1 else str(CONTRACT.photo_standards.max_body_bytes + 1)
    answer = client.post(PATH, data=b"x", environ_overrides={"CONTENT_LENGTH": length})
    abnormal(answer, 413)
    assert answer.headers["Connection"] == "close"


def test_failure_tells_nothing(
    client: FlaskClient, form: Form, caplog: pytest.LogCaptureFixture
) -> None:
    answer = client.post(PATH, data=form("lime"))
    abnormal(answer, 500)
    assert "secret of the engine" not in answer.text + caplog.text
    (failure,) = [record for record in caplog.records if record.message == "failed"]
    assert failure.fields["error"] == "RuntimeError"  # type: ignore[attr-defined]
    assert failure.fields["request_id"] == answer.json["request_id"]  # type: ignore[attr-defined,index]


def test_every_answer_has_an_id_of_its_own(client: FlaskClient, form: Form) -> None:
    answers = [
        *(client.post(PATH, data=form()) for _ in range(3)),
        client.post(PATH, data={}),
        client.get("/nowhere"),
        client.get("/healthz"),
    ]
    assert len({answer.json["request_id"] for answer in answers}) == len(answers)  # type: ignore[index]


def test_readiness_follows_a_comparison_of_the_portrait(
    client: FlaskClient, engine: object
) -> None:
    assert client.get("/readyz").json["status"] == "ready"  # type: ignore[index]
    assert len(engine.calls) == 1  # type: ignore[attr-defined]
    client.get("/readyz")
    assert len(engine.calls) == 1  # type: ignore[attr-defined]


def test_readiness_compares_again_when_the_last_success_is_old(
    client: FlaskClient, engine: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("reference_server.health.FRESH_SECONDS", 0.0)
    client.get("/readyz")
    client.get("/readyz")
    assert len(engine.calls) == 2  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("second", "switches"), [("black", {}), ("white", {"check_quality": "true"})]
)
def test_a_photo_that_the_engine_refused_shows_no_readiness(
    client: FlaskClient, form: Form, engine: object, second: str, switches: dict[str, str]
) -> None:
    refused = client.post(PATH, data=form("grey", second, **switches))
    assert refused.status_code == 400
    client.get("/readyz")
    assert len(engine.calls) == 2  # type: ignore[attr-defined]


def test_life_is_shown_without_a_comparison(client: FlaskClient, engine: object) -> None:
    assert client.get("/healthz").json["status"] == "alive"  # type: ignore[index]
    assert len(engine.calls) == 0  # type: ignore[attr-defined]


def test_a_comparison_that_hangs_is_no_life(engine: Any) -> None:
    settings = Settings.from_environment({}, limits=Limits(patience=0, deadline=0))
    app = create_app(settings, Verifier(settings, engine))
    begun, end = Event(), Event()
    with ThreadPoolExecutor(1) as pool:
        pool.submit(app.extensions["thread"].run, lambda: begun.set() or end.wait(60))
        assert begun.wait(60)
        answer = app.test_client().get("/healthz")
        end.set()
    assert (answer.status_code, answer.get_json()["status"]) == (503, "stalled")


def test_who_takes_no_comparison_any_more_is_busy(client: FlaskClient, form: Form) -> None:
    client.application.extensions["thread"].give_up()
    answer = client.get("/readyz")
    assert (answer.status_code, answer.get_json()["status"]) == (503, "busy")
    refused = client.post(PATH, data=form())
    assert (refused.status_code, refused.headers["Retry-After"].isdigit()) == (500, True)
    assert client.get("/healthz").status_code == 200


@pytest.mark.parametrize("score", [0.3, float("nan")])
def test_readiness_fails_with_an_absurd_score(
    client: FlaskClient, engine: object, monkeypatch: pytest.MonkeyPatch, score: float
) -> None:
    monkeypatch.setattr(engine, "compare", lambda *_, **__: score)
    abnormal(client.get("/readyz"), 500)


def test_a_score_that_is_no_number_is_not_sent(
    client: FlaskClient, form: Form, engine: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "compare", lambda *_, **__: float("nan"))
    abnormal(client.post(PATH, data=form()), 500)


@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    body=st.binary()
    | st.text().map(lambda text: urlencode({PHOTOS[0]: text, PHOTOS[1]: text}).encode()),
    kind=st.sampled_from([URL_ENCODED, MULTIPART, f"{MULTIPART}; boundary=x", "x", ""]) | st.text(),
)
def test_no_body_can_make_the_server_fail(client: FlaskClient, body: bytes, kind: str) -> None:
    environ = {"CONTENT_TYPE": kind, "CONTENT_LENGTH": str(len(body))}
    answer = client.post(PATH, data=body, environ_overrides=environ)
    refusal(answer, "INVALID_ARGUMENT")
