"""``verikit demo``: the reference server, the suite run against it, and the report."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import click

from verikit import options
from verikit.errors import NoVerdict, Unreachable
from verikit.transport import Address, Connection, Endpoint, Request

START_UP_SECONDS = 120


@click.command()
@click.option(
    "--html",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("reports/conformance.html"),
    show_default=True,
    help="Where the report goes.",
)
@click.argument("server_options", nargs=-1, type=click.UNPROCESSED)
@click.pass_context
def demo(ctx: click.Context, /, html: Path, server_options: tuple[str, ...]) -> None:
    """Start the reference server, run the suite against it and say where the report is.

    \b
    Example:
      verikit demo --html report.html
      verikit demo -- --model ArcFace --uncalibrated   (options of verikit serve)

    Ends with the suite's exit code: 0 passed, 1 the server failed, 3 incomplete.
    """
    secrets = _secret_files(ctx)
    with reference_server(*server_options, secrets=secrets) as url:
        click.echo(f"The reference server is ready at {url}; checking it.")
        check = ("check", url, "--profile", "reference", "--html", str(html))
        verdict = _verikit(*secrets, *check).wait()
    ctx.exit(verdict)


@contextmanager
def reference_server(*serve: str, secrets: Sequence[str] = ()) -> Iterator[str]:
    """Run the reference server on a free port of this machine; yields its URL once it is ready."""
    port = _free_port()
    url = f"http://127.0.0.1:{port}"
    server = _verikit(*secrets, "serve", "--port", str(port), "--log-level", "warning", *serve)
    try:
        _wait_until_ready(url, server)
        yield url
    finally:
        server.terminate()
        server.wait()


def _secret_files(ctx: click.Context) -> list[str]:
    """The flags that hand the key file and the IV file on."""
    given = ctx.find_root().params
    files = {f"--{name}-file": given[f"{name}_file"] for name in options.secrets()}
    return [word for flag, path in files.items() for word in (flag, str(path))]


def _verikit(*arguments: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-m", "verikit", *arguments])  # noqa: S603 - ourselves


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def _wait_until_ready(url: str, server: subprocess.Popen[bytes]) -> None:
    give_up = time.monotonic() + START_UP_SECONDS
    while time.monotonic() < give_up:
        if server.poll() is not None:
            raise NoVerdict("The reference server did not start: it says why above")
        if _is_ready(url):
            return
        time.sleep(0.2)
    raise NoVerdict(f"The reference server was not ready within {START_UP_SECONDS} s")


def _is_ready(url: str) -> bool:
    endpoint = Endpoint(address=Address.of(url), timeout=10)
    try:
        with Connection(endpoint) as connection:
            return connection.ask(Request(method="GET", path="/healthz")).status == 200
    except Unreachable:
        return False
