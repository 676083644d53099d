from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from multiprocessing import get_context
from threading import Barrier, Thread
from time import sleep
from typing import Any

import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import validate
from werkzeug.test import TestResponse

from reference_server import limits
from reference_server.app import create_app
from reference_server.limits import Bounded, Busy, Limits, Rate
from reference_server.settings import Settings
from reference_server.verifier import Verifier
from tests.support.fake_server import Gate
from tests.support.waiting import eventually
from verikit.contract import load_contract

CONTRACT = load_contract()
FORK = get_context("fork")


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(limits, "monotonic", clock)
    return clock


def taken(rate: Rate) -> bool:
    try:
        rate.take()
    except Busy:
        return False
    return True


def test_a_bucket_holds_a_seconds_worth(clock: Clock) -> None:
    rate = Rate(5)
    assert [taken(rate) for _ in range(6)] == [True] * 5 + [False]
    clock.now += 0.2
    assert [taken(rate) for _ in range(2)] == [True, False]


def test_a_rate_below_one_lets_single_requests_in(clock: Clock) -> None:
    rate = Rate(0.1)
    assert taken(rate)
    clock.now += 9.9
    with pytest.raises(Busy) as busy:
        rate.take()
    assert busy.value.seconds == 1
    clock.now += 0.2
    assert taken(rate)


@given(
    per_second=st.integers(1, 8),
    gaps=st.lists(st.sampled_from([0.0, 0.0, 0.125, 0.25, 1.0, 3.0]), max_size=60),
)
def test_in_no_stretch_of_time_more_than_its_share_and_a_bucket(
    per_second: int, gaps: list[float]
) -> None:
    clock, admitted = Clock(), []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(limits, "monotonic", clock)
        rate = Rate(per_second)
        for gap in gaps:
            clock.now += gap
            if taken(rate):
                admitted.append(clock.now)
    for first, start in enumerate(admitted):
        for count, end in enumerate(admitted[first:], 1):
            assert count <= (end - start) * per_second + per_second + 1e-6


def test_who_keeps_to_the_rate_is_never_refused(clock: Clock) -> None:
    rate = Rate(3)
    for _ in range(100):
        rate.take()
        clock.now += 1 / 3 + 1e-9


def test_processes_share_the_bucket() -> None:
    rate = Rate(0.001)
    child = FORK.Process(target=rate.take)
    child.start()
    child.join()
    assert not taken(rate)


def take_for_ever(rate: Rate) -> None:
    while True:
        taken(rate)


@pytest.mark.timeout(60)
def test_a_process_killed_while_it_takes_locks_nobody_out() -> None:
    rate = Rate(1)
    for _ in range(20):
        child = FORK.Process(target=take_for_ever, args=[rate])
        child.start()
        sleep(0.02)
        child.kill()
        child.join()
        taken(rate)  # a lock that was left held would stop this


def test_no_more_than_the_bound_is_ever_held() -> None:
    bounded, barrier = Bounded("memory", 10), Barrier(8)
    held: list[int] = []
    most: list[int] = []

    def work() -> None:
        barrier.wait()
        for _ in range(200):
            mine: list[int] = []
            with suppress(Busy), bounded.hold() as take:
                try:
                    for amount in (3, 1):
                        take(amount)
                        mine.append(amount)
                        held.append(amount)
                        most.append(sum(held))
                        sleep(0)
                finally:
                    for amount in mine:
                        held.remove(amount)

    threads = [Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert max(most) <= 10
    with bounded.hold() as take:
        take(10)  # all was given back


@pytest.mark.parametrize(("seconds", "said"), [(-3, 1), (0, 1), (0.2, 1), (1, 1), (1.1, 2)])
def test_nobody_is_told_to_ask_again_in_the_past(seconds: float, said: int) -> None:
    assert Busy("deadline", seconds).seconds == said


def limited(settings: Settings, engine: Any, **how: Any) -> FlaskClient:
    own = Settings(key=settings.key, iv=settings.iv, limits=Limits(**how))
    return create_app(own, Verifier(own, engine)).test_client()


def ask(client: FlaskClient, body: bytes) -> TestResponse:
    return client.post(CONTRACT.path, data=body, content_type=CONTRACT.media_types[0])


def busy(answer: TestResponse, status: int) -> None:
    assert answer.status_code == answer.json["code"] == status  # type: ignore[index]
    validate(answer.json, CONTRACT.schema("AbnormalResponse"))
    assert int(answer.headers["Retry-After"]) >= 1


@pytest.mark.parametrize("status", [500, 503, 429])
def test_beyond_the_rate_comes_the_chosen_status(  # noqa: PLR0917 - fixtures
    settings: Settings,
    engine: object,
    body: Callable[..., bytes],
    clock: Clock,
    status: int,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("INFO", "verikit")
    client = limited(settings, engine, rate=2, status=status)
    assert [ask(client, body()).status_code for _ in range(2)] == [200, 200]
    answer = ask(client, body())
    busy(answer, status)
    assert answer.headers["Connection"] == "close", "its body was not read"
    assert [record.fields["limit"] for record in caplog.records] == [None, None, "rate"]  # type: ignore[attr-defined]
    page = client.get("/metrics").text
    assert 'verikit_limited_requests_total{limit="rate"} 1.0' in page
    assert f'verikit_requests_total{{code="{status}",status="{status}"}} 1.0' in page
    clock.now += 0.5
    assert ask(client, body()).status_code == 200


def test_the_default_status_is_one_that_the_contract_documents() -> None:
    assert Limits().status in CONTRACT.statuses


def test_bodies_beyond_the_memory_are_refused_and_it_is_given_back(
    settings: Settings, engine: object, body: Callable[..., bytes]
) -> None:
    fitting = body()
    client = limited(settings, engine, body_bytes=len(fitting))
    assert ask(client, fitting).status_code == 200
    answer = ask(client, fitting + b"&a=b")
    busy(answer, 500)
    assert ask(client, fitting).status_code == 200


def test_pages_for_operators_are_not_limited(
    settings: Settings, engine: object, body: Callable[..., bytes], clock: Clock
) -> None:
    client = limited(settings, engine, rate=1)
    ask(client, body())
    for path in ("/healthz", "/readyz", "/metrics"):
        assert client.get(path).status_code == 200


@pytest.mark.live
def test_a_full_queue_answers_at_once_and_keeps_the_connection(
    gate: Gate, start_live: Callable[..., Any], body: Callable[..., bytes]
) -> None:
    server = start_live(threads=16, concurrent=2, deadline=300)
    slow = body("yellow")
    with ThreadPoolExecutor(2) as pool:
        accepted = [pool.submit(server.post, slow) for _ in range(2)]
        assert eventually(lambda: server.arrived() == 2)
        for _ in range(6):
            refused = server.post(slow)
            assert refused.status_code == refused.json()["code"] == 500
            assert refused.headers["Connection"] == "keep-alive"
            assert int(refused.headers["Retry-After"]) >= 1
        gate.open()
        assert [answer.result().json()["code"] for answer in accepted] == [1000, 1000]
    assert server.post(slow).status_code == 200
