"""The programs that /docs shows, taken from the page and run against a server."""

from __future__ import annotations

import html
import json
import os
import re
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from tests.support.needs import QUICK_JAVA, needs
from verikit.contract import load_contract
from verikit.portraits import jpeg, portrait

CONTRACT = load_contract()
RUN = [
    pytest.param("curl", ["sh", "verify.sh"], marks=needs("curl")),
    pytest.param("python", [sys.executable, "verify.py"]),
    pytest.param("node", ["node", "verify.mjs"], marks=needs("node")),
    pytest.param("java", ["java", "Verify.java"], marks=[needs("java"), needs("javac")]),
]

pytestmark = pytest.mark.live


def example(url: str, language: str) -> str:
    page = urllib.request.urlopen(f"{url}/docs").read().decode()  # noqa: S310 - our own server
    (text,) = re.findall(rf'<code id="example-{language}">(.*?)</code>', page, re.DOTALL)
    return html.unescape(text)


@pytest.mark.parametrize(("language", "command"), RUN)
def test_an_example_of_the_docs_works(
    fake_server: Any, tmp_path: Path, language: str, command: list[str]
) -> None:
    (tmp_path / command[1]).write_text(example(fake_server.url, language))
    (tmp_path / "first.jpg").write_bytes(jpeg(portrait("collins")))
    (tmp_path / "no photo.jpg").write_bytes(b"no photo")
    own = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    answers = [
        subprocess.run(  # noqa: S603 - the example under test
            [*command, "first.jpg", second],
            cwd=tmp_path,
            env={**os.environ, **QUICK_JAVA, "SERVER": fake_server.url, "PATH": own},
            capture_output=True,
            text=True,
            timeout=120,
            check=True,
        ).stdout
        for second in ("first.jpg", "no photo.jpg")
    ]
    compared, refused = map(json.loads, answers)
    assert compared["code"] == CONTRACT.success_code
    assert compared["verification_score"] == 0.9
    assert refused["code"] == CONTRACT.codes["INVALID_IMAGE_TYPE"].code
