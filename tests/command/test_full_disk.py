import os
import resource
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from errno import ENOSPC
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.support.hostile_server import scored, whole
from tests.support.peer import answering
from verikit.cli import main
from verikit.exit_codes import Exit


@pytest.mark.parametrize("arguments", [["datasets", "list"], ["--help"]], ids=" ".join)
def test_a_full_disk_is_one_sentence_and_no_verdict(
    arguments: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PYTHONUNBUFFERED", raising=False)
    with Path("/dev/full").open("w") as full:
        result = subprocess.run(  # noqa: S603 - our own command
            [sys.executable, "-m", "verikit", *arguments],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert result.returncode == Exit.NO_VERDICT
    assert result.stderr == f"Error: {os.strerror(ENOSPC)}: free some space, then run it again.\n"


def scores(folder: Path) -> list[str]:
    """A file of scores, of which calibrate makes a report."""
    rows = [f"p{n}/1,p{n + 1}/1,false,0.1" for n in range(0, 200, 2)]
    file = folder / "scores.csv"
    file.write_text("\n".join(["first,second,mated,score", *rows]))
    return ["calibrate", str(file), "--out", str(folder / "run")]


def photo(folder: Path) -> list[str]:
    (folder / "photo.jpg").write_bytes(bytes(5000))
    return ["encrypt", str(folder / "photo.jpg"), "--out", str(folder / "out")]


def checked(*reports: str) -> Callable[[Path], list[str]]:
    def words(folder: Path) -> list[str]:
        files = [word.format(folder=folder) for word in reports]
        return ["check", "URL", "-k", "ordinary", *files]

    return words


@contextmanager
def small_files(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No file can have more than 600 bytes; Python would keep the halves of what it compiles."""
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (600, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.unmeasured
def test_a_disk_that_fills_meanwhile_is_one_sentence(tmp_path: Path) -> None:
    result = subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-B", "-m", "verikit", *photo(tmp_path)],
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (600, 600)),
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == Exit.NO_VERDICT, result
    assert result.stderr.splitlines()[-1].startswith("Error: File too large"), result
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize(
    ("words", "verdict"),
    [
        (scores, "INCONCLUSIVE"),
        (checked("--html={folder}/check.html"), "Passed: 1 case"),
        (checked("--no-html", "--junit={folder}/check.xml"), "Passed: 1 case"),
        (checked("--no-html", "--sarif={folder}/check.sarif"), "Passed: 1 case"),
    ],
    ids=["calibrate", "html", "junit", "sarif"],
)
def test_a_disk_that_fills_meanwhile_takes_no_verdict_along(
    words: Callable[[Path], list[str]],
    verdict: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("calibration.report.plots.drawn", lambda *_, **__: "<svg></svg>")

    def answer(connection: socket.socket) -> None:
        connection.sendall(whole(scored()))

    with answering(answer) as peer:
        asked = [peer.url if word == "URL" else word for word in words(tmp_path)]
        with small_files(monkeypatch):
            result = CliRunner().invoke(main, asked)
    assert result.exit_code == Exit.NO_VERDICT, result.output
    assert verdict in result.stdout, result.output
    assert result.stderr.splitlines()[-1].startswith("Error: File too large"), result.output
