"""Runs whose shards go to workers: threads here, processes of a Dask cluster in test_dask.py."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from click.testing import CliRunner

from calibration import cli
from calibration.asking.answers import SHARD
from calibration.asking.errand import CHECKED
from calibration.asking.fleet import seats_of
from calibration.executors import Workers

pytestmark = pytest.mark.live
FAST = ["--rate", "100000", "--quiet", "--json"]


@pytest.fixture(autouse=True)
def threads(monkeypatch):
    @contextmanager
    def workers(dask, processes):
        with ThreadPoolExecutor(2) as executor:
            yield Workers(executor, 2)

    monkeypatch.setattr(cli, "open_workers", workers)
    monkeypatch.setattr(cli.writer, "write", lambda out, *_, **__: out)  # plots take seconds


@pytest.fixture
def replica(stub):
    server = type(stub)()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def run(stub, people, out, *options: str):
    command = [stub.url, "--data", str(people), "--out", str(out), *FAST, *options]
    return CliRunner().invoke(cli.calibrate, command, catch_exceptions=False)


def report(result) -> dict:
    document = json.loads(result.stdout)
    document["provenance"].pop("answers")
    return document


def counts(result) -> dict:
    """What a report says whatever the rule is that it is judged by."""
    found = report(result)
    rows = [row["k"] for row in found["rows"]]
    return {k: v for k, v in found.items() if k not in ("rule", "rows", "provenance")} | {"k": rows}


def entries(out) -> list[dict]:
    lines = (out / "shards/manifest.jsonl").read_text().splitlines()
    return [line for line in map(json.loads, lines) if "shard" in line]


@pytest.mark.parametrize("until", [(), ("--until", "decided")])
def test_shards_come_to_what_one_process_comes_to(stub, people, tmp_path, until):
    stub.generosity = 0.02
    options = ("--budget", "1100", *until)
    plain = run(stub, people, tmp_path / "plain", *options)
    found = run(stub, people, tmp_path / "shards", *options, "--dask", "local")
    assert found.exit_code == 1, found.output
    assert report(found) == report(plain)
    assert report(found)["provenance"]["ended"] == ("decided" if until else "budget")


def test_the_same_folder_goes_on_where_it_was(stub, people, tmp_path):
    out = tmp_path / "out"
    run(stub, people, out, "--budget", "300", "--dask", "local")
    found = run(stub, people, out, "--budget", "600", "--dask", "local")
    assert max(stub.asked.values()) == 1
    assert report(found)["rule"]["at_any_time"], "extended after its end was seen"
    before = stub.asked.total()
    run(stub, people, out, "--budget", "600", "--dask", "local")
    assert stub.asked.total() == before


def test_a_damaged_shard_is_asked_again_and_no_other(stub, people, tmp_path):
    out = tmp_path / "out"
    whole = run(stub, people, out, "--budget", "600", "--dask", "local")
    damaged = entries(out)[0]
    path = out / "shards" / damaged["file"]
    path.write_bytes(path.read_bytes()[:-1])
    before = stub.asked.total()
    found = run(stub, people, out, "--budget", "600", "--dask", "local")
    assert stub.asked.total() - before == damaged["answers"]
    assert counts(found) == counts(whole)


def test_replicas_share_the_work_and_are_checked_by_each_other(stub, replica, people, tmp_path):
    found = run(stub, people, tmp_path / "out", "--budget", "1500", "--url", replica.url)
    assert found.exit_code == 3, found.output
    assert min(stub.asked.total(), replica.asked.total()) >= SHARD
    assert 1500 < stub.asked.total() + replica.asked.total() <= 1500 + 6 * CHECKED + 1
    assert report(found) == report(run(stub, people, tmp_path / "plain", "--budget", "1500"))


def test_servers_that_differ_are_no_replicas(stub, replica, people, tmp_path):
    replica.generosity = 0.1
    result = run(stub, people, tmp_path / "out", "--budget", "1500", "--url", replica.url)
    assert result.exit_code == 2
    assert "are no replicas" in result.output


def test_lasting_trouble_ends_the_run_and_loses_no_answer(stub, people, tmp_path):
    out = tmp_path / "out"
    run(stub, people, out, "--budget", "500", "--dask", "local")
    stub.always_broken = True
    options = ("--budget", "1000", "--dask", "local", "--retries", "0")
    result = run(stub, people, out, *options)
    assert result.exit_code == 3
    assert "HTTP 500" in result.stderr
    stub.always_broken = False
    found = run(stub, people, out, *options)
    assert counts(found) == counts(run(stub, people, tmp_path / "plain", "--budget", "1000"))


def test_minutes_end_a_run_when_what_is_under_way_has_landed(stub, people, tmp_path):
    stub.delay = 0.002
    out = tmp_path / "out"
    options = ("--budget", "7000", "--minutes", "0.002", "--dask", "local")
    assert report(run(stub, people, out, *options))["provenance"]["ended"] == "minutes"
    assert {entry["answers"] for entry in entries(out)} <= {SHARD, 1}
    assert len(entries(out)) < 10


@pytest.mark.parametrize(("urls", "workers"), [(1, 1), (1, 3), (2, 2), (2, 5), (3, 1)])
def test_what_a_server_gets_from_all_workers_keeps_to_the_rate(urls, workers):
    names = [f"http://{name}" for name in "abc"[:urls]]
    seats = seats_of(names, workers, rate=30.0)
    assert len(seats) >= workers
    for name in names:
        asked = sum(seat.rate for seat in seats if seat.url == name)
        checked = sum(seat.other_rate for seat in seats if seat.other == name)
        assert 0 < asked + checked <= 30.0 + 1e-9
    assert all((seat.other is None) == (urls == 1) and seat.other != seat.url for seat in seats)
