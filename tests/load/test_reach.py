"""How ``verikit load`` reaches servers behind gateways, and what it makes of hostile ones."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from loadtests.generator.answers import AnswerCheck
from loadtests.generator.cases import Case
from tests.support.fronts import Certificates, certificates, http_proxy, over_tls, socks_proxy
from tests.support.hostile_server import ATTACKS, hostile, scored, whole
from tests.support.peer import Peer, answering, listening, read_request
from tests.support.ports import free_port
from verikit.contract import load_contract
from verikit.errors import Unreachable
from verikit.transport import Address, Answer, Connection, Endpoint, Request

pytestmark = [pytest.mark.live, pytest.mark.waits]
CONTRACT = load_contract()
TOKEN = "Bearer abcdefgh12345678"  # noqa: S105 - not a secret
HEADER = f"Authorization: {TOKEN}".encode()
Load = Callable[..., Any]


@pytest.fixture
def short(tmp_path: Path) -> list[str]:
    """The options of a load test that ends in a moment."""
    path = tmp_path / "short.yaml"
    path.write_text(
        "{about: x, stages: [{users: 1, seconds: 0.4}], photos: [64], timeout: 20,"
        " gates: {error_share: 0}}"
    )
    return ["--load-profile", str(path)]


@pytest.fixture(scope="session")
def files(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture
def port(serve: Callable[[str], str]) -> int:
    """Where a good server is."""
    return urlsplit(serve("good")).port or 0


def good(connection: socket.socket) -> None:
    connection.sendall(whole(scored()))


@contextmanager
def over_https(files: Certificates, *, asks: bool = False) -> Iterator[Peer]:
    """A good server over TLS, each connection in one thread."""

    def handle(connection: socket.socket) -> None:
        while read_request(connection):
            body = scored()
            connection.sendall(
                b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)
            )

    with listening(over_tls(handle, files, asks=asks)) as peer:
        yield peer


@pytest.fixture
def guarded() -> Iterator[Peer]:
    """A server that wants a token."""
    peers: list[Peer] = []

    def answer(connection: socket.socket) -> None:
        allowed = HEADER in peers[0].requests[-1][0]
        connection.sendall(whole(scored()) if allowed else whole(b"{}", status="401 U"))

    with answering(answer) as peer:
        peers.append(peer)
        yield peer


def test_a_certificate_is_checked(files: Certificates, load: Load, short: list[str]) -> None:
    with over_https(files) as front:
        url = f"https://localhost:{front.port}"
        refused = load(url, *short)
        assert refused.status == 3, refused.output
        assert "has an invalid certificate" in refused.output
        assert not front.requests
        named = load(url, *short, "--ca-file", str(files.ca))
        assert named.status == 0, named.output
        assert load(url, *short, SSL_CERT_FILE=str(files.ca)).status == 0
        trusting = load(url, *short, "--insecure")
        assert trusting.status == 0, trusting.output
        assert trusting.report["remarks"] == [
            "The server's certificate was not verified (--insecure)."
        ]
        assert "was not verified" in trusting.output


def test_a_client_certificate_is_shown(files: Certificates, load: Load, short: list[str]) -> None:
    with over_https(files, asks=True) as front:
        options = [f"https://localhost:{front.port}", *short, "--ca-file", str(files.ca)]
        without = load(*options)
        assert without.status == 3, without.output
        shown = load(*options, "--client-certificate", str(files.client))
        assert shown.status == 0, shown.output


def test_a_token_lets_in_and_stands_nowhere(
    guarded: Peer, load: Load, short: list[str], tmp_path: Path
) -> None:
    without = load(guarded.url, *short)
    assert without.status == 3, without.output
    assert "returns 401: it needs credentials" in without.output
    by_variable = load(guarded.url, *short, VERIKIT_HEADER_AUTHORIZATION=TOKEN)
    assert by_variable.status == 0, by_variable.output
    (tmp_path / "headers").write_bytes(HEADER)
    page = tmp_path / "page.html"
    by_file = load(
        guarded.url, *short, "--header-file", str(tmp_path / "headers"), "--html", str(page)
    )
    assert by_file.status == 0, by_file.output
    for text in (by_file.output, page.read_text(), str(by_file.report)):
        assert "abcdefgh12345678" not in text


def test_locust_and_workers_take_the_token_from_the_environment(
    guarded: Peer, start: Callable[..., Any], short: list[str]
) -> None:
    options = ["-f", "loadtests/locustfile.py", "--headless", *short, "--host", guarded.url]
    port = str(free_port())
    processes = ["--processes", "1", "--master-bind-port", port, "--master-port", port]
    theirs = start("locust", *options, *processes, VERIKIT_HEADER_AUTHORIZATION=TOKEN).end()
    assert theirs.status == 0, theirs.output
    assert "abcdefgh12345678" not in theirs.output
    without = start("locust", *options).end()
    assert without.status == 3, without.output


def test_a_token_that_expires_is_no_verdict(load: Load, short: list[str]) -> None:
    asked: list[int] = []

    def answer(connection: socket.socket) -> None:
        asked.append(1)
        connection.sendall(whole(scored()) if len(asked) < 2 else whole(b"{}", status="403 F"))

    with answering(answer) as peer:
        ended = load(peer.url, *short)
    assert ended.status == 3, ended.output
    assert "returns 403" in ended.report["trouble"]
    assert "incomplete: " in ended.output


def test_a_redirect_is_told_and_not_followed(load: Load, short: list[str]) -> None:
    moved = whole(b"", status="308 P", extra="Location: https://127.0.0.1:9/v2\r\n")
    with answering(moved) as peer:
        ended = load(peer.url, *short)
    assert ended.status == 3, ended.output
    assert "returns 308, a redirect" in ended.output
    assert "use https://127.0.0.1:9/v2" in ended.output


def test_interim_answers_are_passed_over(load: Load, short: list[str]) -> None:
    def answer(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\n\r\n")
        good(connection)

    with answering(answer) as peer:
        ended = load(peer.url, *short)
    assert ended.status == 0, ended.output


def test_http_and_https_are_not_mistaken_for_each_other(
    files: Certificates, port: int, load: Load, short: list[str]
) -> None:
    plain = load(f"https://127.0.0.1:{port}", *short)
    assert plain.status == 3, plain.output
    assert "write http:// instead of https://" in plain.output
    with over_https(files) as front:
        encrypted = load(f"http://localhost:{front.port}", *short)
    assert encrypted.status == 3, encrypted.output
    assert "https://" in encrypted.output


@pytest.mark.parametrize(("proxy", "kind"), [(http_proxy, "http"), (socks_proxy, "socks5h")])
def test_a_proxy_is_used_and_told(
    proxy: Callable[..., Any], kind: str, port: int, load: Load, short: list[str]
) -> None:
    with proxy() as between:
        ended = load(
            f"http://127.0.0.1:{port}", *short, "--proxy", f"{kind}://127.0.0.1:{between.port}"
        )
    assert ended.status == 0, ended.output
    assert between.requests
    assert f"reached through the proxy {kind}://127.0.0.1:{between.port}" in ended.output


def test_a_path_before_the_operation_and_ipv6(load: Load, short: list[str]) -> None:
    with answering(good, "::1") as peer:
        ended = load(f"http://[::1]:{peer.port}/faces/v2{CONTRACT.path}", *short)
    assert ended.status == 0, ended.output
    head = peer.requests[-1][0].decode()
    assert head.startswith(f"POST /faces/v2{CONTRACT.path} HTTP/1.1")
    assert "User-Agent: verikit/" in head


@pytest.mark.parametrize("slow", [0, 1])
def test_slow_clients_use_the_same_way(
    files: Certificates, load: Load, tmp_path: Path, slow: int
) -> None:
    path = tmp_path / "slow.yaml"
    path.write_text(
        "{about: x, stages: [{users: 1, seconds: 1}], photos: [64], gates: {error_share: 0},"
        f" slow_clients: {slow}, slow_seconds: 0.2}}"
    )
    with over_https(files) as front:
        ended = load(
            f"https://localhost:{front.port}",
            *("--load-profile", str(path), "--ca-file", str(files.ca)),
        )
    assert ended.status == 0, ended.output


CASE = Case(
    name="a b",
    kind="COMPARISON",
    expected=CONTRACT.success_code,
    request=Request(method=CONTRACT.method, path=CONTRACT.path, content_type="x/y", body=b"x"),
)


@pytest.mark.parametrize("name", ATTACKS)
def test_what_is_counted_of_a_hostile_answer_is_short_and_printable(name: str) -> None:
    with hostile(name) as peer:
        endpoint = Endpoint(address=Address.of(peer.url), timeout=0.5, deadline=1)
        try:
            with Connection(endpoint) as connection:
                answer: Answer | Unreachable = connection.ask(CASE.request)
        except Unreachable as error:
            answer = error
    verdict = AnswerCheck(CONTRACT)(CASE, answer)
    for label in (verdict.answer, verdict.failure or ""):
        assert label.isprintable()
        assert len(label) < 100


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("sends_without_end", 1),
        ("drips", 1),
        ("says_nothing", 1),
        ("sends_a_bomb", 1),
        ("halves_a_surrogate", 1),
        ("writes_escapes_and_markup_everywhere", 1),
        ("leads_elsewhere", 3),
    ],
)
def test_a_server_that_turns_hostile_is_judged_in_time_and_memory(
    load: Load, short: list[str], name: str, status: int
) -> None:
    idle = load("http://127.0.0.1:9", *short).memory
    asked: list[int] = []

    def after() -> bool:
        asked.append(1)
        return len(asked) > 2

    with hostile(name, after) as peer:
        ended = load(peer.url, *short, "--duration", "2", "--timeout", "4")
    assert ended.status == status, ended.output
    assert ended.memory - idle < 300_000
    assert ended.report["measures"]["requests"] >= 1
    assert all(line.isprintable() for line in ended.output.splitlines())


FRAMING = {
    "sends_a_negative_length": "the response is malformed: Content-Length is not a number of bytes",
    "sends_two_lengths": "the response is malformed: Content-Length has two values",
    "repeats_its_length": "Content-Length occurs more than once",
    "sends_two_answers": "Bytes follow the response",
    "sends_less_than_its_length": "the connection was lost during the response",
    "names_a_member_twice": "HTTP 200 without a JSON object",
}


@pytest.mark.parametrize("name", FRAMING)
def test_responses_that_are_framed_badly_break_the_gate(
    load: Load, short: list[str], name: str
) -> None:
    with hostile(name) as peer:
        ended = load(peer.url, *short)
    assert ended.status == 1, ended.output
    measures = ended.report["measures"]
    assert measures["failures"] == {FRAMING[name]: measures["requests"]}
    assert measures["rate"] == 0
    assert "Gate broken: error_share is 1" in ended.output


def test_certificates_are_checked_in_a_process_as_users_start_it(
    files: Certificates, short: list[str]
) -> None:
    command = [sys.executable, "-m", "verikit", "load", *short]
    with over_https(files) as peer:
        for trusted, status in ((["--ca-file", str(files.ca)], 0), ([], 3)):
            call = [*command, f"https://localhost:{peer.port}", *trusted]
            ended = subprocess.run(call, capture_output=True, text=True, check=False)  # noqa: S603 - our own program
            assert ended.returncode == status, ended.stderr


def test_a_profile_of_somebody_else_writes_no_escapes(load: Load, tmp_path: Path) -> None:
    (tmp_path / "foreign.yaml").write_text('about: x\n"\\e[2J\\u202e": 1\n')
    refused = load("http://127.0.0.1:9", "--load-profile", str(tmp_path / "foreign.yaml"))
    assert refused.status == 2, refused.output
    assert all(letter.isprintable() or letter == "\n" for letter in refused.output)
