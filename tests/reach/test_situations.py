"""Every tool reaches a server behind whatever stands before real ones, and says why it does not."""

import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.reach.conftest import Ended, Run
from tests.reach.tools import TOOLS, is_content
from tests.support.fronts import Certificates, http_proxy, over_tls, socks_proxy, tls_front
from tests.support.hostile_server import scored, whole
from tests.support.peer import Peer, answering, listening, read_request

TOKEN = "Bearer s3cret-token"  # noqa: S105 - no secret
pytestmark = pytest.mark.live


def good(connection: socket.socket) -> None:
    connection.sendall(whole(scored()))


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as entered:
        yield entered


@pytest.fixture
def server(stack: ExitStack) -> Peer:
    return stack.enter_context(answering(good))


def assert_content(tool: str, ended: Ended) -> None:
    assert is_content(tool, ended.code, ended.output, ended.folder), ended


def assert_no_verdict(ended: Ended, *words: str) -> None:
    assert ended.code == 3, ended
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
    assert_no_verdict(run(tool, front.url), "answers 401", "--header-file")
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
    assert_no_verdict(run(tool, front.url), f"answers {status}", f"use {server.url}/v2/elsewhere")
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


@pytest.mark.parametrize("tool", ["verify", "client", "async_client"])
def test_an_early_refusal_over_tls(
    run: Run, tool: str, stack: ExitStack, files: Certificates
) -> None:
    def refuse(connection: socket.socket) -> None:
        connection.recv(1024)
        connection.sendall(whole(b"{}", status="413 Too Large"))
        time.sleep(0.3)

    front = stack.enter_context(listening(over_tls(refuse, files)))
    words = ("--ca-file", str(files.ca))
    real = TOOLS[tool]

    def with_a_large_photo(url: str, folder: Path) -> list[str]:
        found = real(url, folder)
        (folder / "one.jpg").write_bytes(bytes(6 << 20))
        return found

    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(TOOLS, tool, with_a_large_photo)
        ended = run(tool, f"https://localhost:{front.port}", *words)
    assert_no_verdict(ended, "PAYLOAD_TOO_LARGE")
