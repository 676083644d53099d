"""Runs against a stub server, as a user starts them."""

import json
import re
import signal
import sqlite3
import time
from contextlib import closing
from types import SimpleNamespace

import numpy as np
import pytest
from click.testing import CliRunner

from calibration.asking.store import FILE
from tests.support.forks import Program
from tests.support.ports import free_port
from verikit.cli import main
from verikit.contract import load_contract

pytestmark = pytest.mark.live
CONTRACT = load_contract()
FAST = ["--rate", "100000", "--quiet"]


def run(stub, people, out, *options: str):
    command = [stub.url, "--data", str(people), "--out", str(out), *FAST, *options]
    return CliRunner().invoke(main, ["calibrate", *command], catch_exceptions=False)


def answers(out) -> list[dict]:
    """What is kept, in the order of the plan; photos against themselves have no place."""
    with closing(sqlite3.connect(out / FILE)) as database:
        database.row_factory = sqlite3.Row
        tables = "SELECT * FROM answers UNION ALL SELECT * FROM alone"
        return [dict(row) for row in database.execute(tables)]


def report(out) -> dict:
    document = json.loads((out / "report.json").read_text())
    document["provenance"].pop("answers", None)
    return document


@pytest.mark.composed("sequential_trace")
def test_a_right_server_passes_the_rows_there_is_evidence_for(stub, people, tmp_path):
    result = run(stub, people, tmp_path / "out", "--budget", "2000", "--up-to", "0.5")
    assert result.exit_code == 0, result.output
    assert "Judged: 0.4 to 0.5 of 0.4 to 0.9 (--up-to); tolerance 2, confidence 95 %." in " ".join(
        result.output.split()
    )
    found = report(tmp_path / "out")
    assert found["verdict"] == "PASS"
    assert [row["judged"] for row in found["rows"]] == [True] * 2 + [False] * 4
    assert found["acquired"]["failed"] == ["p07/1.jpg"]
    assert found["acquired"]["left_open"] == []
    assert (tmp_path / "out" / "report.html").read_text().count("<svg") == 4
    assert max(stub.asked.values()) == 1


def test_a_server_that_is_too_generous_fails(stub, people, tmp_path):
    stub.generosity = 0.05
    result = run(stub, people, tmp_path / "out", "--budget", "500")
    assert result.exit_code == 1, result.output
    assert "above the documented one" in result.output


def test_it_stops_when_it_has_decided_and_says_so(stub, people, tmp_path):
    stub.generosity = 0.1
    result = run(stub, people, tmp_path / "out", "--until", "decided", "--budget", "7000")
    assert result.exit_code == 1, result.output
    found = report(tmp_path / "out")
    assert found["provenance"]["ended"] == "decided"
    assert found["rule"]["at_any_time"]
    assert len(answers(tmp_path / "out")) < 1000
    before = stub.asked.total()
    run(stub, people, tmp_path / "out", "--until", "decided", "--budget", "7000")
    assert stub.asked.total() == before


def test_a_run_that_was_decided_is_judged_again_by_the_same_answers(stub, people, tmp_path):
    """Answers that were under way when it was decided are no evidence, then or later."""
    stub.generosity = 0.1
    out = tmp_path / "out"
    run(stub, people, out, "--until", "decided", "--budget", "7000")
    found = report(out)
    with closing(sqlite3.connect(out / FILE)) as database, database:
        database.execute(  # one more, however many there were
            "INSERT INTO answers (place, first, second, mated, score) "
            "SELECT 6999, first, second, mated, 1.0 FROM answers WHERE NOT mated LIMIT 1"
        )
    again = CliRunner().invoke(
        main, ["calibrate", str(out / FILE), "--json", "--out", str(tmp_path / "again")]
    )
    rejudged = json.loads(again.stdout)
    for name in ("rows", "acquired", "refused", "verdict", "mated", "people"):
        assert rejudged[name] == found[name], name


def test_the_same_folder_goes_on_where_it_was(stub, people, tmp_path):
    run(stub, people, tmp_path / "out", "--budget", "100")
    run(stub, people, tmp_path / "out", "--budget", "300")
    assert max(stub.asked.values()) == 1
    assert [a["place"] for a in answers(tmp_path / "out") if a["place"] is not None] == list(
        range(300)
    )
    assert report(tmp_path / "out")["rule"]["at_any_time"], "extended after its end was seen"
    other = run(stub, people, tmp_path / "out", "--budget", "300", "--seed", "2")
    assert other.exit_code == 2
    assert "different seed" in other.output


def test_passing_trouble_is_asked_again(stub, people, tmp_path):
    stub.broken = {b"p05/0.jpg", b"p06/0.jpg"}
    run(stub, people, tmp_path / "out", "--budget", "200")
    found = report(tmp_path / "out")
    assert found["not_measured"] == 0
    assert set(stub.asked.values()) == {1, 2}


@pytest.mark.composed
def test_lasting_trouble_is_not_measured_and_ends_the_run(stub, people, tmp_path):
    stub.always_broken = True
    result = run(stub, people, tmp_path / "out", "--budget", "200", "--retries", "0")
    assert result.exit_code == 3
    assert "HTTP 500" in result.stderr
    troubled = answers(tmp_path / "out")
    assert troubled
    assert all(a["trouble"] and a["score"] is None for a in troubled)
    stub.always_broken = False
    result = run(stub, people, tmp_path / "out", "--budget", "200")
    assert report(tmp_path / "out")["not_measured"] == 0


def test_nobody_there_is_incomplete(people, tmp_path):
    nobody = SimpleNamespace(url=f"http://127.0.0.1:{free_port()}")
    result = run(nobody, people, tmp_path / "out", "--budget", "200", "--retries", "0")
    assert result.exit_code == 3
    assert f"No server answers at {nobody.url}" in result.stderr


def test_a_server_that_never_answers_in_time_is_incomplete(stub, people, tmp_path):
    stub.delay = 0.3
    options = ("--budget", "200", "--retries", "0", "--timeout", "0.05")
    result = run(stub, people, tmp_path / "out", *options)
    assert result.exit_code == 3
    assert "in time" in result.stderr


def test_why_comparisons_brought_no_answer_is_told_and_kept(stub, people, tmp_path, monkeypatch):
    """A proxy that refuses large requests, such as nginx's client_max_body_size."""
    answer = stub.RequestHandlerClass.answer

    def refuse_large(self, first, second):
        if re.search(rb"p0[1-4]/", first + second):
            self.send_bytes(413, {"content-type": "text/html"}, b"<html>")
        else:
            answer(self, first, second)

    monkeypatch.setattr(stub.RequestHandlerClass, "answer", refuse_large)
    out = tmp_path / "out"
    result = run(stub, people, out, "--budget", "300", "--up-to", "0.4")
    (why,) = report(out)["troubles"]
    assert report(out)["troubles"][why] == report(out)["not_measured"] > 3
    assert why.startswith("HTTP 413 (the request is too large for the server, or for a proxy")
    told = " ".join(result.output.split())
    assert f"{why}: {report(out)['not_measured']}" in told
    assert "Fix the cause, then run the same command again." in told
    again = [str(out / FILE), "--out", str(tmp_path / "again"), "--up-to", "0.4"]
    CliRunner().invoke(main, ["calibrate", *again], catch_exceptions=False)
    assert report(tmp_path / "again")["troubles"] == report(out)["troubles"]


def test_a_server_that_dies_before_the_end_is_given_up_and_asked_again(stub, tmp_path):
    """Each photo in turn is refused in its only pair, so all are compared with themselves."""
    pairs, people = tmp_path / "pairs.csv", tmp_path / "people"
    rows = []
    for place in range(30):
        (people / f"p{place:02}").mkdir(parents=True)
        names = [f"p{place:02}/{photo}" for photo in "ab"]
        for name in names:
            (people / name).write_text(f"{name} faceless")
        rows.append(",".join([*names, "1"]))
    pairs.write_text("\n".join(["first,second,mated", *rows]) + "\n")
    options = ("--photos", str(people), "--mated-share", "1", "--retries", "0")
    stub.alone_broken = True
    result = run(stub, pairs, tmp_path / "out", *options)
    assert result.exit_code == 3
    assert "25 comparisons in a row" in result.stderr
    stub.alone_broken = False
    run(stub, pairs, tmp_path / "out", *options)
    found = report(tmp_path / "out")
    assert found["not_measured"] == 0
    assert len(found["acquired"]["failed"]) == 60


def test_only_a_run_that_reaches_its_first_budget_is_judged_by_the_rule_for_the_end(
    stub, people, tmp_path
):
    def at_any_time(*options: str) -> bool:
        run(stub, people, tmp_path / options[1], *options[2:])
        return report(tmp_path / options[1])["rule"]["at_any_time"]

    assert not at_any_time("to", "whole", "--budget", "60")
    assert not at_any_time("to", "whole", "--budget", "60")
    assert at_any_time("to", "whole", "--budget", "50")
    assert at_any_time("to", "short", "--budget", "7000", "--minutes", "0.001")


def test_minutes_end_a_run(stub, people, tmp_path):
    stub.delay = 0.02
    run(stub, people, tmp_path / "out", "--budget", "7000", "--minutes", "0.04")
    found = report(tmp_path / "out")
    assert found["provenance"]["ended"] == "minutes"
    assert found["complete"]
    assert 0 < len(answers(tmp_path / "out")) < 1000


def test_asks_no_faster_than_it_may(stub, people, tmp_path):
    start = time.monotonic()
    run(stub, people, tmp_path / "out", "--budget", "40", "--rate", "80", "--concurrency", "8")
    assert time.monotonic() - start >= 39 / 80


def test_the_report_names_the_server(stub, people, tmp_path):
    run(stub, people, tmp_path / "out", "--budget", "40")
    assert report(tmp_path / "out")["provenance"]["calls itself"].startswith("BaseHTTP")


def test_options_of_the_contract_reach_the_server(stub, people, tmp_path):
    run(stub, people, tmp_path / "out", "--budget", "5", "--auto-rotate")
    assert stub.fields["auto_rotate"] == ["true"]
    assert "check_quality" not in stub.fields


def test_groups_are_counted_within_and_across(stub, people, tmp_path):
    groups = tmp_path / "groups.csv"
    rows = "".join(f"p{p:02},{'ab'[p % 2]}\n" for p in range(60))
    groups.write_text("person,group\n" + rows)
    run(stub, people, tmp_path / "out", "--budget", "200", "--groups", str(groups))
    found = {row["label"]: row["n"] for row in report(tmp_path / "out")["groups"]}
    assert found["a"] + found["b"] == found["within a group"]
    assert found["a|b"] == found["across groups"] > 0


def test_the_sample_says_that_it_supports_no_rate(stub, tmp_path):
    command = [stub.url, "--out", str(tmp_path / "out"), *FAST]
    result = CliRunner().invoke(main, ["calibrate", *command], catch_exceptions=False)
    assert result.exit_code == 3
    assert "do not support error rates" in result.output
    page = (tmp_path / "out" / "report.html").read_text()
    body = page[page.index("<header>") : page.index("<footer>")]
    for shown in (result.output, body):
        assert not re.search(r"\d %|1 in \d|FMR|FNMR|<svg", shown)
    assert stub.asked.total() == 66


@pytest.fixture
def start(forks, stub, people, tmp_path):
    """Starts a run of 900 comparisons in a process that ends with the test at the latest."""
    begun = []

    def run(out) -> Program:
        words = ["calibrate", stub.url, "--data", str(people), "--out", str(out)]
        words += ["--budget", "900", *FAST]
        begun.append(forks.start("verikit", words, tmp_path / "output"))
        return begun[-1]

    yield run
    for program in begun:
        program.kill()


def wait_until_asked(stub, more_than: int) -> None:
    deadline = time.monotonic() + 300  # a busy machine takes long to start a process
    while time.monotonic() < deadline:
        if stub.asked.total() > more_than:
            return
        time.sleep(0.005)
    raise AssertionError("the run asks nothing")


@pytest.mark.slow
def test_five_kills_at_random_moments_change_nothing(stub, people, tmp_path, start):
    stub.delay = 0.004
    run(stub, people, tmp_path / "whole", "--budget", "900")
    stub.asked.clear()
    moments = np.random.default_rng(7)
    killed = tmp_path / "killed"
    counted, under_way = 0, 4
    for how in (signal.SIGKILL, signal.SIGINT, signal.SIGKILL, signal.SIGKILL, signal.SIGKILL):
        process = start(killed)
        wait_until_asked(stub, stub.asked.total() + int(moments.integers(5, 120)) + under_way)
        process.send_signal(how)
        assert process.end().status in (-signal.SIGKILL, 3)
        now = len(answers(killed))
        assert now > counted
        counted = now
    assert start(killed).end().status == 3
    places = [a["place"] for a in answers(killed) if a["place"] is not None]
    assert places == list(range(900)), "an answer was lost"
    assert stub.asked.total() - len(answers(killed)) <= 4 * under_way
    assert report(killed) == report(tmp_path / "whole")


def test_a_look_at_an_interrupted_run_is_judged_by_the_rule_for_any_time(
    stub, people, tmp_path, start
):
    stub.delay = 0.02
    out = tmp_path / "out"
    process = start(out)
    wait_until_asked(stub, 20)
    process.send_signal(signal.SIGINT)
    process.end()
    assert not report(out)["complete"]
    assert report(out)["rule"]["at_any_time"]
    run(stub, people, out, "--budget", "200")
    assert report(out)["complete"]
    assert report(out)["rule"]["at_any_time"], "another budget after a look"


def test_a_second_run_in_one_folder_is_refused_while_the_first_is_at_work(
    stub, people, tmp_path, start
):
    stub.delay = 0.02
    start(tmp_path / "out")
    wait_until_asked(stub, 5)
    result = run(stub, people, tmp_path / "out", "--budget", "900")
    assert result.exit_code == 2
    assert "is another run using it?" in result.output


def test_what_a_run_keeps_is_judged_again_without_asking(stub, people, tmp_path):
    run(stub, people, tmp_path / "out", "--budget", "300")
    before = stub.asked.total()
    command = [str(tmp_path / "out" / FILE), "--out", str(tmp_path / "again"), "--quiet"]
    CliRunner().invoke(main, ["calibrate", *command], catch_exceptions=False)
    rows, again = (
        [(row["k"], row["n"], row["verdict"]) for row in report(tmp_path / name)["rows"]]
        for name in ("out", "again")
    )
    assert rows == again
    assert stub.asked.total() == before


def judged_again(out, *options: str):
    command = [str(out / FILE), "--out", str(out / "again"), "--quiet", *options]
    result = CliRunner().invoke(main, ["calibrate", *command], catch_exceptions=False)
    return " ".join(result.output.split()), report(out / "again")


def test_other_terms_than_a_run_was_begun_on_are_told(stub, people, tmp_path):
    stub.generosity = 0.05
    out = tmp_path / "out"
    assert run(stub, people, out, "--budget", "500").exit_code == 1
    told = "This run was begun to judge all rows, tolerance 2, confidence 95 %: so the verdict is"
    result = run(stub, people, out, "--budget", "500", "--tolerance", "30", "--up-to", "0.5")
    assert result.exit_code == 0
    assert f"{told} FAIL." in " ".join(result.output.split())
    output, found = judged_again(out, "--tolerance", "30", "--up-to", "0.5")
    assert f"{told} FAIL." in output
    assert (found["verdict"], found["up_to"]) == ("PASS", 0.5)
    assert "begun" not in judged_again(out)[0]


def test_a_run_that_looked_is_judged_again_by_the_rule_for_any_time(stub, people, tmp_path):
    run(stub, people, tmp_path / "out", "--until", "decided", "--budget", "300")
    assert report(tmp_path / "out")["provenance"]["ended"] == "budget"
    assert judged_again(tmp_path / "out")[1]["rule"]["at_any_time"]
    run(stub, people, tmp_path / "out", "--budget", "300")
    assert report(tmp_path / "out")["rule"]["at_any_time"]


def test_who_is_on_the_photos_is_kept_with_the_answers(stub, tmp_path):
    """Names that tell nothing, and a table that says who is who."""
    photos, table = tmp_path / "photos", ["photo,person"]
    photos.mkdir()
    for number in range(80):
        (photos / f"{number * 7919 % 1009:x}.jpg").write_bytes(f"p{number // 2}/{number}".encode())
        table.append(f"{number * 7919 % 1009:x}.jpg,p{number // 2}")
    (tmp_path / "people.csv").write_text("\n".join(table))
    out = tmp_path / "out"
    run(stub, photos, out, "--budget", "500", "--people", str(tmp_path / "people.csv"))
    again = judged_again(out)[1]
    for what in ("verdict", "people", "people_given", "people_from", "rows", "objections"):
        assert again[what] == report(out)[what], what


def test_by_person_a_run_is_gone_on_with_and_is_no_other_run(stub, people, tmp_path):
    out = tmp_path / "out"
    run(stub, people, out, "--by-person", "--budget", "100")
    asked = stub.asked.total()
    run(stub, people, out, "--by-person", "--budget", "300")
    assert stub.asked.total() <= asked + 200 + 4
    pairs = [
        frozenset(name.split("/")[0] for name in (one["first"], one["second"]))
        for one in answers(out)
        if one["place"] is not None and not one["mated"]
    ]
    assert len(pairs) == 270
    assert len(set(pairs)) > 250
    row = report(out)["rows"][0]
    assert 0 < row["fmr_by_pair_of_people"] < 0.3
    refused = run(stub, people, out, "--budget", "300")
    assert refused.exit_code == 2
    assert "different pairs" in refused.output
