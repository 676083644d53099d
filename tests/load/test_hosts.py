"""Master, workers and server on hosts of their own: network namespaces joined by a bridge."""

from __future__ import annotations

import json
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
        pytest.skip("network namespaces need root and the program ip")
    with ExitStack() as stack:
        try:
            made = Hosts(stack)
        except subprocess.CalledProcessError as error:
            pytest.skip(f"no network namespaces here: {error.stderr.strip()}")
        yield made


@pytest.fixture
def begin() -> Iterator[Callable[[list[str]], subprocess.Popen[str]]]:
    """Starts a program; ended with the test at the latest."""
    begun: list[subprocess.Popen[str]] = []

    def run(command: list[str]) -> subprocess.Popen[str]:
        begun.append(subprocess.Popen(command, stdout=subprocess.PIPE, text=True))  # noqa: S603 - our own program
        return begun[-1]

    yield run
    for each in begun:
        each.kill()
        each.communicate()


@pytest.mark.live
def test_workers_on_three_hosts_are_merged(
    hosts: Hosts,
    begin: Callable[[list[str]], subprocess.Popen[str]],
    paced: list[str],
    tmp_path: Path,
) -> None:
    server, report = hosts.address("server"), tmp_path / "report.json"
    serving = begin(hosts.on("server", sys.executable, str(HERE / "servers.py"), server))
    assert serving.stdout is not None
    url = f"http://{server}:{json.loads(serving.stdout.readline())['good']}"
    load = (sys.executable, "-m", "verikit", "load", url, "--master-port", PORT)
    workers = [
        begin(hosts.on(name, *load, "--worker", "--master-host", hosts.address("master")))
        for name in NAMES
        if name.startswith("worker")
    ]
    options = (*paced, "--rate", "60", "--duration", "2")
    many = ("--master", "--master-host", hosts.address("master"), "--expect-workers", "3")
    master = begin(hosts.on("master", *load, *options, *many, "--json", str(report)))
    output, _ = master.communicate(timeout=240)
    assert master.returncode == 0, output
    ended = json.loads(report.read_text())
    assert ended["measures"]["requests"] == 120
    assert len(ended["generators"]) == 3
    assert [worker.wait(60) for worker in workers] == [0, 0, 0]
