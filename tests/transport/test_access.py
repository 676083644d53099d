"""What lets a client in: headers, certificates, proxies, and what it says when they do not."""

import os
import socket
from pathlib import Path
from time import sleep

import pytest
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)

from tests.support.fronts import (
    Certificates,
    certificates,
    http_proxy,
    over_tls,
    socks_proxy,
    tls_front,
)
from tests.support.peer import Behaviour, answering, listening, resets, wait_for_its_end
from tests.transport.conftest import Ask, endpoint, post
from verikit.errors import Broken, Intercepted, NotConnected, NotTrusted, ProxyFailed, WrongUse
from verikit.transport import Access, Address
from verikit.transport.headers import headers_of_environment, headers_of_file
from verikit.transport.proxy import Proxy, proxy_for

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"


# Headers


def test_headers_come_from_a_file_and_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ask: Ask
) -> None:
    file = tmp_path / "headers"
    file.write_text("# ours\nAuthorization: Bearer one\n\nUser-Agent: me\n")
    monkeypatch.setenv("VERIKIT_HEADER_X_API_KEY", "two")
    monkeypatch.setenv("VERIKIT_HEADER_AUTHORIZATION", "Bearer other")
    with answering(OK) as peer:
        ask(endpoint(peer.url, access=Access.of(header_file=file)), post())
    head = peer.requests[0][0].decode()
    assert "\r\nAuthorization: Bearer one\r\n" in head
    assert "\r\nX-Api-Key: two\r\n" in head
    assert head.count("User-Agent") == 1
    assert "other" not in head


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("no colon", "line 1: write it like Authorization"),
        (": value", "line 1 has no header name"),
        ("A B: value", "line 1 has no header name"),
        ("X: ", "the value of X must be one line of printable ASCII"),
        ("X: a\x00b", "the value of X must be one line of printable ASCII"),
        ("X: a\x1bb", "the value of X must be one line of printable ASCII"),
        ("Content-Length: 5", "Content-Length is set by verikit"),
        ("transfer-encoding: chunked", "transfer-encoding is set by verikit"),
        ("X: " + "a" * 70_000, "has more than 65,536 bytes"),
        ("X: é", "cannot be read as ASCII text"),
    ],
)
def test_a_line_that_is_no_header_is_refused_and_not_repeated(
    tmp_path: Path, line: str, why: str
) -> None:
    file = tmp_path / "headers"
    file.write_text(line, encoding="utf-8")
    with pytest.raises(WrongUse, match=why) as caught:
        headers_of_file(file)
    assert "a\x00b" not in str(caught.value)


def test_a_value_of_the_environment_cannot_add_a_header() -> None:
    with pytest.raises(WrongUse, match="VERIKIT_HEADER_X: the value of X must be one line"):
        headers_of_environment({"VERIKIT_HEADER_X": "a\r\nEvil: b"})


# What stands before the operation


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (b"401 Unauthorized\r\n", "returns 401: it needs credentials"),
        (b"403 Forbidden\r\n", "returns 403: it denies access"),
        (b"407 X\r\n", "returns 407: a proxy in front of it wants credentials"),
        (
            b"308 Permanent\r\nLocation: https://faces.example/v2\r\n",
            "does not follow; use https://faces.example/v2 instead$",
        ),
        (b"307 X\r\nLocation: /v2/\r\n", r"follow; use http://127.0.0.1:\d+/v2 instead$"),
        (b"301 Moved\r\nLocation: file:///etc/passwd\x1b\r\n", r"use file:///etc/passwd\\x1b"),
        (b"302 Found\r\n", "returns 302, a redirect, which verikit does not follow$"),
    ],
)
def test_what_stands_before_the_operation_is_told(ask: Ask, said: bytes, why: str) -> None:
    with answering(b"HTTP/1.1 " + said + b"Content-Length: 0\r\n\r\n") as peer:
        there = endpoint(peer.url)
        (answer,) = ask(there, post())
        assert peer.connections == 1
    with pytest.raises(Intercepted, match=why) as caught:
        there.require_operation(answer)
    assert str(caught.value).startswith(peer.url)


def test_an_answer_of_the_operation_passes(ask: Ask) -> None:
    for status in (b"200", b"400", b"404", b"429", b"500", b"503"):
        said = b"HTTP/1.1 " + status + b" X\r\nContent-Length: 2\r\n\r\n{}"
        with answering(said) as peer:
            there = endpoint(peer.url)
            there.require_operation(*ask(there, post()))


# TLS


def test_a_certificate_of_one_s_own_authority_is_trusted_where_it_is_named(
    ask: Ask, files: Certificates, monkeypatch: pytest.MonkeyPatch
) -> None:
    with answering(OK) as peer, tls_front(peer.port, files) as front:
        url = f"https://localhost:{front.port}"
        with pytest.raises(
            NotTrusted, match=r"has an invalid certificate: .*\(--ca-file or SSL_CERT_FILE\)"
        ):
            ask(endpoint(url), post())
        (answer,) = ask(endpoint(url, access=Access.of(ca_file=files.ca)), post())
        assert answer.status == 200
        monkeypatch.setenv("SSL_CERT_FILE", str(files.ca))
        (answer,) = ask(endpoint(url), post())
        assert answer.status == 200


def test_a_certificate_for_another_name_does_not_hold(ask: Ask, tmp_path: Path) -> None:
    other = certificates(tmp_path, ("other.example",))
    with answering(OK) as peer, tls_front(peer.port, other) as front:
        url = f"https://localhost:{front.port}"
        said = "certificate is not valid for 'localhost'; use a name that is in it"
        with pytest.raises(NotTrusted, match=said):
            ask(endpoint(url, access=Access.of(ca_file=other.ca)), post())


@pytest.mark.parametrize("content", [None, "nothing"])
def test_authorities_that_cannot_be_read_are_named(
    ask: Ask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str | None
) -> None:
    """Which OpenSSL would pass over."""
    if content:
        (tmp_path / "ca.pem").write_text(content)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    with pytest.raises(WrongUse, match=r"^SSL_CERT_FILE: .*ca\.pem (holds|cannot be read)"):
        ask(endpoint("https://localhost:9"), post())
    with pytest.raises(NotConnected):
        ask(endpoint("http://localhost:9"), post())


def test_insecure_checks_nothing_and_is_said(ask: Ask, files: Certificates) -> None:
    with answering(OK) as peer, tls_front(peer.port, files) as front:
        there = endpoint(f"https://localhost:{front.port}", access=Access.of(insecure=True))
        ask(there, post())
    assert there.remarks == ("The server's certificate was not verified (--insecure).",)
    assert endpoint("https://localhost").remarks == ()


def test_a_server_may_ask_for_a_certificate(ask: Ask, files: Certificates) -> None:
    with answering(OK) as peer, tls_front(peer.port, files, asks=True) as front:
        url = f"https://localhost:{front.port}"
        # asyncio may see the connection reset before it reads why
        with pytest.raises((NotTrusted, Broken), match=r"--client-certificate|reset by peer"):
            ask(endpoint(url, access=Access.of(ca_file=files.ca)), post())
        own = Access.of(ca_file=files.ca, client_certificate=files.client)
        (answer,) = ask(endpoint(url, access=own), post())
    assert answer.status == 200


def test_http_and_https_are_told_apart(ask: Ask, files: Certificates) -> None:
    bad = b"HTTP/1.1 400 Bad Request\r\n\r\n"
    with (
        listening(lambda c: c.recv(999) and c.sendall(bad)) as peer,
        pytest.raises(NotTrusted, match="does not use TLS: write http:// instead"),
    ):
        ask(endpoint(f"https://localhost:{peer.port}"), post())
    with (
        tls_front(peer.port, files) as front,
        pytest.raises((NotTrusted, Broken), match="write https:// instead"),
    ):
        ask(endpoint(f"http://localhost:{front.port}"), post())
    nginx = b"The plain HTTP request was sent to HTTPS port"
    said = b"HTTP/1.1 400 Bad Request\r\nContent-Length: %d\r\n\r\n%b" % (len(nginx), nginx)
    with answering(said) as peer:
        there = endpoint(peer.url)
        (answer,) = ask(there, post())
        with pytest.raises(Intercepted, match="write https:// instead"):
            there.require_operation(answer)


@pytest.mark.parametrize("name", ["ca_file", "client_certificate"])
def test_a_file_without_certificates_is_refused_at_once(tmp_path: Path, name: str) -> None:
    (tmp_path / "none.pem").write_text("nothing")
    with pytest.raises(WrongUse, match=r"none\.pem holds no PEM certificate"):
        Access.of(**{name: tmp_path / "none.pem"})  # type: ignore[arg-type]
    with pytest.raises(WrongUse, match=r"missing\.pem cannot be read"):
        Access.of(**{name: tmp_path / "missing.pem"})  # type: ignore[arg-type]


def test_a_key_is_given_with_its_certificate_and_without_a_password(
    tmp_path: Path, files: Certificates
) -> None:
    with pytest.raises(WrongUse, match="needs its certificate"):
        Access.of(client_key=files.client)
    locked = tmp_path / "locked.pem"
    key = load_pem_private_key(files.client.read_bytes(), None)
    password = BestAvailableEncryption(b"secret")
    locked.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, password))
    with pytest.raises(WrongUse, match="key is encrypted: give one without a password"):
        Access.of(client_certificate=files.client, client_key=locked)


# Proxies


def test_a_proxy_takes_whole_urls_for_http_and_a_tunnel_for_https(
    ask: Ask, files: Certificates
) -> None:
    with answering(OK) as peer, tls_front(peer.port, files) as front, http_proxy() as proxy:
        asked = Access.of(proxy=proxy.url, ca_file=files.ca)
        plain = endpoint(peer.url + "/v2", access=asked)
        ask(plain, post())
        ask(endpoint(f"https://localhost:{front.port}", access=asked), post())
    lines = [head.partition(b"\r\n")[0].decode() for head, _ in proxy.requests]
    assert lines == [
        f"POST {peer.url}/v2/x HTTP/1.1",
        f"CONNECT localhost:{front.port} HTTP/1.1",
    ]
    assert peer.requests[0][0].startswith(b"POST /v2/x HTTP/1.1\r\n")
    assert plain.remarks == (f"The server was reached through the proxy {proxy.url}.",)


@pytest.mark.parametrize("kind", ["socks5", "socks5h"])
@pytest.mark.parametrize("secure", [False, True])
def test_a_socks_proxy_is_gone_through(
    ask: Ask, files: Certificates, kind: str, secure: bool
) -> None:
    with answering(OK) as peer, tls_front(peer.port, files) as front, socks_proxy() as proxy:
        port = front.port if secure else peer.port
        url = f"{'https' if secure else 'http'}://localhost:{port}"
        asked = Access.of(proxy=f"{kind}://{proxy.authority}", ca_file=files.ca)
        (answer,) = ask(endpoint(url, access=asked), post())
    assert answer.status == 200
    assert proxy.requests[0][0] == f"localhost:{port}".encode()


def test_a_proxy_may_ask_for_a_name_and_a_password(ask: Ask, files: Certificates) -> None:
    basic = b"Proxy-Authorization: Basic bWU6c2VjcmV0LW9uZQ=="
    with answering(OK) as peer, tls_front(peer.port, files) as front:
        urls = (peer.url, f"https://localhost:{front.port}")
        with http_proxy(demands=basic) as proxy:
            for url in urls:
                own = Access.of(proxy=f"http://me:secret-one@{proxy.authority}", ca_file=files.ca)
                (answer,) = ask(endpoint(url, access=own), post())
                assert answer.status == 200
                assert "secret-one" not in repr(own)
            assert len(peer.requests) == len(urls)
            assert basic not in peer.requests[1][0], "in the tunnel it would reach the server"
            there = endpoint(urls[0], access=Access.of(proxy=proxy.url))
            (answer,) = ask(there, post())
            with pytest.raises(Intercepted, match=f"The proxy {proxy.url} refuses the connection"):
                there.require_operation(answer)
        with socks_proxy(credentials=(b"me", b"secret-one")) as proxy:
            own = Access.of(proxy=f"socks5h://me:secret-one@{proxy.authority}")
            ask(endpoint(peer.url, access=own), post())
            for wrong, why in (
                ("me:other@", "refuses the user name"),
                ("", "needs a user name and"),
            ):
                own = Access.of(proxy=f"socks5h://{wrong}{proxy.authority}")
                with pytest.raises(ProxyFailed, match=why):
                    ask(endpoint(peer.url, access=own), post())


@pytest.mark.parametrize("said", [b"403 Forbidden", b"502 Bad Gateway", b"407 X", b"\x1b[2J"])
def test_a_proxy_that_refuses_is_named(ask: Ask, said: bytes) -> None:
    with http_proxy(status=said) as proxy:
        asked = Access.of(proxy=proxy.url)
        with pytest.raises(ProxyFailed, match=f"The proxy {proxy.url} refuses the") as caught:
            ask(endpoint("https://faces.example", access=asked), post())
    assert str(caught.value).isprintable()


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (1, "it failed"),
        (2, "its rules forbid it"),
        (3, "it does not reach the network"),
        (4, "it does not reach the host"),
        (5, "the connection is refused there"),
        (6, "the connection expired"),
        (7, "it does not know the command"),
        (8, "it does not know the kind of address"),
        (9, "it returns 9"),
    ],
)
def test_a_socks_proxy_that_refuses_says_why(ask: Ask, reply: int, said: str) -> None:
    """By the replies of RFC 1928."""
    with socks_proxy(reply=reply) as proxy:
        asked = Access.of(proxy=f"socks5h://{proxy.authority}")
        with pytest.raises(ProxyFailed, match=said):
            ask(endpoint("http://faces.example", access=asked), post())
    assert proxy.requests == [(b"faces.example:80", b"")]


@pytest.mark.parametrize(
    ("behaviour", "why"),
    [
        (wait_for_its_end, "it does not respond in time"),
        (lambda c: c.recv(1024) and resets(c), "reset by peer"),
        (lambda c: c.recv(1024) and c.sendall(b"HTTP/1.1 200 O"), "closed before the end"),
        (lambda c: c.recv(1024) and c.sendall(b"\x1b[2J\r\n\r\n"), "refuses the connection"),
        (
            lambda c: c.recv(1024) and c.sendall(b"HTTP/1.1 200 OK\r\n\r\nearly"),
            "it sends data before the request",
        ),
    ],
    ids=["stall", "reset", "close", "nonsense", "early"],
)
def test_a_tunnel_that_does_not_open_is_the_proxy_s_fault(
    ask: Ask, behaviour: Behaviour, why: str
) -> None:
    with listening(behaviour) as proxy:
        asked = Access.of(proxy=proxy.url)
        patience = 3 if behaviour is wait_for_its_end else 30
        with pytest.raises(ProxyFailed, match=why) as caught:
            ask(endpoint("https://faces.example", access=asked, timeout=patience), post())
    assert str(caught.value).startswith(f"The proxy {proxy.url} ")
    assert str(caught.value).isprintable()


def test_the_answer_of_a_proxy_may_come_in_pieces(ask: Ask, files: Certificates) -> None:
    def slowly(connection: socket.socket) -> None:
        connection.recv(1024)
        for piece in (b"HTTP/1.1 200 ", b"OK\r\n\r", b"\n"):
            connection.sendall(piece)
            sleep(0.02)
        over_tls(lambda tunnel: tunnel.recv(1024) and tunnel.sendall(OK), files)(connection)

    with listening(slowly) as proxy:
        asked = Access.of(proxy=proxy.url, ca_file=files.ca)
        (answer,) = ask(endpoint("https://localhost:9", access=asked), post())
    assert answer.status == 200


def test_a_proxy_that_is_not_there_is_named(ask: Ask) -> None:
    with answering(OK) as peer:
        gone = peer.url
    for url in ("http://faces.example", "https://faces.example"):
        with pytest.raises(ProxyFailed, match=f"The proxy {gone} cannot be reached"):
            ask(endpoint(url, access=Access.of(proxy=gone)), post())


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"\5",
        b"\5\0\5",
        b"\5\0\5\2\0\1",
        b"\5\0\5\x63\0\1" + bytes(6),
        b"\4\0",
        b"HTTP/1.1 400 X\r\n\r\n",
    ],
)
def test_a_socks_proxy_that_says_nonsense_is_named(ask: Ask, said: bytes) -> None:
    with listening(lambda c: c.recv(3) and c.sendall(said)) as proxy:
        asked = Access.of(proxy=f"socks5h://{proxy.authority}")
        with pytest.raises(ProxyFailed, match="refuses the connection"):
            ask(endpoint("http://faces.example", access=asked), post())


@pytest.mark.parametrize("url", ["ftp://a", "https://a:1", "http://", "http://a:x", "socks4://a"])
def test_a_proxy_of_another_kind_is_refused(url: str) -> None:
    with pytest.raises(WrongUse, match=r"--proxy is .*: write it like http://HOST:PORT"):
        Access.of(proxy=url)


@pytest.mark.parametrize(("kind", "port"), [("http", 80), ("socks5", 1080), ("socks5h", 1080)])
def test_a_proxy_without_a_port_has_its_kind_s(kind: str, port: int) -> None:
    assert Proxy.of(f"{kind}://p").port == port


@pytest.mark.parametrize(
    ("url", "variables", "proxy"),
    [
        ("http://faces.example", {"HTTP_PROXY": "http://p:1"}, "http://p:1"),
        ("http://faces.example", {"http_proxy": "p:1"}, "http://p:1"),
        ("https://faces.example", {"HTTP_PROXY": "http://p:1"}, None),
        ("https://faces.example", {"HTTPS_PROXY": "http://p:1"}, "http://p:1"),
        ("https://faces.example", {"ALL_PROXY": "socks5h://p:1"}, "socks5h://p:1"),
        (
            "https://faces.example",
            {"HTTPS_PROXY": "http://p:1", "NO_PROXY": "other,.example"},
            None,
        ),
        ("http://127.0.0.1:3000", {"ALL_PROXY": "http://p:1"}, None),
        ("http://127.9.9.9:3000", {"HTTP_PROXY": "http://p:1"}, None),
        ("http://localhost:3000", {"HTTP_PROXY": "http://p:1"}, None),
        ("http://a.localhost", {"HTTP_PROXY": "http://p:1"}, None),
        ("http://[::1]:3000", {"ALL_PROXY": "socks5://p:1"}, None),
    ],
)
def test_the_environment_s_proxy_holds_but_for_this_machine(
    monkeypatch: pytest.MonkeyPatch, url: str, variables: dict[str, str], proxy: str | None
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    found = proxy_for(Address.of(url))
    assert (str(found) if found else None) == proxy


def test_an_environment_s_proxy_that_cannot_be_used_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("ALL_PROXY", "socks4://me:secret@p:1")
    with pytest.raises(WrongUse, match="The proxy in ALL_PROXY is not a supported kind") as caught:
        proxy_for(Address.of("http://faces.example"))
    assert "secret" not in str(caught.value)


def test_a_proxy_s_password_is_not_shown() -> None:
    assert "secret" not in f"{Proxy.of('http://me:secret@p:1')!r} {Proxy.of('http://me:secret@p')}"


# Addresses


@pytest.mark.skipif(not Path("/proc/net/if_inet6").exists(), reason="no IPv6 here")
def test_a_server_may_have_an_ipv6_address(ask: Ask) -> None:
    with answering(OK, "::1") as peer:
        (answer,) = ask(endpoint(peer.url), post())
    assert answer.status == 200
    assert f"Host: [::1]:{peer.port}\r\n".encode() in peer.requests[0][0] + b"\r\n"


def test_a_name_and_a_password_in_the_url_are_sent_and_not_shown(ask: Ask) -> None:
    with answering(OK) as peer:
        ask(endpoint(f"http://me:pass%20word@{peer.authority}"), post())
    assert b"\r\nAuthorization: Basic bWU6cGFzcyB3b3Jk" in peer.requests[0][0]


def test_nothing_of_the_process_is_changed() -> None:
    before = dict(os.environ)
    Access.of()
    assert dict(os.environ) == before
