import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from contract import load_contract

pytestmark = pytest.mark.live

CONTRACT = load_contract()
EXAMPLES = Path(__file__).parents[2] / "examples"
JARS = Path(os.environ.get("JARS", "/usr/share/java"))
# The examples must find the project's own environment where no other is active.
HAS_OWN = (EXAMPLES.parent / ".venv").exists()
ENVIRONMENT = os.environ | ({"PATH": os.defpath} if HAS_OWN else {})

needs_curl = pytest.mark.skipif(not shutil.which("curl"), reason="curl is not installed")
needs_java = pytest.mark.skipif(
    not shutil.which("javac") or not (JARS / "httpclient.jar").exists(),
    reason="javac and Apache HttpClient 4.5 are not installed (Debian: libhttpclient-java)",
)
CLIENTS = [
    pytest.param("curl.sh", marks=needs_curl),
    pytest.param("java/run.sh", marks=needs_java),
]


def run(client: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    command = ["/bin/sh", str(EXAMPLES / client), *map(str, arguments)]
    return subprocess.run(  # noqa: S603 - the example under test
        command, env=ENVIRONMENT, capture_output=True, text=True, timeout=60, check=False
    )


@pytest.fixture
def photos(tmp_path: Path, draw: Callable[..., bytes]) -> list[Path]:
    """Large enough that a command line would not hold them."""
    paths = [tmp_path / "first.bmp", tmp_path / "second.bmp"]
    for path, colour in zip(paths, ((11, 22, 33), (44, 55, 66)), strict=True):
        path.write_bytes(draw(colour, size=(300, 300), kind="BMP"))
    return paths


@pytest.mark.parametrize("client", CLIENTS)
def test_client_gets_a_score(live: Any, photos: list[Path], client: str) -> None:
    ended = run(client, *photos, live.url)
    assert ended.returncode == 0, ended.stderr
    answer = json.loads(ended.stdout)
    assert (answer["code"], answer["verification_score"]) == (CONTRACT.success_code, 0.1)


@pytest.mark.parametrize("client", CLIENTS)
def test_refused_client_shows_the_answer_and_fails(
    live: Any, photos: list[Path], client: str
) -> None:
    photos[1].write_bytes(b"no photo")
    ended = run(client, *photos, live.url)
    assert ended.returncode != 0
    assert json.loads(ended.stdout)["code"] == CONTRACT.codes["INVALID_IMAGE_TYPE"].code
