"""What a worker can no longer do once it has locked itself down."""

import errno
import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from reference_server.process.sandbox import lock_down

ATTEMPTS: dict[str, Callable[[Path], object]] = {
    "make a file": lambda folder: (folder / "new").write_text("x"),
    "write a file": lambda folder: (folder / "old").open("r+"),
    "make a folder": lambda folder: (folder / "folder").mkdir(),
    "delete a file": lambda folder: (folder / "old").unlink(),
    "rename a file": lambda folder: (folder / "old").rename(folder / "new"),
    "start a program": lambda _: subprocess.run([sys.executable, "-c", ""], check=True),
    "connect over TCP": lambda _: socket.create_connection(("127.0.0.1", 9), timeout=5),
    "connect over UDP": lambda _: socket.socket(type=socket.SOCK_DGRAM).connect(("127.0.0.1", 9)),
    "connect to a local socket": lambda _: socket.socket(socket.AF_UNIX).connect("\0none"),
}


def in_a_process_of_its_own(work: Callable[[], int]) -> int:
    """What the work returns, 0 to 255, in a fork that ends with it."""
    child = os.fork()
    if child == 0:
        code = 255
        try:
            code = work()
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def locked_down_here() -> bool:
    return in_a_process_of_its_own(lambda: len(lock_down())) == 2


@pytest.fixture(autouse=True, scope="module")
def kernel() -> None:
    if not locked_down_here():
        pytest.skip("this kernel has no landlock or no seccomp")


@pytest.mark.parametrize("attempt", ATTEMPTS)
def test_an_attempt_fails(attempt: str, tmp_path: Path) -> None:
    (tmp_path / "old").write_text("x")

    def work() -> int:
        lock_down()
        try:
            ATTEMPTS[attempt](tmp_path)
        except OSError as error:
            return error.errno or 255
        return 0

    assert in_a_process_of_its_own(work) in (errno.EPERM, errno.EACCES)


def test_reading_and_threads_go_on(tmp_path: Path) -> None:
    (tmp_path / "old").write_text("x")

    def work() -> int:
        lock_down()
        from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415 - in the child

        with ThreadPoolExecutor(2) as pool:
            return 0 if pool.submit((tmp_path / "old").read_text).result() == "x" else 1

    assert in_a_process_of_its_own(work) == 0


@pytest.mark.live
def test_workers_are_locked_down(live: Any) -> None:
    status = Path(f"/proc/{live.workers()[0]}/status").read_text()
    found = dict(line.split(":", 1) for line in status.splitlines())
    assert found["NoNewPrivs"].strip() == "1"
    assert found["Seccomp"].strip() == "2"
    assert "not_locked_down" not in live.log.read_text()


def test_what_is_missing_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platform.machine", lambda: "sparc")
    assert in_a_process_of_its_own(lambda: int(lock_down() == ("landlock",))) == 1
