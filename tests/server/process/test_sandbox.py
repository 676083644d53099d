"""What a worker can no longer do once it has locked itself down."""

import ctypes
import errno
import os
import platform
import re
import socket
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from reference_server.process.sandbox import FORBIDDEN, SENDTO, lock_down

ATTEMPTS: dict[str, Callable[[Path], object]] = {
    "make a file": lambda folder: (folder / "new").write_text("x"),
    "write a file": lambda folder: (folder / "old").open("r+"),
    "make a folder": lambda folder: (folder / "folder").mkdir(),
    "delete a file": lambda folder: (folder / "old").unlink(),
    "rename a file": lambda folder: (folder / "old").rename(folder / "new"),
    "start a program": lambda _: subprocess.run([sys.executable, "-c", ""], check=True),
    "become a program that is open": lambda _: os.execve(OPEN_BEFORE["python"], ["x"], {}),  # noqa: S606 - it must fail
    "make a file executable": lambda folder: (folder / "old").chmod(0o755),
    "make a file executable in a folder": lambda folder: os.chmod(
        "old", 0o700, dir_fd=os.open(folder, os.O_RDONLY)
    ),
    "make an open file executable": lambda folder: os.fchmod(opened(folder), 0o755),
    "make a file executable by the newest call": lambda folder: system_call(
        452, -100, bytes(folder / "old"), 0o755, 0
    ),
    "give a file away": lambda folder: os.chown(folder / "old", *MYSELF),
    "give a link away": lambda folder: os.lchown(folder / "old", *MYSELF),
    "give an open file away": lambda folder: os.fchown(opened(folder), *MYSELF),
    "give a file in a folder away": lambda folder: os.chown(
        "old", *MYSELF, dir_fd=os.open(folder, os.O_RDONLY)
    ),
    "set an attribute of a file": lambda folder: os.setxattr(folder / "old", "user.x", b"x"),
    "set an attribute of a link": lambda folder: os.setxattr(
        folder / "old", "user.x", b"x", follow_symlinks=False
    ),
    "set an attribute of an open file": lambda folder: os.setxattr(opened(folder), "user.x", b"x"),
    "remove an attribute of a file": lambda folder: os.removexattr(folder / "old", "user.x"),
    "remove an attribute of a link": lambda folder: os.removexattr(
        folder / "old", "user.x", follow_symlinks=False
    ),
    "remove an attribute of an open file": lambda folder: os.removexattr(opened(folder), "user.x"),
    "trace a process": lambda _: library_call("ptrace", 7, 1, 0, 0),
    "read another's memory": lambda _: library_call("process_vm_readv", MY_PROCESS, 0, 0, 0, 0, 0),
    "write another's memory": lambda _: library_call(
        "process_vm_writev", MY_PROCESS, 0, 0, 0, 0, 0
    ),
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
    "send messages": lambda _: library_call("sendmmsg", OPEN_BEFORE["udp"].fileno(), 0, 0, 0),
    "connect what was open": lambda _: OPEN_BEFORE["udp"].connect(("127.0.0.1", 9)),
    "bind what was open": lambda _: OPEN_BEFORE["udp"].bind(("127.0.0.1", 0)),
    "listen": lambda _: OPEN_BEFORE["tcp"].listen(),
    "ask the kernel in bulk": lambda _: system_call(425, 4, ctypes.create_string_buffer(120)),
    "ask it in bulk again": lambda _: system_call(426, -1, 0, 0, 0, 0, 0),
    "prepare to ask it in bulk": lambda _: system_call(427, -1, 0, 0, 0),
    "signal another process": lambda _: os.kill(os.getppid(), 0),
}
OPEN_BEFORE: dict[str, Any] = {}
MYSELF = os.getuid(), os.getgid()
MY_PROCESS = os.getpid()


def library_call(name: str, *arguments: object) -> None:
    """Of the C library; none of the calls above fails for want of rights by itself."""
    if getattr(ctypes.CDLL(None, use_errno=True), name)(*arguments) < 0:
        raise OSError(ctypes.get_errno(), "the call failed")


def system_call(number: int, *arguments: object) -> None:
    """The same number on every architecture."""
    library_call("syscall", number, *arguments)


def opened(folder: Path) -> int:
    return os.open(folder / "old", os.O_RDONLY)


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


@pytest.fixture(autouse=True, scope="module")
def kernel() -> None:
    has_seccomp = "\nSeccomp:" in Path("/proc/self/status").read_text()
    if landlock_version() < 1 or not has_seccomp or platform.machine() not in SENDTO:
        pytest.skip("this kernel has no landlock or no seccomp")


def test_both_hold_where_the_kernel_has_them() -> None:
    done = ("landlock", "seccomp")
    assert in_a_process_of_its_own(lambda: int(lock_down() == done)) == 1


@pytest.mark.parametrize("attempt", ATTEMPTS)
def test_an_attempt_fails(attempt: str, tmp_path: Path) -> None:
    if attempt == "signal another process" and landlock_version() < 6:
        pytest.skip("this kernel's landlock knows no signals (Linux 6.12 does)")
    (tmp_path / "old").write_text("x")

    def work() -> int:
        OPEN_BEFORE["udp"] = socket.socket(type=socket.SOCK_DGRAM)
        OPEN_BEFORE["tcp"] = socket.socket()
        OPEN_BEFORE["python"] = os.open(sys.executable, os.O_RDONLY)
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
@pytest.mark.unmeasured
def test_workers_are_locked_down(live: Any) -> None:
    status = Path(f"/proc/{live.workers()[0]}/status").read_text()
    found = dict(line.split(":", 1) for line in status.splitlines())
    assert found["NoNewPrivs"].strip() == "1"
    assert found["Seccomp"].strip() == "2"
    assert "not_locked_down" not in live.log.read_text()


def test_what_is_missing_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platform.machine", lambda: "sparc")
    assert in_a_process_of_its_own(lambda: int(lock_down() == ("landlock",))) == 1


class Kernel:
    """A C library on a kernel whose Landlock has some version; it notes what is asked of it."""

    def __init__(self, version: int, refused: int = 0) -> None:
        """``refused``: the number of the call that it refuses."""
        self.version, self.rules, self.refused = version, b"", refused

    def prctl(self, *_: object) -> int:
        return 0

    def syscall(self, number: int, *arguments: Any) -> int:
        if (number, arguments) == (444, (None, 0, 1)):
            return self.version
        if number == 444:
            self.rules, length, _ = arguments
            assert length == len(self.rules)
        if number == self.refused:
            return -1
        if number == 444:
            return os.open(os.devnull, os.O_RDONLY)
        assert (number, arguments[1:]) == (446, (0,)), "older kernels refuse any flag"
        return 0


FILES = sum(1 << bit for bit in range(13)) - 0b1100
"""From the kernel's documentation: 13 rights of files in version 1, of which two are to read."""


@pytest.mark.parametrize(
    ("version", "rules"),
    [
        (1, (FILES,)),
        (2, (FILES | 1 << 13,)),
        (3, (FILES | 1 << 13 | 1 << 14,)),
        (4, (FILES | 1 << 13 | 1 << 14, 0b11)),
        (5, (FILES | 1 << 13 | 1 << 14, 0b11)),
        (6, (FILES | 1 << 13 | 1 << 14, 0b11, 0b11)),
        (9, (FILES | 1 << 13 | 1 << 14, 0b11, 0b11)),
    ],
)
def test_a_kernel_is_asked_for_what_its_version_knows(
    monkeypatch: pytest.MonkeyPatch, version: int, rules: tuple[int, ...]
) -> None:
    kernel = Kernel(version)
    monkeypatch.setattr("reference_server.process.sandbox.LIBC", kernel)
    assert "landlock" in lock_down()
    assert struct.unpack(f"{len(rules)}Q", kernel.rules) == rules


@pytest.mark.parametrize(("version", "refused"), [(0, 0), (-1, 0), (6, 444), (6, 446)])
def test_a_kernel_without_landlock_is_told(
    monkeypatch: pytest.MonkeyPatch, version: int, refused: int
) -> None:
    monkeypatch.setattr("reference_server.process.sandbox.LIBC", Kernel(version, refused))
    assert lock_down() == ("seccomp",)


HEADER = Path("/usr/include/asm-generic/unistd.h")
CALLS = (
    *("execve", "execveat", "ptrace", "process_vm_readv", "process_vm_writev"),
    *("socket", "socketpair", "bind", "listen", "connect", "sendmsg", "sendmmsg"),
    *("io_uring_setup", "io_uring_enter", "io_uring_register"),
    *("fchmod", "fchmodat", "fchown", "fchownat", "setxattr", "lsetxattr", "fsetxattr"),
    *("removexattr", "lremovexattr", "fremovexattr"),
)


@pytest.mark.skipif(not HEADER.exists(), reason="no headers of the kernel here")
def test_the_numbers_of_arm_are_those_of_the_kernel_s_header() -> None:
    """On a processor of the other kind nothing else would tell."""
    defined = re.findall(r"#define __NR_(\w+) (\d+)", HEADER.read_text())
    numbers = {name: int(number) for name, number in defined} | {"fchmodat2": 452}
    assert {numbers[name] for name in (*CALLS, "fchmodat2")} == set(FORBIDDEN["aarch64"])
    assert numbers["sendto"] == SENDTO["aarch64"]
