"""What a worker gives up before it reads its first photo, and can never take back.

Landlock (Linux 5.13; TCP since 6.7) forbids to write, make or execute files and to open TCP
connections; a seccomp filter forbids to start programs, to connect at all and to look into other
processes. Both hold for every thread that starts afterwards. Reading stays possible.
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

AUDIT_ARCHITECTURE = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
FORBIDDEN = {  # connect, execve, execveat, ptrace, process_vm_readv, process_vm_writev
    "x86_64": (42, 59, 322, 101, 310, 311),
    "aarch64": (203, 221, 281, 117, 270, 271),
}
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
    rules = struct.pack("QQ", files, TCP_ABI_4) if version >= 4 else struct.pack("Q", files)
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
    end = len(numbers) + 5  # the place of the last instruction, from which jumps count backwards
    program = [
        (LOAD, 0, 0, 4),  # the architecture of the call
        (EQUAL, 0, end - 2, AUDIT_ARCHITECTURE[machine]),
        (LOAD, 0, 0, 0),  # its number
        (ABOVE, end - 4, 0, X32),
        *((EQUAL, end - place, 0, number) for place, number in enumerate(numbers, 5)),
        (RETURN, 0, 0, ALLOW),
        (RETURN, 0, 0, DENY),
    ]
    filters = b"".join(struct.pack("HBBI", *each) for each in program)
    code = ctypes.create_string_buffer(filters, len(filters))
    head = struct.pack("HxxxxxxP", len(program), ctypes.addressof(code))
    return bool(LIBC.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, head, 0, 0) == 0)
