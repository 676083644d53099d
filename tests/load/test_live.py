"""``verikit load`` as its users start it, against servers that each have one thing wrong."""

from __future__ import annotations

import fcntl
import json
import re
import resource
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest
import requests

from loadtests.report.files import ReportFiles
from tests.support.ports import free_port, wait_until_open
from verikit.contract import load_contract
from verikit.errors import NoVerdict

pytestmark = [pytest.mark.live, pytest.mark.waits]
QUICK = ["--duration", "1", "--warm-up", "1"]
Load = Callable[..., Any]
Serve = Callable[[str], str]


def test_a_good_server_keeps_the_gates(serve: Serve, load: Load) -> None:
    ended = load(serve("good"), *QUICK)
    assert ended.status == 0, ended.output
    measures = ended.report["measures"]
    assert measures["failed"] == 0
    assert measures["answers"] == {"200 1000": measures["requests"]}
    assert ended.report["server"][-1]["rss"] > 10_000_000
    assert "kept   error_share" in ended.output


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("repeats_request_ids", "request_id given out twice"),
        ("scores_at_whim", "another score for the same pair"),
        ("scores_above_one", "verification_score is not a number in [0, 1]"),
        ("finds_no_face", "HTTP 400 code 4000 instead of 1000"),
        ("fails_at_times", "HTTP 500 code 500 instead of 1000"),
    ],
)
def test_fast_but_wrong_is_a_failure(serve: Serve, load: Load, name: str, reason: str) -> None:
    ended = load(serve(name), *QUICK)
    assert ended.status == 1, ended.output
    assert ended.report["measures"]["failures"][reason] > 0
    assert reason in ended.output
    assert "BROKEN error_share" in ended.output
    assert "Gate broken: error_share is " in ended.output


def test_the_right_code_for_the_wrong_photo_passes_and_is_counted(
    serve: Serve, load: Load, tmp_path: Path
) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(
        "{about: x, stages: [{rate: 40, seconds: 2}], photos: [64], gates: {error_share: 0},"
        " mix: {COMPARISON: 1, INVALID_ARGUMENT: 1}}"
    )
    page = tmp_path / "codes.html"
    operation = serve("strict") + load_contract().path  # as users may type it
    ended = load(operation, "--load-profile", str(path), "--html", str(page))
    assert ended.status == 0, ended.output
    assert "Responses by code over time" in page.read_text()
    answers = ended.report["measures"]["answers"]
    assert set(answers) == {"200 1000", "400 1200"}
    assert min(answers.values()) >= 25
    assert load(serve("good"), "--load-profile", str(path)).status == 1


@pytest.mark.timing
def test_the_rate_is_kept_whatever_the_server_takes(serve: Serve, load: Load) -> None:
    ended = load(serve("takes_100_ms"), "--load-profile", "baseline", "--rate", "80", *QUICK)
    assert ended.status == 0, ended.output
    measures = ended.report["measures"]
    assert measures["arrived"] == measures["requests"] == 80
    assert measures["latency_ms"]["p50"] >= 100


@pytest.mark.timing
def test_overload_is_seen_from_the_intended_start_and_drops_are_counted(
    serve: Serve, load: Load, tmp_path: Path
) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(
        "{about: x, stages: [{rate: 100, seconds: 4}], photos: [64], in_flight: 4, patience: 0.5,"
        " gates: {error_share: 0, dropped_share: 0.1, p95_ms: 300}}"
    )
    ended = load(serve("serves_50_a_second"), "--load-profile", str(path))
    assert ended.status == 1, ended.output
    measures = ended.report["measures"]
    assert measures["arrived"] == 400 == measures["requests"] + measures["dropped"]
    # One request takes 80 ms with four under way; half a second of it is the wait before.
    assert 450 < measures["latency_ms"]["p95"] < 800
    broken = {gate["gate"] for gate in ended.report["gates"] if not gate["kept"]}
    assert broken == {"dropped_share", "p95_ms"}


def test_a_lost_test_is_aborted(serve: Serve, load: Load) -> None:
    ended = load(
        serve("fails_at_times"), "--load-profile", "baseline", "--rate", "20", "--warm-up", "0"
    )  # fmt: skip
    assert ended.status == 1, ended.output
    assert "aborted: error_share" in ended.report["trouble"]
    assert ended.report["measures"]["seconds"] < 60, "as planned"


@pytest.mark.timing
def test_the_knee_of_a_server_is_found(serve: Serve, load: Load, tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(
        "{about: x, search: {seconds: 3, settle: 1, burst_users: 4, precision: 0.1}, photos: [64],"
        " gates: {error_share: 0, rate_share: 0.93, p95_ms: 400, min_rate: 20}}"
    )
    ended = load(serve("serves_50_a_second"), "--load-profile", str(path))
    assert ended.status == 0, ended.output
    assert 35 <= ended.report["knee"] <= 52
    rates = [step["rate"] for step in ended.report["steps"]]
    assert len(rates) == len(set(rates)) >= 3
    assert {step["kept"] for step in ended.report["steps"]} == {True, False}
    assert f"knee: {ended.report['knee']:.2f}" in ended.output


@pytest.mark.timing
def test_a_leak_breaks_the_soak(serve: Serve, load: Load) -> None:
    options = ["--load-profile", "soak", "--rate", "20", "--duration", "8", "--warm-up", "2"]
    ended = load(serve("leaks"), *options)
    assert ended.status == 1, ended.output
    _, low, high = ended.report["measures"]["memory"]
    # 20 a second of 200 kB are 13,733 MiB an hour.
    assert 8_000 < low < high < 20_000


@pytest.mark.timing
def test_slow_clients_are_served_beside_fast_ones(serve: Serve, load: Load, tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(
        "{about: x, stages: [{rate: 10, seconds: 4}], photos: [64], slow_clients: 3,"
        " slow_seconds: 1.5, gates: {error_share: 0, p95_ms: 500}}"
    )
    ended = load(serve("good"), "--load-profile", str(path))
    assert ended.status == 0, ended.output
    slow = ended.report["measures"]["requests"] - 40
    assert 6 <= slow <= 9


def test_three_workers_are_merged(
    serve: Serve, load: Load, start: Callable[..., Any], paced: list[str]
) -> None:
    url, port = serve("good"), str(free_port())
    workers = [start("verikit", "load", url, "--worker", "--master-port", port) for _ in range(3)]
    options = [*paced, "--rate", "120", *QUICK]
    ended = load(url, *options, "--master", "--expect-workers", "3", "--master-port", port)
    assert ended.status == 0, ended.output
    measures = ended.report["measures"]
    assert measures["arrived"] == measures["requests"] == 120
    assert len(ended.report["generators"]) == 3
    assert [worker.end().status for worker in workers] == [0, 0, 0]


def test_a_request_id_repeated_across_workers_is_found(
    serve: Serve, load: Load, start: Callable[..., Any], paced: list[str]
) -> None:
    url, port = serve("repeats_request_ids"), str(free_port())
    for _ in range(3):
        start("verikit", "load", url, "--worker", "--master-port", port)
    # A warm-up would take halves of pairs away, the more the later a busy machine answers.
    options = [*paced, "--rate", "120", "--duration", "1", "--warm-up", "0"]
    ended = load(url, *options, "--master", "--expect-workers", "3", "--master-port", port)
    assert ended.status == 1, ended.output
    repeated = ended.report["measures"]["failures"]["request_id given out twice"]
    # Of 120 answers; those before them may have left a half. Workers alone would see a third.
    assert 59 <= repeated <= 60


def test_more_workers_than_users_are_refused(
    serve: Serve, load: Load, start: Callable[..., Any]
) -> None:
    url, port = serve("good"), str(free_port())
    workers = [start("verikit", "load", url, "--worker", "--master-port", port) for _ in range(2)]
    options = ["--load-profile", "smoke", "--users", "1", *QUICK]
    ended = load(url, *options, "--master", "--expect-workers", "2", "--master-port", port)
    assert ended.status == 2, ended.output
    assert "1 user cannot be shared among 2 workers" in ended.output
    assert [worker.end().status for worker in workers] == [0, 0]


def test_a_port_for_workers_that_is_taken_is_wrong_use(serve: Serve, load: Load) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = str(listener.getsockname()[1])
        ended = load(serve("good"), *QUICK, "--master", "--master-port", port)
    assert ended.status == 2, ended.output
    told = f"Error: cannot listen for workers on port {port} of 127.0.0.1 (address already in use)"
    assert told in ended.output
    assert "Traceback" not in ended.output


def test_a_worker_that_finds_no_master_says_so(serve: Serve, start: Callable[..., Any]) -> None:
    words = ("load", serve("good"), "--worker", "--master-port", str(free_port()))
    ended = start("tests.support.impatient_worker", *words).end()
    assert ended.status == 3, ended.output
    assert f"Error: no master answers at 127.0.0.1:{words[-1]}: start it" in ended.output
    assert "Traceback" not in ended.output


@pytest.mark.parametrize(
    ("master", "status", "told"),
    [
        ("dismissive_master", 0, ""),
        ("mute_master", 3, "Error: the master at 127.0.0.1:{port} has fallen silent"),
    ],
)
def test_a_worker_ends_whose_master_wants_or_says_nothing_more(
    serve: Serve, start: Callable[..., Any], master: str, status: int, told: str
) -> None:
    port = str(free_port())
    start(f"tests.support.{master}", port)
    wait_until_open(int(port))
    words = ("load", serve("good"), "--worker", "--master-port", port)
    ended = start("tests.support.impatient_worker", *words).end()
    assert ended.status == status, ended.output
    assert told.format(port=port) in ended.output
    assert "Traceback" not in ended.output


def test_a_lost_worker_makes_the_test_incomplete(
    serve: Serve, load: Load, start: Callable[..., Any], paced: list[str]
) -> None:
    url, port = serve("good"), str(free_port())
    workers = [start("verikit", "load", url, "--worker", "--master-port", port) for _ in range(2)]
    options = [*paced, "--duration", "30"]
    master = start(
        "verikit", "load", url, *options, "--master", "--expect-workers", "2",
        "--master-port", port,
    )  # fmt: skip
    master.wait_for(" requests ")
    workers[0].send_signal(signal.SIGKILL)
    ended = master.end()
    assert ended.status == 3, ended.output
    assert "a worker was lost" in ended.output


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_it_reports_what_was_measured(
    serve: Serve, start: Callable[..., Any], paced: list[str], tmp_path: Path, number: int
) -> None:
    path = tmp_path / "report.json"
    running = start("verikit", "load", serve("good"), *paced, "--json", str(path))
    running.wait_for(" requests ")
    running.send_signal(number)
    ended = running.end()
    assert ended.status == 3, ended.output
    report = json.loads(path.read_text())
    assert report["trouble"] == "it was interrupted"
    assert report["measures"]["requests"] >= 1
    assert 0 < report["measures"]["seconds"] < 60


def test_an_unreachable_server_is_incomplete(load: Load) -> None:
    ended = load(f"http://127.0.0.1:{free_port()}")
    assert ended.status == 3
    assert "No server answers at" in ended.output


@pytest.mark.parametrize(
    "options",
    [
        ["http://127.0.0.1:1", "--load-profile", "sprint"],
        ["127.0.0.1:3000"],
        ["ftp://127.0.0.1:1"],
        ["http://127.0.0.1:1", "--compare", "/nowhere.json"],
        ["http://127.0.0.1:1", "--master", "--worker"],
        ["http://127.0.0.1:1", "--gate", "p95_ms"],
        ["http://127.0.0.1:99999"],
        ["http://[::1"],
        [f"http://{'a' * 64}"],
        ["http://me:secret@127.0.0.1:1"],
        [],
    ],
)
def test_wrong_use_is_told_in_a_sentence(load: Load, options: list[str]) -> None:
    ended = load(*options)
    assert ended.status == 2, ended.output
    assert "Error: " in ended.output
    assert "Traceback" not in ended.output


def test_a_report_that_cannot_be_written_is_told_before_the_run(
    serve: Serve, start: Callable[..., Any], tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    for option in ("--html", "--json"):
        wrong = str(tmp_path / "file" / "report")
        ended = start("verikit", "load", serve("good"), *QUICK, option, wrong).end()
        assert ended.status == 2, ended.output
        assert "cannot be written" in ended.output
        assert "requests in" not in ended.output


def test_a_full_disk_keeps_the_verdict_and_is_told_in_a_sentence(
    serve: Serve, tmp_path: Path
) -> None:
    path = tmp_path / "report.json"
    load = ("-B", "-m", "verikit", "load")  # Python would keep the halves of what it compiles
    command = [sys.executable, *load, serve("good"), *QUICK, "--json", str(path)]
    ended = subprocess.run(  # noqa: S603 - our own program
        ["/bin/sh", "-c", 'ulimit -f 1; exec "$@"', "sh", *command],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 3, ended.stderr
    assert "kept   error_share" in ended.stdout
    assert "report.json could not be written: file too large" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("length", [2_000, 200_000])
def test_a_report_that_does_not_fit_is_told_of_whether_it_was_buffered_or_not(
    tmp_path: Path, length: int
) -> None:
    outcome = Mock(plain=lambda: {"text": "x" * length})
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (512, before[1]))
    try:
        with (
            pytest.raises(NoVerdict, match=r"report\.json could not be written: file too large"),
            ReportFiles(json=tmp_path / "report.json") as files,
        ):
            files.write(outcome, [])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert list(tmp_path.iterdir()) == []


def test_two_load_tests_do_not_write_one_report(load: Load, tmp_path: Path) -> None:
    with (tmp_path / ".report.json.part").open("a") as part:
        fcntl.flock(part, fcntl.LOCK_EX)
        ended = load("http://127.0.0.1:1")
    assert ended.status == 2, ended.output
    assert "another load test is writing" in ended.output


class _Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.sources: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.sources += [value or "" for name, value in attrs if name in ("src", "href")]


def test_the_report_needs_nothing_beside_it_and_compares_with_another(
    serve: Serve, load: Load, start: Callable[..., Any], tmp_path: Path
) -> None:
    page, path = tmp_path / "new/folder/after.html", tmp_path / "report.json"
    assert load(serve("good"), *QUICK).status == 0
    before = path.rename(tmp_path / "before.json")
    options = [*QUICK, "--duration", "2", "--html", str(page), "--compare", str(before)]
    ended = start("verikit", "load", serve("takes_100_ms"), *options).end()
    assert ended.status == 0, ended.output
    assert re.search(r"p50: .* changed", ended.output)
    links = _Links()
    links.feed(page.read_text())
    assert links.sources == []
    sampled = "Server over time" in page.read_text()  # not where this machine is too busy for it
    assert page.read_text().count('<svg role="img"') == 2 + sampled
    assert re.search(r"<title>\d+ s: p50 .* ms, p95 .* ms, p99 .* ms</title>", page.read_text())
    assert "Responses by code" not in page.read_text()
    assert page.with_suffix(".json").exists()


PROFILES = {
    "stages": "stages: [{users: 2, seconds: 1}, {users: 4, seconds: 1}]",
    "arrivals": "stages: [{rate: 40, seconds: 1}, {rate: 80, seconds: 1}], arrivals: poisson",
    "slow-clients": "stages: [{rate: 20, seconds: 2}], slow_clients: 2, slow_seconds: 0.4",
    "search": "search: {seconds: 1, settle: 0, growth: 16, precision: 16}, patience: 0.2",
}
OF_LOCUST = ["-f", "loadtests/locustfile.py", "--headless", "--only-summary"]


def master() -> list[str]:
    """Where the processes of a run meet: other runs may use the usual port."""
    port = str(free_port())
    return ["--master-bind-port", port, "--master-port", port]


@pytest.mark.parametrize("name", PROFILES)
def test_locust_runs_a_profile_as_verikit_load_does(
    serve: Serve, load: Load, start: Callable[..., Any], tmp_path: Path, name: str
) -> None:
    path, page = tmp_path / "mine.yaml", tmp_path / "report.html"
    gates = "{error_share: 0, rate_share: 0.3}"
    path.write_text(f"{{about: x, {PROFILES[name]}, photos: [64], gates: {gates}}}")
    url = serve("serves_50_a_second" if name == "search" else "good")
    ours = load(url, "--load-profile", str(path))
    options = [*OF_LOCUST, "--load-profile", str(path), "--load-html", str(page)]
    theirs = start("locust", *options, *master(), "--host", url, "--processes", "2").end()
    assert ours.status == theirs.status == 0, ours.output + theirs.output
    assert "kept   error_share" in theirs.output
    assert "COMPARISON" in theirs.output
    assert ("slow client" in theirs.output) == (name == "slow-clients")
    assert kind_of(ours.report) == kind_of(json.loads(page.with_suffix(".json").read_text()))
    assert (ours.report["knee"] is not None) == (name == "search")


def kind_of(report: dict[str, Any]) -> dict[str, Any]:
    """What two runs of one profile have in common, whatever the server's speed."""
    measures = report["measures"]
    profile = report["profile"]
    paced = profile["stages"][0]["rate"] and not profile["slow_clients"] and not report["steps"]
    return {
        "members": set(report),
        "profile": {**profile, "stages": len(profile["stages"])},
        "gates": [(gate["gate"], gate["kept"]) for gate in report["gates"]],
        "measures": set(measures),
        "seconds": measures["seconds"],
        "answers": set(measures["answers"]),
        "failures": measures["failures"],
        "windows": len(report["windows"]),
        "sampled": bool(report["server"]),
        "arrived": measures["arrived"] if paced else None,
    }


def test_wrong_answers_decide_the_exit_status_of_locust(
    serve: Serve, start: Callable[..., Any], tmp_path: Path
) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(
        f"{{about: x, {PROFILES['arrivals']}, photos: [64], gates: {{error_share: 0}}}}"
    )
    options = [*OF_LOCUST, "--load-profile", str(path), "--host", serve("repeats_request_ids")]
    bad = start("locust", *options).end()
    assert bad.status == 1, bad.output
    assert "request_id given out twice" in bad.output


@pytest.mark.parametrize(
    ("options", "status", "told"),
    [
        (["--load-profile", "sprint"], 2, "there is no profile sprint"),
        (["--load-profile", "smoke", "--processes", "2"], 2, "cannot be shared among 2 workers"),
        (["--host", f"http://127.0.0.1:{free_port()}"], 3, "No server answers at"),
    ],
)
def test_locust_tells_what_keeps_it_from_a_test(
    serve: Serve, start: Callable[..., Any], options: list[str], status: int, told: str
) -> None:
    ended = start("locust", *OF_LOCUST, "--host", serve("good"), *options).end()
    assert ended.status == status, ended.output
    assert "Error: " in ended.output
    assert told in ended.output


def test_locust_has_its_web_page(serve: Serve, start: Callable[..., Any], tmp_path: Path) -> None:
    path, port = tmp_path / "mine.yaml", free_port()
    path.write_text(
        f"{{about: x, {PROFILES['arrivals']}, photos: [64], gates: {{error_share: 0}}}}"
    )
    url = f"http://127.0.0.1:{port}"
    options = ["-f", "loadtests/locustfile.py", "--host", serve("good"), "--load-profile", "smoke"]
    locust = start("locust", *options, "--web-host", "127.0.0.1", "--web-port", str(port))
    locust.wait_for("Starting web interface")
    wait_until_open(port)
    assert "Locust" in requests.get(url, timeout=120).text
    begun = requests.post(f"{url}/swarm", {"load_profile": str(path)}, timeout=120)
    assert begun.json()["success"]
    locust.wait_for("kept   error_share")
    (row, _) = requests.get(f"{url}/stats/requests", timeout=120).json()["stats"]
    assert (row["name"], row["num_failures"]) == ("COMPARISON", 0)
    assert row["num_requests"] > 10
    locust.send_signal(signal.SIGTERM)
    ended = locust.end()
    assert ended.status == 0, ended.output
