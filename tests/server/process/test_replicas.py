"""nginx in front of replicas: all of them work, and the death of one is nobody's failure."""

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from reference_server.process.serve import KEEP_ALIVE_SECONDS
from tests.support.nginx import DEPLOY, LET_IN, Front, running, secret_line, sign, write

pytestmark = [pytest.mark.live, pytest.mark.nginx]


@pytest.fixture
def replicas(start_live: Callable[..., Any]) -> list[Any]:
    return [start_live(), start_live()]


@pytest.fixture
def front(replicas: list[Any], tmp_path: Path) -> Iterator[Any]:
    for name in ("tls", "clients"):
        write(tmp_path, name, sign("localhost"))
    (tmp_path / "secrets.map").write_text(secret_line())
    with running(tmp_path, *(replica.port for replica in replicas)) as port:
        yield Front(port, tmp_path, (), ())


def kill(replica: Any) -> None:
    """As a machine dies that the power leaves."""
    workers = replica.workers()
    replica.process.kill()
    replica.process.wait()
    for worker in workers:
        os.kill(worker, signal.SIGKILL)


def comparisons(replica: Any) -> float:
    return float(replica.figure("verikit_requests_total"))


def test_every_replica_works_and_the_death_of_one_goes_unnoticed(
    front: Any, replicas: list[Any], body: Callable[..., bytes]
) -> None:
    def ask() -> int:
        return int(front.post(body(), LET_IN).status_code)

    before = [comparisons(replica) for replica in replicas]
    assert {ask() for _ in range(12)} == {200}
    assert all(comparisons(r) > seen for r, seen in zip(replicas, before, strict=True))
    kill(replicas[0])
    assert {ask() for _ in range(12)} == {200}


@pytest.mark.parametrize("upstream", ["nginx-single.conf", "nginx-replicas.conf"])
def test_the_front_hangs_up_before_the_server_does(upstream: str) -> None:
    """Otherwise a request may meet a connection that is just being closed."""
    words = (DEPLOY / upstream).read_text().split()
    kept = words[words.index("keepalive_timeout") + 1]
    assert int(kept.removesuffix("s;")) < KEEP_ALIVE_SECONDS
