"""Runs the application in gunicorn, on a socket that is bound before the models are loaded."""

from __future__ import annotations

import logging
import os
import socket
import sys
import warnings
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from math import inf
from tempfile import TemporaryFile, gettempdir
from typing import Any, NoReturn

from flask import Flask
from gunicorn.app.base import BaseApplication
from gunicorn.arbiter import Arbiter
from gunicorn.errors import HaltServer

from reference_server.monitoring.logs import WRITER, log, log_failure, logging_config
from reference_server.monitoring.metrics import Metrics
from reference_server.monitoring.shared_counters import ROWS
from reference_server.process.memory import dump_no_core, return_freed_memory, settle
from reference_server.process.sandbox import lock_down
from reference_server.process.worker import Worker
from verikit.errors import why_not_listening
from verikit.machine import MOST_WORKERS, open_files

KEEP_ALIVE_SECONDS = 30
GRACEFUL_SECONDS = 30
FLUSH_SECONDS = 1.0
BACKLOG = 2048
CONNECTIONS = 900
"""How many a worker holds at most: processes often may open no more than 1024 files."""

OTHER_FILES = 100
"""What a worker opens besides, and more than that."""

FOLDER_IN_MEMORY = "/dev/shm"  # noqa: S108 - the file in it has no name


class CannotStart(Exception):  # noqa: N818 - a state, told to the user in one sentence
    """The server cannot start; the message is one sentence that says why."""


class KeysNotRead(Exception):  # noqa: N818 - as above
    """The keys that are there now cannot be taken; the message says why, without them."""


@dataclass(frozen=True, kw_only=True)
class Processes:
    """How many processes compute, and how many connections each of them reads at a time."""

    workers: int
    threads: int
    log_level: str


def bind(host: str, port: int) -> socket.socket:
    """A socket on the address; port 0 takes a free one.

    Raises:
        CannotStart: the address is taken or is none of this machine's.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with ExitStack() as closed_on_error:
            listener = closed_on_error.enter_context(socket.socket(family, kind, protocol))
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)
            closed_on_error.pop_all()
    except OSError as error:
        raise CannotStart(why_not_listening(host, port, error)) from error
    return listener


def url(listener: socket.socket) -> str:
    """The address in the form that a browser takes."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def run(
    app: Flask,
    listener: socket.socket,
    processes: Processes,
    when_ready: Callable[[], None],
    read_keys: Callable[[], int] = lambda: 0,
) -> NoReturn:
    """Serve until a signal says stop; ends the process with SystemExit.

    ``when_ready`` is called once, when the last worker has made its first comparison. ``read_keys``
    is called on SIGHUP, before new workers replace the old ones, and returns the number of keys;
    where it raises KeysNotRead, all stays as it is.
    """
    metrics: Metrics = app.extensions["metrics"]
    folder = _folder_of_heartbeats()
    WRITER.when_dropped = metrics.dropped_log_line
    return_freed_memory()
    dump_no_core()
    warnings.filterwarnings("ignore", module="PIL")  # what it minds about a photo is no news
    options = {
        "bind": f"fd://{listener.detach()}",
        "workers": processes.workers,
        "threads": processes.threads,
        "worker_class": Worker,
        "preload_app": True,
        "keepalive": KEEP_ALIVE_SECONDS,
        "graceful_timeout": GRACEFUL_SECONDS,
        "backlog": BACKLOG,
        "worker_connections": _connections(),
        "worker_tmp_dir": folder,
        "pre_fork": _choose_row,
        "post_fork": lambda _arbiter, worker: metrics.enter(worker.row),
        "child_exit": lambda _arbiter, worker: metrics.leave(worker.row),
        "worker_exit": _leave,
        "post_worker_init": _first_comparison(app, processes.workers, when_ready),
        "logconfig_dict": logging_config(processes.log_level),
        "control_socket_disable": True,
        "forwarded_allow_ips": "",
        "forwarder_headers": "",
        "proc_name": "verikit",
    }
    settle()
    try:
        _Arbiter(_Application(app, options, read_keys)).run()
    except SystemExit as ended:
        WRITER.flush(FLUSH_SECONDS)
        sys.exit(1 if ended.code else 0)
    raise AssertionError("gunicorn ends with SystemExit")


def _first_comparison(
    app: Flask, workers: int, when_ready: Callable[[], None]
) -> Callable[[Worker], None]:
    """What each worker does before it accepts: lock itself down, and prove that it can compare."""
    turns, fill = os.pipe()
    os.write(fill, b"." * (workers - 1) + b"!")  # each worker takes a byte, the last one tells
    os.close(fill)

    def compare(_worker: Worker) -> None:
        done = lock_down()
        if missing := {"landlock", "seccomp"} - set(done):
            log("not_locked_down", level=logging.WARNING, missing=sorted(missing))
        try:
            app.extensions["health"].check(patience=inf)
        except Exception as error:
            log_failure("unhealthy", error)
            raise CannotStart("the first comparison failed") from None
        if os.read(turns, 1) == b"!":
            when_ready()

    return compare


def _connections() -> int:
    room = open_files() - OTHER_FILES
    if room < 1:
        raise CannotStart(
            f"A process may open {open_files()} files, too few to serve: raise it (ulimit -n)."
        )
    return min(CONNECTIONS, room)


def _folder_of_heartbeats() -> str:
    """Where workers touch a file to show that they live: in memory, which no full disk stops."""
    for folder in (FOLDER_IN_MEMORY, None):
        with suppress(OSError), TemporaryFile(dir=folder):
            return folder or gettempdir()
    raise CannotStart(
        "Cannot create a temporary file: free some space, or set TMPDIR to another folder."
    )


def _choose_row(arbiter: Arbiter, worker: Worker) -> None:
    """A row of the metrics that no living worker adds to."""
    taken = {each.row for each in arbiter.WORKERS.values()}
    worker.row = next((row for row in range(ROWS) if row not in taken), ROWS - 1)


def _leave(_arbiter: Arbiter, worker: Worker) -> None:
    """End a worker without its C++ destructors.

    onnxruntime's would wait for a thread that exists only in the process which loaded it.
    """
    if worker.pid == os.getpid():
        ended = sys.exc_info()[1]
        sys.stdout.flush()
        WRITER.flush(FLUSH_SECONDS)
        os._exit(int(ended.code or 0) if isinstance(ended, SystemExit) else 0)


class _Arbiter(Arbiter):  # type: ignore[misc] # gunicorn ships no types
    """Takes the signals that make sense here, and lets none of them stop the server."""

    def handle_ttin(self) -> None:
        """One more worker."""
        if self.num_workers < MOST_WORKERS:
            super().handle_ttin()

    def handle_hup(self) -> None:
        """Read the keys again, and replace the workers by ones that have them."""
        try:
            keys = self.app.read_keys()
        except KeysNotRead as error:
            log("keys_not_read", level=logging.ERROR, error=str(error))
        else:
            log("keys_read", keys=keys)
            super().handle_hup()

    def stop(self, graceful: bool = True) -> None:
        """Stop all workers, though gunicorn breaks off at each one that could not start."""
        with suppress(HaltServer):
            super().stop(graceful)
            return
        self.stop(graceful)

    def handle_int(self) -> NoReturn:
        """Stop as on SIGTERM; while it stops, a second one ends it at once."""
        log("stopping", signal="INT")
        raise StopIteration

    def handle_usr2(self) -> None:
        """Do nothing: a second server would start without what this one was started with."""
        log("ignored", level=logging.WARNING, signal="USR2")


class _Application(BaseApplication):  # type: ignore[misc] # gunicorn ships no types
    def __init__(self, app: Flask, options: dict[str, Any], read_keys: Callable[[], int]) -> None:
        self._app, self._options, self.read_keys = app, options, read_keys
        super().__init__()

    def load_config(self) -> None:
        for name, value in self._options.items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        return self._app
