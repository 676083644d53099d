import base64
import io
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from flask.testing import FlaskClient
from PIL import Image

from reference_server.app import create_app
from reference_server.refusals import PHOTOS
from reference_server.settings import Settings
from reference_server.verifier import Verifier
from tests.support.fake_server import GATE, FakeEngine, Gate
from tests.support.live import Live, fake, real
from verikit.contract import load_contract

CONTRACT = load_contract()
SECRETS = CONTRACT.encryption

Draw = Callable[..., bytes]
Encrypt = Callable[[bytes], str]


@pytest.fixture(scope="session")
def settings() -> Settings:
    return Settings.from_environment({})


@pytest.fixture(scope="session")
def encrypt() -> Encrypt:
    cipher = AESGCM(SECRETS.default_key.encode())
    iv = SECRETS.default_iv.encode()
    return lambda file: base64.b64encode(cipher.encrypt(iv, file, None)).decode()


@pytest.fixture(scope="session")
def draw() -> Draw:
    """A photo file of one color."""

    def make(
        colour: object = "grey",
        *,
        size: tuple[int, int] = (64, 64),
        kind: str = "PNG",
        **how: object,
    ) -> bytes:
        file = io.BytesIO()
        Image.new("RGB", size, colour).save(file, kind, **how)  # type: ignore[arg-type]
        return file.getvalue()

    return make


@pytest.fixture(scope="session")
def body(draw: Draw, encrypt: Encrypt) -> Callable[..., bytes]:
    """A form with two photos of one color each."""
    return lambda first="grey", second="grey": urlencode(
        dict(zip(PHOTOS, (encrypt(draw(first)), encrypt(draw(second))), strict=True))
    ).encode()


@pytest.fixture
def engine() -> object:
    return FakeEngine()


@pytest.fixture
def client(settings: Settings, engine: object) -> FlaskClient:
    verifier = Verifier(settings, engine)  # type: ignore[arg-type]
    return create_app(settings, verifier).test_client()


@pytest.fixture(scope="session")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    server = Live(tmp_path_factory.mktemp("live"), fake())
    try:
        yield server
    finally:
        server.stop()


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Live]]:
    """Starts a server by its command."""
    with ExitStack() as started:

        def start(command: list[str], **how: Any) -> Live:
            server = Live(tmp_path, command, **how)
            started.callback(server.stop)
            return server

        yield start


@pytest.fixture
def start_live(start: Callable[..., Live]) -> Callable[..., Live]:
    return lambda **how: start(fake(**how))


@pytest.fixture
def start_real(start: Callable[..., Live]) -> Callable[..., Live]:
    return lambda *options, **how: start(real(*options), **how)


@pytest.fixture
def gate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Gate]:
    """The gate of the servers that are started after it."""
    made = Gate(tmp_path / "gate")
    monkeypatch.setenv(GATE, str(made.path))
    yield made
    made.open()
