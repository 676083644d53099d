import base64
import json
import os
import re
import shutil
import socket
import subprocess
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tests.support.needs import QUICK_JAVA, missing, needs
from tests.support.serving import serving
from verikit.contract import load_contract

pytestmark = pytest.mark.live

CONTRACT = load_contract()
SECRETS = CONTRACT.encryption
EXAMPLES = Path(__file__).parents[2] / "examples"
JARS = Path(os.environ.get("JARS", "/usr/share/java"))
# The examples must find the project's own environment where no other is active.
HAS_OWN = (EXAMPLES.parent / ".venv").exists()
PATH = os.defpath if HAS_OWN else os.environ["PATH"]
JAVAC = """#!/bin/sh
# javac -d FOLDER ...: the first one compiles; what it made is copied from then on.
set -eu
to=$2 kept=$(dirname "$0")/classes
shift 2
exec 9> "$kept.lock"
flock 9
[ -e "$kept" ] || { "$COMPILER" -d "$kept.new" "$@"; mv "$kept.new" "$kept"; }
cp "$kept"/* "$to"
"""
OWN = {
    SECRETS.key_variable: "k" * SECRETS.key_characters,
    SECRETS.iv_variable: "i" * SECRETS.iv_characters,
}

needs_java = pytest.mark.skipif(
    not shutil.which("javac") or not (JARS / "httpclient.jar").exists(),
    reason=missing("javac with Apache HttpClient 4.5"),
)
CLIENTS = [
    pytest.param("curl.sh", marks=needs("curl")),
    pytest.param("java/run.sh", marks=needs_java),
    pytest.param("node/run.sh", marks=needs("node")),
    "python/run.sh",
]


Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def environment(shared: Path) -> dict[str, str]:
    """Variables of the examples; Java is compiled once for all processes of tests."""
    folder = shared / "javac"
    folder.mkdir(exist_ok=True)
    new = folder / f"javac-{os.getpid()}"
    new.write_text(JAVAC)
    new.chmod(0o755)
    new.rename(folder / "javac")
    compiler = shutil.which("javac", path=PATH) or ""
    path = f"{folder}{os.pathsep}{PATH}"
    return os.environ | QUICK_JAVA | {"PATH": path, "COMPILER": compiler}


@pytest.fixture
def run(environment: dict[str, str]) -> Run:
    """Runs an example with arguments and further variables."""

    def running(client: str, *arguments: object, **variables: str) -> Any:
        ended = subprocess.run(  # noqa: S603 - the example under test
            ["/bin/sh", str(EXAMPLES / client), *map(str, arguments)],
            env=environment | variables,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        ended.stderr = re.sub(r"^Picked up .*\n", "", ended.stderr, flags=re.MULTILINE)
        return ended

    return running


@pytest.fixture
def photos(tmp_path: Path, draw: Callable[..., bytes]) -> list[Path]:
    """Large enough that a command line would not hold them."""
    paths = [tmp_path / "first photo.bmp", tmp_path / "second.bmp"]
    for path, colour in zip(paths, ((11, 22, 33), "white"), strict=True):
        path.write_bytes(draw(colour, size=(300, 300), kind="BMP"))
    return paths


@pytest.fixture
def listener() -> Iterator[HTTPServer]:
    """Writes down the forms that it is sent."""
    server = HTTPServer(("127.0.0.1", 0), Listener)
    server.forms = []  # type: ignore[attr-defined]
    with serving(server):
        yield server


class Listener(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        fields = dict(parse_qsl(body, strict_parsing=True))
        self.server.forms.append((self.path, fields))  # type: ignore[attr-defined]
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


def opened(text: str) -> bytes:
    encrypted = base64.b64decode(text.replace(" ", "+"), validate=True)
    key, iv = (OWN[name].encode() for name in (SECRETS.key_variable, SECRETS.iv_variable))
    return AESGCM(key).decrypt(iv, encrypted, None)


@pytest.mark.parametrize("client", CLIENTS)
def test_client_gets_a_score(run: Run, live: Any, photos: list[Path], client: str) -> None:
    ended = run(client, *photos, live.url)
    assert ended.returncode == 0, ended.stderr
    answer = json.loads(ended.stdout)
    assert (answer["code"], answer["verification_score"]) == (CONTRACT.success_code, 0.1)


@pytest.mark.parametrize("client", CLIENTS)
def test_refused_client_shows_the_answer_and_fails(
    run: Run, live: Any, photos: list[Path], client: str
) -> None:
    ended = run(client, *photos, live.url, "--auto-rotate", "--check-quality")
    assert ended.returncode == 1
    assert json.loads(ended.stdout)["code"] == CONTRACT.codes["FACE_OCCLUSION"].code


@pytest.mark.parametrize("client", CLIENTS)
def test_client_sends_what_the_page_asks_for(
    run: Run, listener: Any, photos: list[Path], client: str
) -> None:
    url = f"http://127.0.0.1:{listener.server_port}"
    ended = run(client, *photos, url, "--auto-rotate", **OWN)
    assert ended.returncode == 0, ended.stderr
    ((path, fields),) = listener.forms
    assert path == CONTRACT.path
    encrypted = [fields.pop(name) for name, entry in CONTRACT.parameters.items() if entry.required]
    assert [opened(text) for text in encrypted] == [photo.read_bytes() for photo in photos]
    assert fields in ({"auto_rotate": "true"}, {"auto_rotate": "true", "check_quality": "false"})


@pytest.mark.parametrize("client", CLIENTS)
def test_no_server_is_told_in_a_sentence(run: Run, photos: list[Path], client: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # and it never listens
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        ended = run(client, *photos, url)
    assert (ended.returncode, ended.stdout.strip()) == (1, "")
    assert len(ended.stderr.splitlines()) == 1


@pytest.mark.parametrize("client", CLIENTS)
def test_a_photo_or_url_that_is_none_is_wrong_use(
    run: Run, listener: Any, photos: list[Path], client: str
) -> None:
    address = f"127.0.0.1:{listener.server_port}"
    for arguments, word in (
        ([photos[0], "no such.jpg", f"http://{address}"], "no such.jpg cannot be read"),
        ([*photos, address], f"{address} is not a URL"),
    ):
        ended = run(client, *arguments)
        assert (ended.returncode, ended.stdout) == (2, "")
        assert word in ended.stderr
    assert listener.forms == []


@pytest.mark.parametrize("client", CLIENTS)
def test_a_flag_that_does_not_exist_is_wrong_use(run: Run, photos: list[Path], client: str) -> None:
    for arguments in ([*photos, "--rotate"], [photos[0]]):
        ended = run(client, *arguments)
        assert (ended.returncode, ended.stdout) == (2, "")
        assert "first.jpg second.jpg" in ended.stderr
