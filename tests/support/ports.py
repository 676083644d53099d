"""Ports for servers that tests start."""

import socket

from tests.support.waiting import eventually


def free_port() -> int:
    """A port of 127.0.0.1 on which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def wait_until_open(port: int, seconds: float = 60) -> None:
    """Wait until somebody listens on a port of 127.0.0.1."""

    def is_open() -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    assert eventually(is_open, seconds), f"nobody listens on port {port} after {seconds} s"
