"""The nginx front in deploy/: who is let in, its own answers, slow clients."""

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from jsonschema import validate

from tests.support.nginx import FORM, LET_IN, SECRET, Front, running, secret_line, sign, write
from tests.support.ports import free_port
from verikit.contract import load_contract

pytestmark = [pytest.mark.live, pytest.mark.nginx]

CONTRACT = load_contract()


@pytest.fixture(scope="module")
def front(live: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    folder = tmp_path_factory.mktemp("front")
    authority = sign("authority")
    write(folder, "tls", sign("localhost"))
    write(folder, "clients", authority)
    client = write(folder, "client", sign("client", authority))
    stranger = write(folder, "stranger", sign("stranger", sign("nobody")))
    (folder / "secrets.map").write_text(secret_line())
    with running(folder, live.port) as port:
        yield Front(port, folder, client, stranger)


def abnormal(answer: requests.Response, status: int, code: int | None = None) -> None:
    """An answer in the documented shape, whose code is the status unless another is given."""
    validate(answer.json(), CONTRACT.schema("AbnormalResponse"))
    assert (answer.status_code, answer.json()["code"]) == (status, code or status)
    if status in CONTRACT.statuses and status != 400:
        assert answer.json()["message"] == CONTRACT.statuses[status].reason
    assert answer.headers["Content-Type"] == "application/json"


def test_a_secret_lets_in(front: Front, body: Callable[..., bytes]) -> None:
    assert front.post(body(), LET_IN).json()["verification_score"] == 0.9


def test_a_secret_lets_in_where_nobody_has_a_certificate(
    live: Any, front: Front, body: Callable[..., bytes], tmp_path: Path
) -> None:
    for file in ("tls.crt", "tls.key", "secrets.map"):
        shutil.copy(front.folder / file, tmp_path)
    with running(tmp_path, live.port, client_certificates=False) as port:
        alone = front._replace(port=port)
        assert alone.post(body(), LET_IN).json()["verification_score"] == 0.9
        abnormal(alone.post(body(), FORM), 404)
        abnormal(alone.post(body(), FORM, cert=front.client), 404)


def test_a_certificate_lets_in(front: Front, body: Callable[..., bytes]) -> None:
    assert front.post(body(), FORM, cert=front.client).json()["verification_score"] == 0.9


@pytest.mark.parametrize(
    "authorization",
    [
        None,
        "Bearer",
        f"Bearer {SECRET[:-1]}",
        f"Bearer {SECRET}x",
        f"Bearer {SECRET.lower()}",
        f"Basic {SECRET}",
    ],
)
def test_who_shows_neither_finds_nothing(
    front: Front, body: Callable[..., bytes], authorization: str | None
) -> None:
    headers = FORM | ({"Authorization": authorization} if authorization else {})
    abnormal(front.post(body(), headers), 404)


def test_a_strangers_certificate_is_refused(front: Front, body: Callable[..., bytes]) -> None:
    abnormal(front.post(body(), LET_IN, cert=front.stranger), 400, 1200)


@pytest.mark.parametrize("path", ["/metrics", "/healthz", "/readyz", "/", f"{CONTRACT.path}/"])
def test_no_other_path_is_there(front: Front, path: str) -> None:
    abnormal(front.post(b"", LET_IN, path=path), 404)


def test_a_body_without_a_length_is_refused(front: Front) -> None:
    abnormal(front.post(iter([b"a=b"]), LET_IN), 411)


def test_a_body_that_is_too_large_is_refused(front: Front) -> None:
    limit = CONTRACT.photo_standards.max_body_bytes
    assert front.post(bytes(limit), LET_IN).status_code == 400
    abnormal(front.post(bytes(limit + 1), LET_IN), 413)


@pytest.mark.parametrize(
    "raw", [b"nonsense\r\n\r\n", b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: x\r\n\r\n"]
)
def test_malformed_http_gets_the_documented_shape(front: Front, raw: bytes) -> None:
    with front.connect() as connection:
        connection.sendall(raw)
        answer = b"".join(iter(lambda: connection.recv(65536), b"")).decode()
    content = json.loads(answer.rpartition("\r\n\r\n")[2])
    validate(content, CONTRACT.schema("Refusal"))
    assert "nginx/" not in answer


@pytest.mark.parametrize(
    "head",
    [
        f"POST {CONTRACT.path} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n",
        f"POST {CONTRACT.path} HTTP/3.0\r\nHost: x\r\n",
    ],
)
def test_what_nginx_does_not_know_gets_the_documented_shape(front: Front, head: str) -> None:
    with front.connect() as connection:
        connection.sendall(f"{head}Connection: close\r\n\r\n".encode())
        answer = b"".join(iter(lambda: connection.recv(65536), b"")).decode()
    content = json.loads(answer.rpartition("\r\n\r\n")[2])
    validate(content, CONTRACT.schema("AbnormalResponse"))
    assert f" {content['code']} " in answer.partition("\r\n")[0]


def test_slow_bodies_stay_with_nginx_and_off_the_disk(
    front: Front, live: Any, body: Callable[..., bytes]
) -> None:
    head = f"POST {CONTRACT.path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {SECRET}\r\n"
    slow = [front.connect() for _ in range(40)]
    for connection in slow:
        connection.sendall(f"{head}Content-Length: 1000000\r\n\r\n".encode() + bytes(500_000))
    assert front.post(body(), LET_IN).ok
    assert "verikit_requests_in_flight 1.0" in live.get("/metrics").text
    assert not any(path.is_file() for path in (front.folder / "client_body").rglob("*"))
    assert "temporary file" not in (front.folder / "error.log").read_text()
    for connection in slow:
        connection.close()


def test_where_the_server_is_gone_it_is_an_internal_error(front: Front, tmp_path: Path) -> None:
    for file in ("tls.crt", "tls.key", "clients.crt", "secrets.map"):
        shutil.copy(front.folder / file, tmp_path)
    with running(tmp_path, free_port()) as port:
        abnormal(front._replace(port=port).post(b"a=b", LET_IN), 500)
