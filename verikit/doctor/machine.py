"""Whether the machine has what a server needs: cores, memory, a free port, a folder to write in."""

from __future__ import annotations

import http.client
import os
import socket
from pathlib import Path

from verikit.doctor.finding import Finding, State

LOOPBACK = "127.0.0.1"
CGROUP = Path("/sys/fs/cgroup")
MEMORY_FILE = Path("/proc/meminfo")
MIB = 2**20
SECONDS = 5.0
"""How long a server on the port may take to say that it is ours."""
SERVER_MIB = 210
WORKER_MIB = 100
"""Measured with portraits: 210, and 40 for each worker; the rest is for large photos."""


def processors() -> Finding:
    """The cores, of which each worker of the server keeps one busy."""
    cores, share = len(os.sched_getaffinity(0)), _quota()
    if share is None or share >= cores:
        return Finding(check="processors", found=f"{cores}")
    return Finding(
        check="processors",
        state=State.NOTE,
        found=f"{cores}, but this container may use {share:g} of them",
        advice=f"verikit serve --workers {max(1, int(share))}",
    )


def memory() -> Finding:
    """The memory that is left, held to what the server takes with a worker for each core."""
    left, wanted = _memory_left(), SERVER_MIB + WORKER_MIB * len(os.sched_getaffinity(0))
    found = f"{left / MIB:,.0f} MiB left"
    if left >= wanted * MIB:
        return Finding(check="memory", found=found)
    return Finding(
        check="memory",
        state=State.NOTE,
        found=f"{found}; the server takes about {wanted} MiB",
        advice="free some, or start fewer workers: verikit serve --workers 1",
    )


def port(number: int) -> Finding:
    """Whether the server could listen on its port."""
    try:
        socket.create_server((LOOPBACK, number)).close()
    except OSError as error:
        if _is_ours(number):
            return Finding(check="port", found=f"the reference server is ready on {number}")
        return Finding(
            check="port",
            state=State.WRONG,
            found=f"{number}: {error.strerror}",
            advice="stop what listens there, or take another: verikit serve --port N",
        )
    return Finding(check="port", found=f"{number} is free")


def folder() -> Finding:
    """Whether reports can be written here."""
    here = Path.cwd()
    if os.access(here, os.W_OK):
        return Finding(check="folder", found=f"{here} takes reports")
    return Finding(
        check="folder",
        state=State.WRONG,
        found=f"{here} cannot be written",
        advice="change to a folder of yours: reports go to reports/ there",
    )


def _quota() -> float | None:
    """The cores' worth of time that a container may use; None for no bound."""
    try:
        quota, period = (CGROUP / "cpu.max").read_text().split()
        return float(quota) / float(period)
    except (OSError, ValueError):
        return None


def _memory_left() -> int:
    """Bytes that can still be had, of the machine's or of the container's."""
    lines = (line.split() for line in MEMORY_FILE.read_text().splitlines())
    machine = next(int(line[1]) * 1024 for line in lines if line[0] == "MemAvailable:")
    try:
        most, taken = (int((CGROUP / f"memory.{name}").read_text()) for name in ("max", "current"))
    except (OSError, ValueError):
        return machine
    return min(machine, most - taken)


def _is_ours(number: int) -> bool:
    connection = http.client.HTTPConnection(LOOPBACK, number, timeout=SECONDS)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
