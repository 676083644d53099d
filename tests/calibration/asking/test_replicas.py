"""Runs that ask several servers, from this process or from workers.

The workers are threads here, processes of a Dask cluster in test_dask.py.
"""

import json
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from click.testing import CliRunner

from calibration.asking import cluster
from calibration.asking.cluster import slots_of
from calibration.asking.server import CHECKED_EVERY
from calibration.commands import server_run
from calibration.executors import Workers
from tests.support.serving import serving
from verikit.cli import main
from verikit.transport import Address, Endpoint

pytestmark = pytest.mark.live
SMALL_TASK = 50
FAST = ["--rate", "100000", "--quiet", "--json"]


@pytest.fixture(autouse=True)
def threads(monkeypatch):
    @contextmanager
    def workers(dask, processes):
        with ThreadPoolExecutor(2) as executor:
            yield Workers(executor, 2)

    monkeypatch.setattr(server_run, "open_workers", workers)
    monkeypatch.setattr(cluster, "TASK_SIZE", SMALL_TASK)


@pytest.fixture
def replica(stub):
    with serving(type(stub)()) as server:
        yield server


def run(stub, people, out, *options: str):
    command = [stub.url, "--data", str(people), "--out", str(out), *FAST, *options]
    return CliRunner().invoke(main, ["calibrate", *command], catch_exceptions=False)


def report(result) -> dict:
    document = json.loads(result.stdout)
    document["provenance"].pop("answers")
    return document


def counts(result) -> dict:
    """What a report says whatever the rule is that it is judged by."""
    found = report(result)
    rows = [row["k"] for row in found["rows"]]
    of_rule = ("rule", "rows", "provenance")
    return without_intervals({k: v for k, v in found.items() if k not in of_rule}) | {"k": rows}


def without_intervals(value):
    if isinstance(value, dict):
        return {k: without_intervals(v) for k, v in value.items() if k != "interval"}
    return [without_intervals(entry) for entry in value] if isinstance(value, list) else value


@pytest.mark.parametrize(
    ("until", "generosity", "budget"),
    [((), 0.1, "400"), (("--until", "decided"), 0.03, "1100")],
)
def test_workers_come_to_what_one_process_comes_to(  # noqa: PLR0917 - three are fixtures
    stub, people, tmp_path, until, generosity, budget
):
    stub.generosity = generosity
    options = ("--budget", budget, *until)
    plain = run(stub, people, tmp_path / "plain", *options)
    found = run(stub, people, tmp_path / "workers", *options, "--dask", "local")
    assert found.exit_code == 1, found.output
    assert report(found) == report(plain)
    assert report(found)["provenance"]["ended"] == ("decided" if until else "budget")


def test_the_same_folder_goes_on_where_it_was_whoever_asks(stub, people, tmp_path):
    out = tmp_path / "out"
    run(stub, people, out, "--budget", "300", "--dask", "local")
    found = run(stub, people, out, "--budget", "600")
    assert max(stub.asked.values()) == 1
    assert report(found)["rule"]["at_any_time"], "extended after its end was seen"
    before = stub.asked.total()
    run(stub, people, out, "--budget", "600", "--dask", "local")
    assert stub.asked.total() == before


@pytest.mark.parametrize("workers", [(), ("--dask", "local")])
def test_replicas_share_the_work_and_are_checked(stub, replica, people, tmp_path, workers):
    options = ("--budget", "400", "--url", replica.url, *workers)
    found = run(stub, people, tmp_path / "out", *options)
    assert found.exit_code == 3, found.output
    assert min(stub.asked.total(), replica.asked.total()) >= SMALL_TASK
    asked = stub.asked.total() + replica.asked.total()
    assert 400 + 400 // CHECKED_EVERY <= asked <= 401 + 400 // CHECKED_EVERY
    assert report(found) == report(run(stub, people, tmp_path / "plain", "--budget", "400"))


@pytest.mark.parametrize("workers", [(), ("--dask", "local")])
def test_servers_that_differ_are_no_replicas(stub, replica, people, tmp_path, workers):
    replica.generosity = 0.1
    options = ("--budget", "400", "--url", replica.url, *workers)
    result = run(stub, people, tmp_path / "out", *options)
    assert result.exit_code == 2
    assert "are not replicas" in result.output


def test_servers_that_refuse_with_other_codes_are_no_replicas(stub, replica, people, tmp_path):
    for server, code in ((stub, 4000), (replica, 4004)):
        body = {"code": code, "message": "m", "request_id": "1"}
        server.raw = {"content-type": "application/json"}, json.dumps(body).encode()
    result = run(stub, people, tmp_path / "out", "--budget", "100", "--url", replica.url)
    assert result.exit_code == 2
    # Whichever of the two answers first is named first.
    assert f"code 4000 from {stub.url}" in result.output
    assert f"code 4004 from {replica.url}" in result.output


@pytest.mark.parametrize("workers", [(), ("--dask", "local")])
def test_replicas_may_differ_as_the_profile_says(stub, replica, people, tmp_path, workers):
    replica.generosity = 0.001
    profile = tmp_path / "profile.yaml"
    options = ("--budget", "400", "--url", replica.url, *workers, "--profile", str(profile))
    for tolerance, code in ((0.0, 2), (0.002, 3)):
        profile.write_text(f"score_tolerance: {tolerance}")
        assert run(stub, people, tmp_path / f"{tolerance}", *options).exit_code == code


@pytest.mark.parametrize("workers", [(), ("--dask", "local")])
def test_lasting_trouble_ends_the_run_and_loses_no_answer(stub, people, tmp_path, workers):
    out = tmp_path / "out"
    run(stub, people, out, "--budget", "150", *workers)
    stub.always_broken = True
    options = ("--budget", "300", "--retries", "0", *workers)
    result = run(stub, people, out, *options)
    assert result.exit_code == 3
    assert "HTTP 500" in result.stderr
    stub.always_broken = False
    found = run(stub, people, out, *options)
    assert counts(found) == counts(run(stub, people, tmp_path / "plain", "--budget", "300"))


@pytest.mark.parametrize("workers", [(), ("--dask", "local")])
def test_what_was_answered_before_the_trouble_is_not_asked_again(
    stub, people, tmp_path, workers, monkeypatch
):
    """Neither that of the task in which the trouble came, nor that of any other."""
    answered, most, answer = Counter(), [130], stub.RequestHandlerClass.answer

    def until_broken(self, first, second):
        with stub.lock:
            broken = answered.total() >= most[0]
            answered.update([] if broken else [(first, second)])
        if broken:
            self.send(500, {"code": 500, "message": "internal", "request_id": "1"})
        else:
            answer(self, first, second)

    monkeypatch.setattr(stub.RequestHandlerClass, "answer", until_broken)
    options = ("--budget", "300", "--retries", "0", *workers)
    result = run(stub, people, tmp_path / "out", *options)
    assert "HTTP 500" in result.stderr
    most[0] = 1000
    assert report(run(stub, people, tmp_path / "out", *options))["not_measured"] == 0
    assert set(answered.values()) == {1}


def test_a_replica_that_is_broken_is_not_covered_up_by_the_other(stub, replica, people, tmp_path):
    replica.always_broken = True
    options = ("--budget", "300", "--retries", "0", "--url", replica.url)
    result = run(stub, people, tmp_path / "out", *options)
    assert result.exit_code == 3
    assert "25 comparisons in a row" in result.stderr


def test_minutes_end_a_run_when_what_is_under_way_has_landed(stub, people, tmp_path):
    stub.delay = 0.002
    out = tmp_path / "out"
    options = ("--budget", "7000", "--minutes", "0.002", "--dask", "local")
    found = report(run(stub, people, out, *options))
    assert found["provenance"]["ended"] == "minutes"
    answered = found["non_mated"] + found["mated"] + sum(found["refused"].values())
    asked = sum(n for (first, second), n in stub.asked.items() if first != second)
    assert answered == asked < 7000


@pytest.mark.parametrize(("urls", "workers"), [(1, 1), (1, 3), (2, 2), (2, 5), (3, 1)])
def test_what_a_server_gets_from_all_workers_keeps_to_the_rate(urls, workers):
    endpoints = [Endpoint(address=Address.of(f"http://{name}"), rate=30.0) for name in "abc"[:urls]]
    slots = slots_of(endpoints, workers)
    assert len(slots) >= workers
    for endpoint in endpoints:
        rates = [one.rate for slot in slots for one in slot if one.address == endpoint.address]
        assert 0 < sum(rates) <= 30.0 + 1e-9
    assert all(len(slot) == 1 + (urls > 1) for slot in slots)
    assert all(len({one.address for one in slot}) == len(slot) for slot in slots)


def test_no_header_and_no_password_passes_through_a_scheduler(stub, people, tmp_path, monkeypatch):
    command = [f"http://name:password@127.0.0.1:{stub.server_port}", "--data", str(people)]
    command += ["--out", str(tmp_path / "out"), *FAST, "--dask", "local"]
    result = CliRunner().invoke(main, ["calibrate", *command], catch_exceptions=False)
    assert result.exit_code == 2
    assert "would pass through the scheduler" in result.output


@pytest.mark.parametrize("are_ours", [True, False])
def test_workers_encrypt_by_the_key_of_the_run(
    stub, people, tmp_path, monkeypatch, are_ours
) -> None:
    """Those of other machines have it already, or say that theirs is another."""

    @contextmanager
    def workers(dask, processes):
        with ThreadPoolExecutor(2) as executor:
            yield Workers(executor, 2, are_ours=are_ours)

    monkeypatch.setattr(server_run, "open_workers", workers)
    stub.key = "k" * 32
    (tmp_path / "key").write_text(stub.key)
    where = ["--data", str(people), "--out", str(tmp_path / "run"), *FAST, "--budget", "20"]
    command = ["--key-file", str(tmp_path / "key"), "calibrate", stub.url, *where]
    result = CliRunner().invoke(main, [*command, "--dask", "local"])
    if are_ours:
        assert report(result)["provenance"]
    else:
        assert result.exit_code == 2
        assert "A worker has another key or IV than this process" in result.output
        monkeypatch.setenv("PARAM_DECRYPT_KEY", stub.key)
        assert report(CliRunner().invoke(main, [*command, "--dask", "local"]))["provenance"]
