import os
import signal
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask.testing import FlaskClient
from prometheus_client.parser import text_string_to_metric_families

from loadtests.control.server_monitor import find_probe
from reference_server.stages import STAGES
from tests.support.fake_server import Gate
from tests.support.waiting import eventually
from verikit.contract import load_contract
from verikit.transport import Address, Endpoint

CONTRACT = load_contract()
PATH = CONTRACT.path

Numbers = dict[tuple[str, ...], float]


def numbers(page: str) -> Numbers:
    """Each sample by its name and its labels' values."""
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(page)
        for sample in family.samples
    }


def ask(client: FlaskClient, content: bytes) -> int:
    return client.post(PATH, data=content, content_type=CONTRACT.media_types[0]).status_code


def test_answers_count_by_code_and_status(client: FlaskClient, body: Callable[..., bytes]) -> None:
    for content in (body(), body(), body("black"), b"a=b", body("lime")):
        ask(client, content)
    client.get("/nowhere")
    client.get("/healthz")
    found = numbers(client.get("/metrics").text)
    counts = {key[1:]: n for key, n in found.items() if key[0] == "verikit_requests_total" and n}
    assert counts == {
        ("1000", "200"): 2,
        ("4000", "400"): 1,
        ("1200", "400"): 1,
        ("500", "500"): 1,
        ("404", "404"): 1,
    }


def test_every_answer_of_the_contract_has_its_line_from_the_start(client: FlaskClient) -> None:
    found = numbers(client.get("/metrics").text)
    expected = {(str(CONTRACT.success_code), "200")}
    expected |= {(str(entry.code), str(entry.status)) for entry in CONTRACT.codes.values()}
    expected |= {(str(s), str(s)) for s in CONTRACT.statuses if s > 400}
    assert {key[1:] for key in found if key[0] == "verikit_requests_total"} == expected


def test_histograms_hold_the_operations_requests_only(
    client: FlaskClient, body: Callable[..., bytes]
) -> None:
    for content in (body(), b"a=b"):
        ask(client, content)
    client.get("/nowhere")
    found = numbers(client.get("/metrics").text)
    assert found["verikit_request_duration_seconds_count",] == 2
    assert found["verikit_request_duration_seconds_bucket", "+Inf"] == 2
    stages = {
        key[1]: n for key, n in found.items() if key[0] == "verikit_stage_duration_seconds_count"
    }
    assert tuple(stages) == STAGES
    seen = {"receive": 2, "wait": 2, "parse": 2, "decrypt": 1, "decode": 1}
    assert {stage: stages[stage] for stage in seen} == seen
    whole = found["verikit_request_duration_seconds_sum",]
    assert 0 < sum(found["verikit_stage_duration_seconds_sum", stage] for stage in STAGES) <= whole


def test_nothing_is_in_flight_but_the_request_for_the_page(
    client: FlaskClient, body: Callable[..., bytes]
) -> None:
    for content in (body(), body("lime"), b""):
        ask(client, content)
    found = numbers(client.get("/metrics").text)
    assert found["verikit_requests_in_flight",] == 1
    assert found["verikit_requests_held",] == 0


def test_cpu_time_and_memory_are_those_of_the_process(client: FlaskClient) -> None:
    found = numbers(client.get("/metrics").text)
    assert found["process_cpu_seconds_total",] == pytest.approx(sum(os.times()[:4]), abs=0.1)
    assert found["process_resident_memory_bytes",] > 10e6


@pytest.mark.live
def test_several_workers_count_as_one_and_a_killed_one_loses_nothing(
    gate: Gate, start_live: Callable[..., Any], body: Callable[..., bytes]
) -> None:
    server = start_live(workers=2, deadline=300)
    content = body()
    with ThreadPoolExecutor(12) as pool:
        assert all(pool.map(lambda _: server.post(content).ok, range(90)))
    pages = [numbers(server.get("/metrics").text) for _ in range(10)]
    assert {page["verikit_requests_total", "1000", "200"] for page in pages} == {90}
    assert {page["verikit_request_duration_seconds_count",] for page in pages} == {90}
    workers = [key for key in pages[-1] if key[0] == "verikit_worker_resident_memory_bytes"]
    assert len(workers) == 2

    victims = server.workers()
    with ThreadPoolExecutor(6) as pool:
        for _ in range(6):
            pool.submit(server.post, body("yellow"))
        assert eventually(lambda: server.arrived() == 96)
        for pid in victims:
            os.kill(pid, signal.SIGKILL)
        gate.open()
    assert eventually(lambda: len(set(server.workers()) - set(victims)) == 2)
    server.post(content)
    page = numbers(server.get("/metrics").text)
    assert page["verikit_requests_total", "1000", "200"] == 91
    assert page["verikit_requests_in_flight",] == 1, "what was killed is over"
    assert page["verikit_requests_held",] == 0
    assert page["process_cpu_seconds_total",] >= pages[-1]["process_cpu_seconds_total",]


@pytest.mark.live
def test_load_tests_read_the_page(live: Any) -> None:
    look = find_probe(Endpoint(address=Address.of(live.url)), None, f"{live.url}/metrics")
    assert look is not None
    cpu_seconds, resident = look()
    assert cpu_seconds > 0
    assert resident > 20e6
