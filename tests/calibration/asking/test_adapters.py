"""Verifiers with an API of their own, against stand-ins that answer as they do."""

import json
from base64 import b64decode
from email.parser import BytesParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs

import pytest
from click.testing import CliRunner

from calibration.asking.adapters import NAMES, open_api
from calibration.sources.photos import Folder
from tests.calibration.conftest import CONTRACT, score_of
from tests.support.serving import serving
from verikit.cli import main
from verikit.contract.encryption import Secrets
from verikit.transport import Answer

pytestmark = pytest.mark.live
CLAIMS = {
    "deepface": "closer: lower\nlowest: 0\nhighest: 1\n"
    "send: {model_name: Facenet512, enforce_detection: false}\n"
    "rows: [[0.6, 1e-1], [0.5, 1e-2]]\n",
    "face-plus-plus": "lowest: 0\nhighest: 100\nrows: [[40, 1e-1], [50, 1e-2]]\n",
    "multipart": "send: {path: /match, first: a, second: b, score: likeness, refused: reason}\n"
    "rows: [[0.4, 1e-1], [0.5, 1e-2]]\n",
}

THRESHOLDS = {"deepface": [0.6, 0.5], "face-plus-plus": [40, 50], "multipart": [0.4, 0.5]}


class StandIn(BaseHTTPRequestHandler):
    """Answers at the path of each API; the server remembers the other fields of a request."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        status, answer = ANSWERS[self.path](self, body)
        content = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def deepface(self, body: bytes) -> tuple[int, dict]:
        fields = json.loads(body)
        photos = [b64decode(fields.pop(f"img{n}").partition("base64,")[2]) for n in (1, 2)]
        self.server.sent = fields
        if b"faceless" in b"".join(photos):
            text = "Exception while verifying: Exception while processing img1_path - Traceback"
            return 400, {"error": text.replace(" - ", ": Face could not be detected - ")}
        distance = 1 - score_of(*photos)
        return 200, {"verified": distance < 0.4, "distance": distance, "threshold": 0.4}

    def face_plus_plus(self, body: bytes) -> tuple[int, dict]:
        fields = {name: values[0] for name, values in parse_qs(body.decode()).items()}
        photos = [b64decode(fields.pop(f"image_base64_{n}")) for n in (1, 2)]
        self.server.sent = fields
        if self.server.busy:
            self.server.busy -= 1
            return 403, {"error_message": "CONCURRENCY_LIMIT_EXCEEDED"}
        if b"faceless" in b"".join(photos):
            return 200, {"faces1": [], "faces2": [{}], "time_used": 5}
        return 200, {"confidence": 100 * score_of(*photos), "thresholds": {"1e-3": 62.327}}

    def multipart(self, body: bytes) -> tuple[int, dict]:
        head = f"content-type: {self.headers['content-type']}\r\n\r\n".encode()
        parts = BytesParser().parsebytes(head + body).get_payload()
        photos = {part.get_param("name", header="content-disposition"): part for part in parts}
        contents = [photos[name].get_payload(decode=True) for name in ("a", "b")]
        if b"faceless" in b"".join(contents):
            return 422, {"reason": "no face"}
        return 200, {"likeness": score_of(*contents)}

    def log_message(self, *_: object) -> None:
        pass


ANSWERS = {
    "/verify": StandIn.deepface,
    "/facepp/v3/compare": StandIn.face_plus_plus,
    "/match": StandIn.multipart,
}


TRACE = """Exception while verifying: Exception while processing img2_path - Traceback (most recent
  File "a.py", line 1, in load
ValueError: Input image is not an image

The above exception was the direct cause of the following exception:

ValueError: Exception while processing img2_path
"""


@pytest.mark.parametrize(
    ("status", "fields", "told"),
    [
        (400, {"error": TRACE}, "processing img2_path: ValueError: Input image is not an image"),
        (400, {"exception": "'img1' not found in request"}, "'img1' not found in request"),
        (200, {"verified": True}, "no distance"),
    ],
)
def test_what_deepface_says_is_told_with_the_root_of_its_traceback(status, fields, told):
    outcome = adapter_of("deepface").outcome(answer(status, fields))
    assert outcome.trouble.startswith(f"HTTP {status}: ")
    assert outcome.trouble.endswith(told)
    assert outcome.code is None


SCORES = {"deepface": "distance", "face-plus-plus": "confidence", "multipart": "score"}


def adapter_of(name):
    return open_api(name, CONTRACT, Folder(Path()), Secrets.of(), {}, {})


def answer(status, fields):
    body = json.dumps(fields).encode()
    return Answer(status=status, reason="", headers={}, body=body, head=b"")


def test_every_adapter_is_tested_against_a_stand_in():
    assert set(NAMES) - {"contract"} == set(CLAIMS) == set(SCORES)


@pytest.mark.parametrize("name", SCORES)
@pytest.mark.parametrize("value", [True, "0.9", None, [0.9]])
def test_what_is_no_number_is_no_score(name, value):
    outcome = adapter_of(name).outcome(answer(200, {SCORES[name]: value}))
    assert outcome.score is None
    assert outcome.trouble.startswith("HTTP 200: no ")


@pytest.mark.parametrize("name", SCORES)
def test_a_score_with_another_status_is_none(name):
    outcome = adapter_of(name).outcome(answer(503, {SCORES[name]: 0.9}))
    assert outcome.score is None
    assert outcome.may_pass


@pytest.fixture
def stand_in():
    server = ThreadingHTTPServer(("127.0.0.1", 0), StandIn)
    server.sent, server.busy = {}, 0
    with serving(server):
        yield server


def run(stand_in, people, tmp_path, *options: str):
    url = f"http://127.0.0.1:{stand_in.server_port}"
    command = [url, "--data", str(people), "--out", str(tmp_path / "out"), "--quiet", "--json"]
    command += ["--budget", "500", "--rate", "3000", *options]
    return CliRunner().invoke(main, ["calibrate", *command], catch_exceptions=False)


@pytest.mark.parametrize("api", CLAIMS)
def test_any_api_is_asked_and_judged_by_its_claims(stand_in, people, tmp_path, api, monkeypatch):
    monkeypatch.setenv("VERIKIT_API_KEY", "mine")
    stand_in.busy = 2
    (tmp_path / "mine.yaml").write_text(CLAIMS[api])
    result = run(stand_in, people, tmp_path, "--api", api, "--claims", str(tmp_path / "mine.yaml"))
    assert result.exit_code in (0, 3), result.output
    found = json.loads(result.stdout)
    rows = found["rows"]
    assert rows[0]["verdict"] == "PASS"
    assert [row["threshold"] for row in rows] == THRESHOLDS[api]
    assert found["axis"] == ("distance" if api == "deepface" else "score")
    assert found["acquired"]["failed"] == ["p07/1.jpg"]
    assert found["not_measured"] == 0
    expected = {
        "deepface": {"model_name": "Facenet512", "enforce_detection": False},
        "face-plus-plus": {"api_key": "mine"},
    }
    assert stand_in.sent == expected.get(api, {})


def test_trouble_is_no_refusal(stand_in, people, tmp_path):
    (tmp_path / "mine.yaml").write_text(CLAIMS["deepface"])
    ANSWERS["/verify"] = lambda handler, body: (400, {"error": "\x1b[2JOut of memory - Traceback"})
    try:
        result = run(
            stand_in, people, tmp_path, "--api", "deepface", "--claims", str(tmp_path / "mine.yaml")
        )
    finally:
        ANSWERS["/verify"] = StandIn.deepface
    assert result.exit_code == 3
    assert "Out of memory" in result.output
    assert "\x1b" not in result.output


def test_an_api_of_another_needs_its_claims(stand_in, people, tmp_path):
    result = run(stand_in, people, tmp_path, "--api", "deepface")
    assert result.exit_code == 2
    assert "needs --claims" in result.output
    assert NAMES[0] == "contract"
