"""``verikit demo``: the reference server, the suite run against it, and the report."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

START_UP_SECONDS = 120
_PAST_PROXIES = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@click.command()
@click.option(
    "--html",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("reports/conformance.html"),
    show_default=True,
    help="Where the report goes.",
)
@click.argument("server_options", nargs=-1, type=click.UNPROCESSED)
def demo(html: Path, server_options: tuple[str, ...]) -> None:
    """Start the reference server, run the suite against it and say where the report is.

    \b
    Example:
      verikit demo --html report.html
      verikit demo -- --model ArcFace --uncalibrated   (options of verikit serve)

    Ends with the suite's exit code: 0 passed, 1 the server failed, 3 incomplete.
    """
    with reference_server(*server_options) as url:
        click.echo(f"The reference server is ready at {url}; checking it.")
        verdict = _verikit("check", url, "--profile", "reference", "--html", str(html)).wait()
    sys.exit(verdict)


@contextmanager
def reference_server(*options: str) -> Iterator[str]:
    """Run the reference server on a free port of this machine; yields its URL once it is ready."""
    port = _free_port()
    url = f"http://127.0.0.1:{port}"
    server = _verikit("serve", "--port", str(port), "--log-level", "warning", *options)
    try:
        _wait_until_ready(url, server)
        yield url
    finally:
        server.terminate()
        server.wait()


def _verikit(*arguments: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-m", "verikit", *arguments])  # noqa: S603 - ourselves


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def _wait_until_ready(url: str, server: subprocess.Popen[bytes]) -> None:
    give_up = time.monotonic() + START_UP_SECONDS
    while time.monotonic() < give_up:
        if server.poll() is not None:
            raise click.ClickException("the reference server did not start; it says why above")
        if _is_ready(url):
            return
        time.sleep(0.2)
    raise click.ClickException(f"the reference server was not ready within {START_UP_SECONDS} s")


def _is_ready(url: str) -> bool:
    try:
        with _PAST_PROXIES.open(f"{url}/healthz", timeout=10) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False
