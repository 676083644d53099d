import base64
import io
import json
import runpy
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import psutil
import pytest
import requests
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from flask.testing import FlaskClient
from PIL import Image

from contract import load_contract
from reference_server.app import create_app
from reference_server.refusals import PHOTOS
from reference_server.settings import Settings
from reference_server.verifier import Verifier

FAKE_SERVER = Path(__file__).with_name("fake_server.py")
CONTRACT = load_contract()
SECRETS = CONTRACT.encryption

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


@pytest.fixture(scope="session")
def body(draw: Draw, seal: Seal) -> Callable[..., bytes]:
    """A form with two photos of one colour each."""
    return lambda first="grey", second="grey": urlencode(
        dict(zip(PHOTOS, (seal(draw(first)), seal(draw(second))), strict=True))
    ).encode()


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

    def __init__(
        self, folder: Path, workers: int = 1, threads: int = 8, **limits: float | None
    ) -> None:
        self.log = folder / "log"
        arguments = [json.dumps(value) for value in (workers, threads, limits)]
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(  # noqa: S603 - our own script
                [sys.executable, FAKE_SERVER, *arguments],
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

    def post(self, content: bytes) -> requests.Response:
        """The answer to a form."""
        kind = {"Content-Type": CONTRACT.media_types[0]}
        return requests.post(self.url + CONTRACT.path, content, headers=kind, timeout=30)

    def get(self, path: str) -> requests.Response:
        return requests.get(self.url + path, timeout=30)

    def workers(self) -> list[int]:
        """The process ids of the workers."""
        return [child.pid for child in psutil.Process(self.process.pid).children()]

    def stop(self) -> int:
        self.process.terminate()
        return self.process.wait(timeout=60)


@pytest.fixture
def start_live(tmp_path: Path) -> Iterator[Callable[..., Live]]:
    started = []

    def start(**how: Any) -> Live:
        started.append(Live(tmp_path, **how))
        return started[-1]

    yield start
    for server in started:
        server.stop()
