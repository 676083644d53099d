"""``verikit demo``: checks a good and a bad server, and links the reports."""

from __future__ import annotations

import os
import shlex
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import click

from conformance.mock.faults import FAULTS
from conformance.mock.server import serving
from conformance.reports.page import thumbnail
from verikit import options
from verikit.commands import claimed, samples
from verikit.errors import NoVerdict, Unreachable
from verikit.exit_codes import Exit
from verikit.reports import shell
from verikit.reports.shell import Head, Tone
from verikit.transport import Address, Connection, Endpoint, Request

START_UP_SECONDS = 120


OUT = Path("reports/demo")
FAULT = "everybody-the-same"


@dataclass(frozen=True, kw_only=True)
class Checked:
    """A server that was checked: what it is, how the suite ended, and what starts it again."""

    title: str
    about: str
    verdict: Exit
    report: str
    command: str = ""

    @property
    def tone(self) -> Tone:
        """How its verdict is shown."""
        return {Exit.PASSED: Tone.GOOD, Exit.FAILED: Tone.BAD}.get(self.verdict, Tone.OPEN)

    @property
    def word(self) -> str:
        """Its verdict."""
        return {Exit.PASSED: "Passed", Exit.FAILED: "Failed"}.get(self.verdict, "No verdict")


@click.command()
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    default=OUT,
    show_default=True,
    help="The folder for reports and sample photos.",
)
@click.option(
    "--stay/--no-stay",
    default=None,
    help="Keep the server running until Enter or Ctrl-C; the default on a terminal, but not in CI.",
)
@click.argument("server_options", nargs=-1, type=click.UNPROCESSED)
@click.pass_context
def demo(
    ctx: click.Context, /, out: Path, stay: bool | None, server_options: tuple[str, ...]
) -> None:
    """Start a good and a bad server, check both, and link the reports.

    The good one is the reference server. The bad one gives any two faces the same score.

    \b
    Example:
      verikit demo
      verikit demo --no-stay -- --model ArcFace --uncalibrated   (options of verikit serve)

    Exit codes: 0 the reference server passed and the bad one failed, 1 otherwise, 3 incomplete.
    """
    secrets = _secret_files(ctx)
    click.echo(f"1/4  Writing sample photos to {out / 'photos'}")
    samples.write(out / "photos")
    click.echo("2/4  Starting the reference server, which loads its models during step 3")
    with _starting_server(*server_options, secrets=secrets) as (url, server):
        click.echo("3/4  Checking a broken server, which gives any two faces the same score")
        with serving(FAULTS[FAULT].judge, reply=FAULTS[FAULT].reply) as broken_url:
            # Crossed cases would show nothing new.
            bad = _check(broken_url, out / "broken.html", (), "-k", "!crossed-")
        _wait_until_ready(url, server)
        click.echo(f"\n4/4  Checking the reference server at {url}")
        good = _check(url, out / "reference.html", secrets, "--profile", "reference")
        index = out / "index.html"
        write_index(index, url, broken_url, good, bad)
        click.echo(f"\nReports: {index}")
        if stay is None:
            stay = sys.stdin.isatty() and "CI" not in os.environ
        if stay:
            click.echo(f"The reference server runs at {url}/ until you press Enter or Ctrl-C")
            sys.stdin.readline()
    if Exit.NO_VERDICT in (good, bad):
        ctx.exit(Exit.NO_VERDICT)
    ctx.exit(Exit.PASSED if _as_expected(good, bad) else Exit.FAILED)


def _check(url: str, report: Path, secrets: Sequence[str], *options: str) -> Exit:
    """Check a server; how the suite ended."""
    ended = _verikit(*secrets, "check", url, "--html", str(report), *options).wait()
    return Exit(ended) if ended in (Exit.PASSED, Exit.FAILED) else Exit.NO_VERDICT


def write_index(index: Path, url: str, broken_url: str, good: Exit, bad: Exit) -> None:
    """Write the page that links both reports, beside which it is."""
    checked = [
        Checked(
            title="The reference server",
            about="It keeps the contract.",
            verdict=good,
            report="reference.html",
        ),
        Checked(
            title="A broken server",
            about="Any two faces get the same score. To repeat its requests, start it again:",
            command=f"verikit mock --fault {FAULT} --port {Address.of(broken_url).port}",
            verdict=bad,
            report="broken.html",
        ),
    ]
    photos = [
        {"name": name, "about": about, "picture": thumbnail(photo)}
        for name, (photo, about) in samples.SAMPLES.items()
    ]
    text = shell.page(
        "verikit.commands",
        "demo.html.j2",
        _head(url, good, bad),
        filters={"one_in": claimed.one_in},
        checked=checked,
        curve=claimed.curve(),
        place=claimed.height_of,
        width=claimed.WIDTH,
        height=claimed.HEIGHT,
        left=claimed.LEFT,
        url=url,
        folder=shlex.quote(str(index.parent / "photos")),
        photos=photos,
    )
    index.write_text(text, encoding="utf-8")


def _head(url: str, good: Exit, bad: Exit) -> Head:
    expected = _as_expected(good, bad)
    return Head(
        kind="Demo",
        subject=url,
        tone=Tone.GOOD if expected else Tone.BAD,
        verdict="As expected" if expected else "Not as expected",
        sentence="What a good and a bad server look like",
        facts={"Checked": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, on this machine"},
    )


def _as_expected(good: Exit, bad: Exit) -> bool:
    return (good, bad) == (Exit.PASSED, Exit.FAILED)


@contextmanager
def reference_server(*serve: str) -> Iterator[str]:
    """Run the reference server on a free port of this machine; yields its URL once it is ready."""
    with _starting_server(*serve) as (url, server):
        _wait_until_ready(url, server)
        yield url


@contextmanager
def _starting_server(
    *serve: str, secrets: Sequence[str] = ()
) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """The URL and the process of a reference server that may not be ready yet."""
    port = _free_port()
    url = f"http://127.0.0.1:{port}"
    words = ("serve", "--port", str(port), "--log-level", "warning", *serve)
    # Its "Ready" would break a progress bar.
    server = _verikit(*secrets, *words, stdout=subprocess.DEVNULL)
    try:
        yield url, server
    finally:
        server.terminate()
        server.wait()


def _secret_files(ctx: click.Context) -> list[str]:
    """The flags that hand the key file and the IV file on."""
    given = ctx.find_root().params
    files = {f"--{name}-file": given[f"{name}_file"] for name in options.secrets()}
    return [word for flag, path in files.items() for word in (flag, str(path))]


def _verikit(*arguments: str, stdout: int | None = None) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "verikit", *arguments]
    return subprocess.Popen(command, stdout=stdout)  # noqa: S603 - ourselves


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def _wait_until_ready(url: str, server: subprocess.Popen[bytes]) -> None:
    give_up = time.monotonic() + START_UP_SECONDS
    while time.monotonic() < give_up:
        if server.poll() is not None:
            raise NoVerdict("The reference server did not start, for the reason above")
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
