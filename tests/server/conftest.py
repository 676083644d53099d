import base64
import io
import json
import re
import runpy
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
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
READY = re.compile(r"^(?:Ready: POST )?(http://127.0.0.1:(\d+))")

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
    server = Live(tmp_path_factory.mktemp("live"), fake())
    try:
        yield server
    finally:
        server.stop()


class Live:
    """A server of ours on a free port; the last line that it writes names its URL."""

    def __init__(self, folder: Path, command: list[str], **how: Any) -> None:
        self.log = folder / "log"
        with self.log.open("ab") as log:  # only added to, so a test may read it meanwhile
            self.process = subprocess.Popen(  # noqa: S603 - our own script
                [sys.executable, *command], stdout=subprocess.PIPE, stderr=log, text=True, **how
            )
        assert self.process.stdout is not None
        with self.process.stdout as lines:
            found = next((m for line in lines if (m := READY.search(line))), None)
        if not found:
            self.stop()
            raise AssertionError(f"the server did not start: {self.log.read_text()}")
        self.url, self.port = found[1], int(found[2])

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


def fake(workers: int = 1, threads: int = 8, **limits: float | None) -> list[str]:
    """The command for the server with an engine that answers at once."""
    return [str(FAKE_SERVER), *(json.dumps(value) for value in (workers, threads, limits))]


def real(*options: str) -> list[str]:
    """The command for the server as users start it."""
    return ["-m", "verikit", "serve", "--port", "0", *options]


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
