import base64
import io
import runpy
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from flask.testing import FlaskClient
from PIL import Image

from contract import load_contract
from reference_server.app import create_app
from reference_server.settings import Settings
from reference_server.verifier import Verifier

FAKE_SERVER = Path(__file__).with_name("fake_server.py")
SECRETS = load_contract().encryption

Draw = Callable[..., bytes]
Seal = Callable[[bytes], str]


@pytest.fixture(scope="session")
def settings() -> Settings:
    return Settings.from_environment({})


@pytest.fixture(scope="session")
def seal() -> Seal:
    cipher = AESGCM(SECRETS.default_key.encode())
    iv = SECRETS.default_iv.encode()
    return lambda file: base64.b64encode(cipher.encrypt(iv, file, None)).decode()


@pytest.fixture(scope="session")
def draw() -> Draw:
    """A photo file of one colour."""

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


@pytest.fixture
def engine() -> object:
    return runpy.run_path(str(FAKE_SERVER))["FakeEngine"]()


@pytest.fixture
def client(settings: Settings, engine: object) -> FlaskClient:
    verifier = Verifier(settings, engine)  # type: ignore[arg-type]
    return create_app(settings, verifier).test_client()


@pytest.fixture(scope="session")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator["Live"]:
    server = Live(tmp_path_factory.mktemp("live"))
    try:
        yield server
    finally:
        server.stop()


class Live:
    """The fake server in gunicorn, on a free port."""

    def __init__(self, folder: Path, workers: int = 1, threads: int = 8) -> None:
        self.log = folder / "log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(  # noqa: S603 - our own script
                [sys.executable, FAKE_SERVER, str(workers), str(threads)],
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        assert self.process.stdout is not None
        with self.process.stdout as lines:
            self.url = lines.readline().strip()
        if not self.url:
            self.stop()
            raise AssertionError(f"the fake server did not start: {self.log.read_text()}")
        self.port = int(self.url.rpartition(":")[2])

    def stop(self) -> int:
        self.process.terminate()
        return self.process.wait(timeout=60)


@pytest.fixture
def start_live(tmp_path: Path) -> Iterator[Callable[..., Live]]:
    started = []

    def start(**how: int) -> Live:
        started.append(Live(tmp_path, **how))
        return started[-1]

    yield start
    for server in started:
        server.stop()
