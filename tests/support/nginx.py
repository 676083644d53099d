"""The nginx front in deploy/, started as it is shipped but for folders and ports."""

import datetime
import shutil
import socket
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.support.needs import missing
from tests.support.ports import free_port, wait_until_open
from verikit.contract import load_contract

CONTRACT = load_contract()
DEPLOY = Path(__file__).parents[2] / "deploy"
FRONT = DEPLOY / "nginx.conf"
NGINX = shutil.which("nginx", path="/usr/sbin:/usr/local/sbin:/usr/bin")
SECRET = "aB3" * 21 + "x"
FORM = {"Content-Type": CONTRACT.media_types[0]}
LET_IN = FORM | {"Authorization": f"Bearer {SECRET}"}


class Signed(NamedTuple):
    name: x509.Name
    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate


def sign(name: str, signer: Signed | None = None) -> Signed:
    """A certificate for a name, signed by another one or by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(signer.name if signer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(hours=1))
        .add_extension(x509.BasicConstraints(ca=signer is None, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
    )
    return Signed(subject, key, builder.sign(signer.key if signer else key, hashes.SHA256()))


def write(folder: Path, name: str, signed: Signed) -> tuple[str, str]:
    paths = folder / f"{name}.crt", folder / f"{name}.key"
    paths[0].write_bytes(signed.certificate.public_bytes(serialization.Encoding.PEM))
    paths[1].write_bytes(
        signed.key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return str(paths[0]), str(paths[1])


def secret_line() -> str:
    """The line of secrets.map as the front's first lines tell to write it."""
    (told,) = [line for line in FRONT.read_text().splitlines() if "Bearer SECRET" in line]
    return told.removeprefix("#").replace("SECRET", SECRET) + "\n"


class Front(NamedTuple):
    port: int
    folder: Path
    client: tuple[str, str]
    stranger: tuple[str, str]

    def post(self, content: Any, headers: dict[str, str], **how: Any) -> requests.Response:
        url = f"https://localhost:{self.port}{how.pop('path', CONTRACT.path)}"
        verify = str(self.folder / "tls.crt")
        return requests.post(url, content, headers=headers, verify=verify, timeout=120, **how)

    def connect(self) -> ssl.SSLSocket:
        context = ssl.create_default_context(cafile=str(self.folder / "tls.crt"))
        plain = socket.create_connection(("127.0.0.1", self.port), timeout=60)
        return context.wrap_socket(plain, server_hostname="localhost")


def upstream(servers: tuple[int, ...]) -> str:
    """One server or replicas, as it is shipped, but for the addresses."""
    if len(servers) == 1:
        shipped = (DEPLOY / "nginx-single.conf").read_text()
        return shipped.replace(f"127.0.0.1:{CONTRACT.port}", f"127.0.0.1:{servers[0]}")
    shipped = (DEPLOY / "nginx-replicas.conf").read_text()
    named = next(line for line in shipped.splitlines() if f"replica:{CONTRACT.port}" in line)
    each = (named.replace(f"replica:{CONTRACT.port}", f"127.0.0.1:{port}") for port in servers)
    return shipped.replace(named, "\n".join(each))


def configuration(folder: Path, port: int, servers: tuple[int, ...]) -> str:
    """The front as it is shipped, but for folders and ports."""
    text = FRONT.read_text()
    for shipped, ours in {
        "/etc/verikit": str(folder),
        "/var/log/nginx": str(folder),
        "listen 443": f"listen 127.0.0.1:{port}",
    }.items():
        assert shipped in text
        text = text.replace(shipped, ours)
    temporary = "".join(
        f"{kind}_temp_path {folder}/{kind};\n"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    return (
        f"daemon off; master_process off; pid {folder}/pid; error_log {folder}/error.log warn;\n"
        f"events {{ worker_connections 1024; }}\nhttp {{\n{temporary}{upstream(servers)}{text}}}\n"
    )


@contextmanager
def running(folder: Path, *servers: int, client_certificates: bool = True) -> Iterator[int]:
    """nginx in front of servers' ports; the port that it listens on itself."""
    if NGINX is None:
        pytest.skip(missing("nginx"))
    port = free_port()
    text = configuration(folder, port, servers)
    if not client_certificates:
        before, comment, after = text.partition("# Without client certificates, delete these two")
        assert comment
        text = before + after.split("\n", 3)[3]
    (folder / "nginx.conf").write_text(text)
    command = [NGINX, "-p", str(folder), "-c", str(folder / "nginx.conf")]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as nginx:  # noqa: S603
        try:
            wait_until_open(port, 20)
            yield port
        finally:
            nginx.terminate()
