"""Master, workers and server on hosts of their own: network namespaces joined by a bridge."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

HERE = Path(__file__).parent
NAMES = ("server", "master", "worker1", "worker2", "worker3")
PORT = "5557"


class Hosts:
    """Namespaces with an address each; what runs in one of them reaches the others by address."""

    def __init__(self, stack: ExitStack) -> None:
        self._stack = stack
        self._switch = self._added("switch")
        ip("-n", self._switch, "link", "add", "bridge", "type", "bridge")
        ip("-n", self._switch, "link", "set", "bridge", "up")
        for name in NAMES:
            self._join(name, self._added(name))

    def address(self, host: str) -> str:
        return f"10.77.0.{NAMES.index(host) + 1}"

    def on(self, host: str, *command: str) -> list[str]:
        """The command, to be run there."""
        return ["ip", "netns", "exec", _space(host), *command]

    def _added(self, host: str) -> str:
        ip("netns", "add", _space(host))
        self._stack.callback(ip, "netns", "del", _space(host))
        return _space(host)

    def _join(self, host: str, space: str) -> None:
        port = ("peer", "name", host, "netns", self._switch)
        ip("-n", space, "link", "add", "eth0", "type", "veth", *port)
        ip("-n", self._switch, "link", "set", "dev", host, "master", "bridge", "up")
        ip("-n", space, "address", "add", f"{self.address(host)}/24", "dev", "eth0")
        for link in ("eth0", "lo"):
            ip("-n", space, "link", "set", link, "up")


def _space(host: str) -> str:
    return f"verikit{os.getpid()}-{host}"


def ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True, text=True)  # noqa: S603, S607 - Debian's own


@pytest.fixture
def hosts() -> Iterator[Hosts]:
    if os.geteuid() or not shutil.which("ip"):
        pytest.skip("network namespaces need root and ip (Debian: iproute2)")
    with ExitStack() as stack:
        try:
            made = Hosts(stack)
        except subprocess.CalledProcessError as error:
            pytest.skip(f"no network namespaces here: {error.stderr.strip()}")
        yield made


@pytest.mark.live
def test_workers_on_three_hosts_are_merged(
    hosts: Hosts, start_command: Callable[..., object], tmp_path: Path
) -> None:
    server = hosts.address("server")
    serving = start_command(
        hosts.on("server", sys.executable, str(HERE / "servers.py"), "good", server)
    )
    url = f"http://{server}:{serving.process.stdout.readline().strip()}"
    load = (sys.executable, "-m", "verikit", "load", url, "--master-port", PORT)
    workers = [
        start_command(hosts.on(name, *load, "--worker", "--master-host", hosts.address("master")))
        for name in NAMES
        if name.startswith("worker")
    ]
    options = ("--profile", "baseline", "--rate", "60", "--duration", "3", "--warm-up", "1")
    many = ("--master", "--master-host", hosts.address("master"), "--expect-workers", "3")
    report = ("--json", str(tmp_path / "report.json"))
    ended = start_command(hosts.on("master", *load, *options, *many, *report)).end()
    assert ended.status == 0, ended.output
    assert ended.report["measures"]["requests"] == 180
    assert len(ended.report["generators"]) == 3
    assert [worker.end(30).status for worker in workers] == [0, 0, 0]
