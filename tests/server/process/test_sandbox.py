"""What a worker can no longer do once it has locked itself down."""

import ctypes
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
    "make a file executable": lambda folder: (folder / "old").chmod(0o755),
    "give a file away": lambda folder: os.chown(folder / "old", os.getuid(), os.getgid()),
    "set an attribute of a file": lambda folder: os.setxattr(folder / "old", "user.x", b"x"),
    "connect over TCP": lambda _: socket.create_connection(("127.0.0.1", 9), timeout=5),
    "open a TCP socket": lambda _: socket.socket(),
    "open a UDP socket": lambda _: socket.socket(type=socket.SOCK_DGRAM),
    "open a local socket": lambda _: socket.socket(socket.AF_UNIX),
    "open a raw socket": lambda _: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW),
    "open two sockets": lambda _: socket.socketpair(),
    "send to an address": lambda _: OPEN_BEFORE["udp"].sendto(b"x", ("127.0.0.1", 9)),
    "send a message": lambda _: OPEN_BEFORE["udp"].sendmsg([b"x"], [], 0, ("127.0.0.1", 9)),
    "send while connecting": lambda _: OPEN_BEFORE["tcp"].sendto(
        b"x", socket.MSG_FASTOPEN, ("127.0.0.1", 9)
    ),
    "listen": lambda _: OPEN_BEFORE["tcp"].listen(),
    "ask the kernel in bulk": lambda _: system_call(425, 4, ctypes.create_string_buffer(120)),
    "signal another process": lambda _: os.kill(os.getppid(), 0),
}
OPEN_BEFORE: dict[str, socket.socket] = {}


def system_call(number: int, *arguments: object) -> None:
    """The same number on every architecture."""
    if ctypes.CDLL(None, use_errno=True).syscall(number, *arguments) < 0:
        raise OSError(ctypes.get_errno(), "the call failed")


def landlock_version() -> int:
    return int(ctypes.CDLL(None).syscall(444, None, 0, 1))


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
    if attempt == "signal another process" and landlock_version() < 6:
        pytest.skip("this kernel's landlock knows no signals (Linux 6.12 does)")
    (tmp_path / "old").write_text("x")

    def work() -> int:
        OPEN_BEFORE["udp"] = socket.socket(type=socket.SOCK_DGRAM)
        OPEN_BEFORE["tcp"] = socket.socket()
        lock_down()
        try:
            ATTEMPTS[attempt](tmp_path)
        except OSError as error:
            return error.errno or 255
        return 0

    assert in_a_process_of_its_own(work) in (errno.EPERM, errno.EACCES)


def test_what_was_open_before_still_sends() -> None:
    one, other = socket.socketpair()

    def work() -> int:
        lock_down()
        one.sendall(b"x")
        return 0

    assert in_a_process_of_its_own(work) == 0
    assert other.recv(1) == b"x"
    one.close()
    other.close()


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
