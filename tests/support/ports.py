"""Ports for servers that tests start."""

import random
import socket

from tests.support.waiting import eventually

_BELOW_THOSE_GIVEN_TO_ANYBODY = range(15_000, 32_000)
"""Linux gives 32768 and above to servers that ask for any port, and to clients."""
_CHANCE = random.SystemRandom()  # the other one is seeded alike in all processes of a run


def free_port() -> int:
    """A port of 127.0.0.1 on which nobody listens, and nobody will by chance."""
    while True:
        port = _CHANCE.choice(_BELOW_THOSE_GIVEN_TO_ANYBODY)
        try:
            with socket.create_server(("127.0.0.1", port)):
                return port
        except OSError:
            continue


def wait_until_open(port: int, seconds: float = 60) -> None:
    """Wait until somebody listens on a port of 127.0.0.1."""

    def is_open() -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    assert eventually(is_open, seconds), f"nobody listens on port {port} after {seconds} s"
