"""What a worker gives up before it reads its first photo, and can never take back.

Landlock (Linux 5.13; TCP since 6.7, signals since 6.12) forbids to write, make or execute files, to
open TCP connections and to signal other processes; a seccomp filter forbids to start programs, to
make sockets, to send to an address, to change the rights of files and to look into other processes.
Both hold for every thread that starts afterwards. Reading stays possible, and so do the connections
that the worker accepts.
"""

from __future__ import annotations

import ctypes
import os
import platform
import struct

PR_SET_NO_NEW_PRIVS = 38
PR_SET_SECCOMP = 22
SECCOMP_MODE_FILTER = 2

LANDLOCK_CREATE_RULESET, LANDLOCK_RESTRICT_SELF = 444, 446  # the same on every architecture
LANDLOCK_VERSION = 1

FILES_ABI_1 = 0b1_1111_1111_0011
"""All that the first version knows, but for reading files and folders (bits 2 and 3)."""
REFER_ABI_2, TRUNCATE_ABI_3 = 1 << 13, 1 << 14
TCP_ABI_4 = 0b11
"""To bind and to connect."""
SCOPED_ABI_6 = 0b11
"""Abstract local sockets and signals, within the worker."""

AUDIT_ARCHITECTURE = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
FORBIDDEN = {
    "x86_64": (
        *(59, 322, 101, 310, 311),  # execve, execveat, ptrace, process_vm_readv, process_vm_writev
        *(41, 53, 49, 50, 42),  # socket, socketpair, bind, listen, connect
        *(46, 307),  # sendmsg, sendmmsg
        *range(425, 428),  # io_uring_setup, io_uring_enter, io_uring_register: they pass filters
        *(90, 91, 268, 452, 92, 93, 94, 260),  # chmod, fchmod, fchmodat, fchmodat2, chown, ...
        *(188, 189, 190, 197, 198, 199),  # setxattr, ..., removexattr, ...
    ),
    "aarch64": (
        *(221, 281, 117, 270, 271),
        *(198, 199, 200, 201, 203),
        *(211, 269),
        *range(425, 428),
        *(52, 53, 452, 54, 55),
        *(5, 6, 7, 14, 15, 16),
    ),
}
SENDTO = {"x86_64": 44, "aarch64": 206}
"""How ``send`` is made, without an address."""
ADDRESS = 16 + 4 * 8
"""Where a filter finds the fifth argument; its lower half first."""
X32 = 0x40000000
"""Numbers of x86-64's second interface begin here."""

LOAD, EQUAL, ABOVE, RETURN = 0x20, 0x15, 0x35, 0x06  # of BPF
ALLOW, DENY = 0x7FFF0000, 0x00050000 | 1  # SECCOMP_RET_ERRNO with EPERM

LIBC = ctypes.CDLL(None, use_errno=True)


def lock_down() -> tuple[str, ...]:
    """Give up what can be given up here; says by what that was done, and what is missing is not.

    To be called in the only thread of a process.
    """
    if LIBC.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        return ()
    steps = {"landlock": _landlock, "seccomp": _seccomp}
    return tuple(name for name, step in steps.items() if step())


def _landlock() -> bool:
    version = LIBC.syscall(LANDLOCK_CREATE_RULESET, None, 0, LANDLOCK_VERSION)
    if version < 1:
        return False
    files = FILES_ABI_1
    files |= REFER_ABI_2 if version >= 2 else 0
    files |= TRUNCATE_ABI_3 if version >= 3 else 0
    since = {1: files, 4: TCP_ABI_4, 6: SCOPED_ABI_6}
    rules = b"".join(struct.pack("Q", what) for first, what in since.items() if version >= first)
    ruleset = LIBC.syscall(LANDLOCK_CREATE_RULESET, rules, len(rules), 0)
    if ruleset < 0:
        return False
    try:
        return bool(LIBC.syscall(LANDLOCK_RESTRICT_SELF, ruleset, 0) == 0)
    finally:
        os.close(ruleset)


def _seccomp() -> bool:
    machine = platform.machine()
    if machine not in FORBIDDEN:
        return False
    numbers = FORBIDDEN[machine]
    sendto = 4 + len(numbers)
    allow, deny = sendto + 5, sendto + 6  # jumps count from the next instruction
    program = [
        (LOAD, 0, 0, 4),  # the architecture of the call
        (EQUAL, 0, deny - 2, AUDIT_ARCHITECTURE[machine]),
        (LOAD, 0, 0, 0),  # its number
        (ABOVE, deny - 4, 0, X32),
        *((EQUAL, deny - place - 1, 0, number) for place, number in enumerate(numbers, 4)),
        (EQUAL, 0, allow - sendto - 1, SENDTO[machine]),
        (LOAD, 0, 0, ADDRESS),
        (EQUAL, 0, deny - sendto - 3, 0),
        (LOAD, 0, 0, ADDRESS + 4),
        (EQUAL, 0, deny - sendto - 5, 0),
        (RETURN, 0, 0, ALLOW),
        (RETURN, 0, 0, DENY),
    ]
    filters = b"".join(struct.pack("HBBI", *each) for each in program)
    code = ctypes.create_string_buffer(filters, len(filters))
    head = struct.pack("HxxxxxxP", len(program), ctypes.addressof(code))
    return bool(LIBC.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, head, 0, 0) == 0)
