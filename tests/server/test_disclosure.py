"""No answer tells what the server is made of or where it lives."""

import re
import socket
import sys
from collections.abc import Callable
from importlib.metadata import distributions
from typing import Any

import pytest

from verikit.contract import load_contract

pytestmark = pytest.mark.live

CONTRACT = load_contract()
VERSION = re.compile(r"\d+\.\d+\.\d+|/\d")
FOLDER = re.compile(r"(?<!\w)/\w+/|\.py\b|site-packages|Traceback|line \d+")
MADE_OF = {name.lower() for each in distributions() if (name := each.metadata["Name"])} | {"python"}
ORDINARY = {"accept", "build", "click", "six", "text", "verikit", "wheel", "multipart"}
HEAD = f"POST {CONTRACT.path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
FORM = f"Content-Type: {CONTRACT.media_types[0]}\r\n"


def form(content: bytes) -> bytes:
    return f"{HEAD}{FORM}Content-Length: {len(content)}\r\n\r\n".encode() + content


REQUESTS: dict[str, bytes] = {
    "nonsense": b"nonsense\r\n\r\n",
    "another path": b"GET /admin HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
    "another method": HEAD.replace("POST", "OPTIONS").encode() + b"\r\n",
    "no length": HEAD.encode() + b"\r\n",
    "too long": f"{HEAD}{FORM}Content-Length: 999999999\r\n\r\n".encode(),
    "no form": f"{HEAD}Content-Type: text/plain\r\nContent-Length: 1\r\n\r\nx".encode(),
    "no photo": form(b"a=b"),
    "health": b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
    "readiness": b"GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
    "metrics": b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
}
PHOTOS = {"a score": "grey", "no face": "black", "a failure": "lime"}


def told(server: Any, request: bytes) -> str:
    """Everything that comes back, headers too."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=60) as connection:
        connection.sendall(request)
        return b"".join(iter(lambda: connection.recv(65536), b"")).decode()


@pytest.mark.parametrize("name", [*REQUESTS, *PHOTOS])
def test_no_answer_tells_versions_parts_or_folders(
    live: Any, body: Callable[..., bytes], name: str
) -> None:
    answer = told(live, REQUESTS[name] if name in REQUESTS else form(body(PHOTOS[name])))
    protocol, _, rest = answer.partition(" ")
    assert protocol == "HTTP/1.1"
    if name == "metrics":  # its format has a version, and its numbers have points
        assert sys.version.split()[0] not in answer
        return
    assert not VERSION.search(rest)
    assert not FOLDER.search(rest)
    words = set(re.findall(r"[a-z][a-z0-9_]+", rest.lower()))
    assert not words & (MADE_OF - ORDINARY)
