"""Every tool reaches a server behind whatever stands before real ones, and says why it does not."""

import base64
import itertools
import re
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import parse_qs

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tests.reach.conftest import Reached, Run
from tests.reach.tools import TOOLS, is_content
from tests.support.fronts import Certificates, http_proxy, over_tls, socks_proxy, tls_front
from tests.support.hostile_server import refused, scored, whole
from tests.support.peer import Behaviour, Peer, answering, listening, read_request, wait_for_its_end

TOKEN = "Bearer s3cret-token"  # noqa: S105 - no secret
PROFILE = ("--profile", "reference")
KEY, IV = "k" * 32, "i" * 12
FILES = ("VERIKIT_KEY_FILE", "VERIKIT_IV_FILE")
pytestmark = [pytest.mark.live, pytest.mark.waits]


def good(connection: socket.socket) -> None:
    connection.sendall(whole(scored()))


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as entered:
        yield entered


@pytest.fixture
def server(stack: ExitStack) -> Peer:
    return stack.enter_context(answering(good))


def assert_content(tool: str, ended: Reached) -> None:
    assert is_content(tool, ended.status, ended.output, ended.folder), ended


def assert_no_verdict(ended: Reached, *words: str) -> None:
    assert ended.status == 3, ended
    assert all(word in " ".join(ended.output.split()) for word in words), ended
    assert "Traceback" not in ended.output


@pytest.mark.parametrize("tool", TOOLS)
def test_a_private_certificate_authority(
    run: Run, tool: str, server: Peer, stack: ExitStack, files: Certificates
) -> None:
    front = stack.enter_context(tls_front(server.port, files))
    url = f"https://localhost:{front.port}"
    assert_no_verdict(run(tool, url), "certificate", "--ca-file")
    assert not server.requests
    assert_content(tool, run(tool, url, "--ca-file", str(files.ca)))


@pytest.mark.parametrize("tool", TOOLS)
def test_certificates_from_the_environment(
    run: Run, tool: str, server: Peer, stack: ExitStack, files: Certificates
) -> None:
    front = stack.enter_context(tls_front(server.port, files))
    url = f"https://localhost:{front.port}"
    assert_content(tool, run(tool, url, SSL_CERT_FILE=str(files.ca)))


@pytest.mark.parametrize("tool", TOOLS)
def test_a_client_certificate(
    run: Run, tool: str, server: Peer, stack: ExitStack, files: Certificates
) -> None:
    front = stack.enter_context(tls_front(server.port, files, asks=True))
    own = ("--ca-file", str(files.ca), "--client-certificate", str(files.client))
    assert_content(tool, run(tool, f"https://localhost:{front.port}", *own))


@pytest.mark.parametrize("tool", TOOLS)
def test_a_token(run: Run, tool: str, stack: ExitStack, tmp_path: Path) -> None:
    heads: list[bytes] = []

    def gate(connection: socket.socket) -> None:
        head, _ = read_request(connection) or (b"", b"")
        heads.append(head)
        let_in = f"\r\nAuthorization: {TOKEN}".encode() in head
        connection.sendall(whole(scored()) if let_in else whole(b"{}", status="401 Unauthorized"))

    front = stack.enter_context(listening(gate))
    assert_no_verdict(run(tool, front.url), "returns 401", "--header-file")
    assert_content(tool, run(tool, front.url, VERIKIT_HEADER_AUTHORIZATION=TOKEN))
    (tmp_path / "headers").write_text(f"Authorization: {TOKEN}\n")
    ended = run(tool, front.url, "--header-file", str(tmp_path / "headers"))
    assert_content(tool, ended)
    (tmp_path / "headers").unlink()
    for file in (each for each in tmp_path.rglob("*") if each.is_file()):
        assert TOKEN.split()[1].encode() not in file.read_bytes(), file


@pytest.mark.parametrize("status", [307, 308])
@pytest.mark.parametrize("tool", TOOLS)
def test_a_redirect(run: Run, tool: str, server: Peer, stack: ExitStack, status: int) -> None:
    leads = f"Location: {server.url}/v2/elsewhere\r\n"
    said = whole(b"", status=f"{status} Elsewhere", extra=leads)
    front = stack.enter_context(answering(lambda connection: connection.sendall(said)))
    assert_no_verdict(run(tool, front.url), f"returns {status}", f"use {server.url}/v2/elsewhere")
    assert not server.requests


@pytest.mark.parametrize("tool", TOOLS)
def test_interim_answers(run: Run, tool: str, stack: ExitStack) -> None:
    early = b"HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"
    front = stack.enter_context(answering(lambda c: c.sendall(early + whole(scored()))))
    assert_content(tool, run(tool, front.url))


@pytest.mark.parametrize("tool", TOOLS)
def test_an_http_proxy(run: Run, tool: str, server: Peer, stack: ExitStack) -> None:
    proxy = stack.enter_context(http_proxy())
    assert_content(tool, run(tool, server.url, HTTP_PROXY=proxy.url))
    assert not proxy.requests  # loopback, and nobody asked for it by name
    refuses = stack.enter_context(http_proxy(status=b"502 Bad Gateway"))
    for url in ("http://faces.invalid", "https://faces.invalid"):
        assert_no_verdict(run(tool, url, "--proxy", refuses.url), f"The proxy {refuses.url}")


@pytest.mark.parametrize("tool", TOOLS)
def test_an_http_proxy_by_name(run: Run, tool: str, server: Peer, stack: ExitStack) -> None:
    proxy = stack.enter_context(http_proxy())
    assert_content(tool, run(tool, server.url, "--proxy", proxy.url))
    assert proxy.requests


@pytest.mark.parametrize("tool", TOOLS)
def test_a_socks_proxy(run: Run, tool: str, server: Peer, stack: ExitStack) -> None:
    proxy = stack.enter_context(socks_proxy())
    asked = ("--proxy", f"socks5h://{proxy.authority}")
    assert_content(tool, run(tool, server.url, *asked))
    assert proxy.requests


@pytest.mark.skipif(not Path("/proc/net/if_inet6").exists(), reason="no IPv6 here")
@pytest.mark.parametrize("tool", TOOLS)
def test_ipv6(run: Run, tool: str, stack: ExitStack) -> None:
    front = stack.enter_context(answering(good, "::1"))
    assert_content(tool, run(tool, front.url))


@pytest.mark.parametrize("tool", TOOLS)
def test_a_path_before_the_operation(run: Run, tool: str, server: Peer) -> None:
    assert_content(tool, run(tool, server.url + "/v2/faces"))
    assert all(b" /v2/faces/identity/" in head for head, _ in server.requests)


LARGE = 6 << 20
REFUSED_413 = b'{"code": 413, "message": "PAYLOAD_TOO_LARGE", "request_id": "r-%d"}'
HEAVY_LOAD = """
about: Photos that are too large.
stages: [{users: 1, seconds: 0.5}]
mix: {INVALID_CONTENT_LENGTH: 1}
gates: {error_share: 0}
"""


def with_large_photos(tool: str, folder: Path, words: list[str]) -> list[str]:
    """The same call, with bodies that no socket's buffer holds."""
    for photo in folder.rglob("*.jpg"):
        photo.write_bytes(photo.read_bytes().ljust(LARGE))
    if tool == "load":
        (folder / "short.yaml").write_text(HEAVY_LOAD)
    if tool == "check":
        return [*("body-above-most" if w == "ordinary" else w for w in words), *PROFILE]
    return words


def over_tls_except_large(large: Behaviour, files: Certificates) -> Behaviour:
    """Compares over TLS; a body that is too large is not read, and left to ``large``."""

    def handle(connection: socket.socket) -> None:
        head, _, body = connection.recv(16384).partition(b"\r\n\r\n")
        length = int(re.search(rb"(?i)content-length: (\d+)", head)[1])  # type: ignore[index]
        if length > LARGE:
            large(connection)
            return
        while len(body) < length:
            body += connection.recv(65536)
        connection.sendall(whole(scored()))

    return over_tls(handle, files)


@pytest.mark.parametrize("tool", TOOLS)
def test_an_early_refusal_over_tls(
    run: Run, tool: str, stack: ExitStack, files: Certificates, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The answer comes while the body is still going out."""
    numbers = itertools.count()

    def refuse(connection: socket.socket) -> None:
        connection.sendall(whole(REFUSED_413 % next(numbers), status="413 Too Large"))
        wait_for_its_end(connection)

    front = stack.enter_context(listening(over_tls_except_large(refuse, files)))
    real = TOOLS[tool]
    monkeypatch.setitem(
        TOOLS, tool, lambda url, folder: with_large_photos(tool, folder, real(url, folder))
    )
    ended = run(tool, f"https://localhost:{front.port}", "--ca-file", str(files.ca))
    kept = ended.folder / "run" / "answers.sqlite"
    said = ended.output.encode() + (kept.read_bytes() if tool == "calibrate" else b"")
    assert b"Traceback" not in said
    assert ended.status == {"check": 0, "load": 1}.get(tool, 3), ended.output
    assert tool == "check" or re.search(b"HTTP 413|PAYLOAD_TOO_LARGE", said), ended.output


def test_a_load_of_bodies_that_nobody_reads_over_tls(
    run: Run, stack: ExitStack, files: Certificates, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each is given up in its time, though gevent's sockets do not say that nothing can be sent."""
    over = threading.Event()
    ignore = over_tls_except_large(lambda _: over.wait(120), files)
    front = stack.enter_context(listening(ignore))
    load = TOOLS["load"]
    monkeypatch.setitem(
        TOOLS, "load", lambda url, folder: with_large_photos("load", folder, load(url, folder))
    )
    ca = ("--ca-file", str(files.ca))
    ended = run("load", f"https://localhost:{front.port}", *ca, timeout="3")
    over.set()
    assert "no response: not in time" in ended.output
    assert ended.seconds < 60


@pytest.fixture
def keyed(stack: ExitStack) -> Peer:
    """A server that compares what is encrypted by KEY and IV, and refuses the rest."""
    peers: list[Peer] = []

    def judge(connection: socket.socket) -> None:
        form = parse_qs(peers[0].requests[-1][1])
        sealed = form.get(b"first_encrypted_image", [b""])[0]
        try:
            AESGCM(KEY.encode()).decrypt(IV.encode(), base64.b64decode(sealed), None)
        except (InvalidTag, ValueError):
            connection.sendall(whole(refused("invalid argument"), status="400 Bad Request"))
        else:
            connection.sendall(whole(scored()))

    peers.append(stack.enter_context(answering(judge)))
    return peers[0]


@pytest.mark.parametrize("tool", ["verify", "check", "calibrate", "load"])
def test_a_key_from_a_file(run: Run, tool: str, keyed: Peer, tmp_path: Path) -> None:
    (tmp_path / "key").write_text(KEY)
    (tmp_path / "iv").write_text(IV)
    named = {name: str(tmp_path / name.split("_")[1].lower()) for name in FILES}
    assert_content(tool, run(tool, keyed.url, **named))
    refused_now = run(tool, keyed.url)
    assert not is_content(tool, refused_now.status, refused_now.output, refused_now.folder)
    ours = [file for file in tmp_path.rglob("*") if file.is_file() and file.parent != tmp_path]
    assert not any(KEY.encode() in file.read_bytes() for file in ours)


@pytest.mark.parametrize("how", ["replicas", "workers"])
def test_replicas_and_workers_get_the_key_from_a_file(
    run: Run, keyed: Peer, tmp_path: Path, how: str
) -> None:
    (tmp_path / "key").write_text(KEY)
    (tmp_path / "iv").write_text(IV)
    named = {name: str(tmp_path / name.split("_")[1].lower()) for name in FILES}
    words = {"replicas": ("--url", keyed.url), "workers": ("--dask", "local:1")}[how]
    assert_content("calibrate", run("calibrate", keyed.url, *words, **named))
