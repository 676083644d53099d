import base64
import io
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
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
from tests.support.forks import Forks
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
def live(server_forks: Forks, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    server = Live.forked(server_forks, tmp_path_factory.mktemp("live"), fake())
    try:
        yield server
    finally:
        server.stop()


@pytest.fixture
def started() -> Iterator[Callable[[Live], Live]]:
    """Servers that are stopped after the test."""
    with ExitStack() as stack:

        def keep(server: Live) -> Live:
            stack.callback(server.stop)
            return server

        yield keep


@pytest.fixture
def start_live(
    started: Callable[[Live], Live], server_forks: Forks, tmp_path: Path
) -> Callable[..., Live]:
    return lambda **how: started(Live.forked(server_forks, tmp_path, fake(**how)))


@pytest.fixture
def start_real(started: Callable[[Live], Live], tmp_path: Path) -> Callable[..., Live]:
    return lambda *options, **how: started(Live.started(tmp_path, real(*options), **how))


@pytest.fixture
def gate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Gate]:
    """The gate of the servers that are started after it."""
    made = Gate(tmp_path / "gate")
    monkeypatch.setenv(GATE, str(made.path))
    yield made
    made.open()
