"""Checks the machine: cores, memory, a free port, a writable folder."""

from __future__ import annotations

import os
import socket
from pathlib import Path

from verikit import machine
from verikit.commands.doctor.finding import Finding, State
from verikit.errors import Unreachable
from verikit.transport import Address, Connection, Endpoint, Request

LOOPBACK = "127.0.0.1"
MIB = 2**20
SERVER = "verikit"
"""What the reference server calls itself."""

SECONDS = 5.0
"""How long a server on the port may take to say that it is ours."""


def processors() -> Finding:
    """The number of cores; each worker of the server keeps one busy."""
    cores, share = len(os.sched_getaffinity(0)), machine.processors()
    if share >= cores:
        return Finding(check="processors", found=f"{cores}")
    return Finding(
        check="processors",
        found=f"{cores}, of which this container may use {share:g}",
    )


def memory() -> Finding:
    """Whether the available memory suffices for the server with its default number of workers."""
    left = machine.memory_left()
    wanted = machine.SERVER_BYTES + machine.WORKER_BYTES * machine.workers()
    found = f"{left / MIB:,.0f} MiB available"
    if left >= wanted:
        return Finding(check="memory", found=found)
    return Finding(
        check="memory",
        state=State.NOTE,
        found=f"{found}; the server takes about {wanted / MIB:.0f} MiB",
        advice="free some memory, or start fewer workers: verikit serve --workers 1",
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
            advice="stop that program, or use another port: verikit serve --port N",
        )
    return Finding(check="port", found=f"{number} is free")


def folder() -> Finding:
    """Whether reports can be written here."""
    here = Path.cwd()
    if os.access(here, os.W_OK):
        return Finding(check="folder", found=f"{here} is writable")
    return Finding(
        check="folder",
        state=State.WRONG,
        found=f"{here} cannot be written",
        advice="change to a folder that you can write: reports go to reports/ there",
    )


def _is_ours(number: int) -> bool:
    address = Address.of(f"http://{LOOPBACK}:{number}")
    try:
        with Connection(Endpoint(address=address, timeout=SECONDS)) as connection:
            answer = connection.ask(Request(method="GET", path="/healthz"))
            return answer.status == 200 and answer.headers.get("server") == SERVER
    except Unreachable:
        return False
