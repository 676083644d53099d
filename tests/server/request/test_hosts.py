"""Names that the server answers to, so that no web page can make a browser ask it as its own."""

import pytest
from flask.testing import FlaskClient

from reference_server.app import create_app
from reference_server.settings import Settings
from reference_server.verifier import Verifier
from tests.support.fake_server import FakeEngine
from verikit.contract import load_contract

CONTRACT = load_contract()
CODE = CONTRACT.codes["INVALID_ARGUMENT"]
PATHS = ("/", "/docs", "/healthz", "/metrics", CONTRACT.path, "/nowhere")

OWN = (
    *(
        "localhost",
        "localhost:3000",
        "LOCALHOST:3000",
        "a.localhost",
        "127.0.0.1:3000",
        "127.9.9.9",
    ),
    *("[::1]:3000", "192.168.0.7", "10.0.0.1:80", "faces.example", "faces.example:3000"),
    *("a.inside.example:3000", "inside.example", "Faces.Example"),
)
FOREIGN = (
    *("evil.example", "evil.example:3000", "localhost.evil.example", "127.0.0.1.evil.example"),
    *("notlocalhost", "notinside.example", "faces.example.evil.example", "a.faces.example"),
    *("[::1].evil.example", "[::1]evil.example", "[::1", "::1]", "[::1]:x", "127.0.0.1:3000:1"),
    *("[evil.example]", "evil.example#127.0.0.1", "localhost,evil.example", "localhost/", "\x80"),
)


@pytest.fixture(scope="module")
def client() -> FlaskClient:
    settings = Settings.from_environment({})
    allowed = Settings(
        key=settings.key, iv=settings.iv, allowed_hosts=("faces.example", ".inside.example")
    )
    return create_app(allowed, Verifier(allowed, FakeEngine())).test_client()


@pytest.mark.parametrize("host", OWN)
@pytest.mark.parametrize("path", ["/healthz", "/docs"])
def test_it_answers_to_addresses_and_to_names_of_its_own(
    client: FlaskClient, path: str, host: str
) -> None:
    answer = client.get(path, environ_overrides={"HTTP_HOST": host})
    assert answer.status_code == 200


@pytest.mark.parametrize("host", FOREIGN)
def test_a_foreign_name_is_an_invalid_argument(client: FlaskClient, host: str) -> None:
    answer = client.post(CONTRACT.path, data=b"a=b", environ_overrides={"HTTP_HOST": host})
    assert (answer.status_code, answer.json and answer.json["code"]) == (CODE.status, CODE.code)
    assert answer.json is not None
    assert answer.json["message"].endswith("see --allowed-host")
    assert answer.headers["Connection"] == "close"


@pytest.mark.parametrize("path", PATHS)
def test_no_page_answers_to_a_foreign_name(client: FlaskClient, path: str) -> None:
    answer = client.get(path, environ_overrides={"HTTP_HOST": "evil.example"})
    assert answer.status_code == CODE.status
    assert answer.content_type == "application/json"
