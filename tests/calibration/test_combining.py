"""Runs that share no people, judged together."""

import json
import math

import numpy as np
import pytest
from click.testing import CliRunner

from calibration.asking.store import FILE
from calibration.statistics import sequential
from verikit.cli import main

pytestmark = pytest.mark.live


@pytest.fixture
def runs(stub, tmp_path):
    """Two runs of forty people each; ``begin`` may be told to ask otherwise."""

    def begin(name: str, *options: str, prefix: str | None = None):
        people = tmp_path / f"people {name}"
        for person in range(40):
            for photo in range(2):
                path = people / f"{prefix or name}{person}" / f"{photo}.jpg"
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(f"{name}{person}/{photo}.jpg".encode())
        out = tmp_path / name
        command = [stub.url, "--data", str(people), "--out", str(out), "--quiet"]
        command += ["--rate", "100000", "--budget", "900", *options]
        CliRunner().invoke(main, ["calibrate", *command], catch_exceptions=False)
        return out

    return begin


def combined(*options: object):
    command = ["--combine", *map(str, options), "--quiet"]
    result = CliRunner().invoke(main, ["calibrate", *command], catch_exceptions=False)
    return result.exit_code, " ".join(result.output.split())


def test_e_values_of_independent_runs_multiply(stub, runs, tmp_path):
    stub.generosity = 0.02
    folders = [runs("a"), runs("b")]
    code, _ = combined(*folders, "--out", tmp_path / "both", "--up-to", "0.5")
    found = json.loads((tmp_path / "both/combined.json").read_text())
    each = [json.loads((folder / "report.json").read_text()) for folder in folders]
    assert code in (0, 1, 3)
    assert found["people"] == sum(one["people_given"] for one in each)
    for row, ours, theirs in zip(found["rows"], *(one["rows"] for one in each), strict=True):
        assert row["k"] == ours["k"] + theirs["k"]
        assert row["n"] == ours["n"] + theirs["n"]
        assert row["judged"] == (row["threshold"] <= 0.5)
        logs = [
            sequential.log_evidence_below(
                one["k"] / one["design_effect"],
                one["n"] / one["design_effect"],
                min(1, 2 * one["claimed"]),
                one["claimed"],
            )
            for one in (ours, theirs)
        ]
        # a PASS takes the design effect at the limit, which may exceed the reported one a little
        assert math.log(row["e_pass"]) == pytest.approx(sum(logs), abs=0.05)


def test_runs_too_short_to_decide_may_decide_together(stub, runs, tmp_path):
    stub.generosity = 0.03
    folders = [runs(name, "--budget", "250") for name in "abcd"]
    code, output = combined(*folders, "--out", tmp_path / "all", "--up-to", "0.4")
    alone = [json.loads((f / "report.json").read_text())["rows"][0] for f in folders]
    assert code == 1, output
    assert output.count("FAIL") >= 2
    assert sum(row["n"] for row in alone) > 800


def test_runs_that_share_people_or_a_question_are_refused(runs, tmp_path):
    few = ("--budget", "100")
    first = runs("a", *few)
    code, output = combined(first, first)
    assert (code, "share 40 people" in output) == (2, True)
    code, output = combined(first, runs("b", *few, prefix="a"))
    assert (code, "not independent" in output) == (2, True)
    code, output = combined(first, runs("c", *few, "--auto-rotate"))
    assert (code, "other options" in output) == (2, True)
    (tmp_path / "mine.yaml").write_text("rows: [[0.3, 1.0e-1], [0.4, 1.0e-2]]\n")
    code, output = combined(first, runs("d", *few), "--claims", tmp_path / "mine.yaml")
    assert (code, "other claims" in output) == (2, True)


def test_what_is_no_run_is_refused(runs, tmp_path):
    first = runs("a", "--budget", "100")
    for options, message in (
        ([], "two runs or files of scores at least"),
        ([tmp_path / "nothing"], "is not there"),
        ([first, "--require", "fta<=0.1"], "does not apply to runs that are combined"),
    ):
        code, output = combined(first, *options)
        assert (code, message in output) == (2, True), output


def write_scores(path, prefix: str, factor: float = 1.0, people: int = 200, rows: int = 4000):
    """Non-mated scores at a multiple of the claim, and as many mated ones as there are people."""
    rng = np.random.default_rng(len(prefix) + rows)
    every = np.column_stack(np.triu_indices(people, 1))
    first, second = rng.choice(every, rows, replace=False).T
    scores = np.clip(0.3 - np.log10(rng.random(rows) / factor) / 10, 0, 1)
    lines = ["probe,reference,mated,score"]
    lines += [
        f"{prefix}{a}/1.jpg,{prefix}{b}/2.jpg,0,{s:.6f}"
        for a, b, s in zip(first, second, scores, strict=True)
    ]
    lines += [f"{prefix}{a}/1.jpg,{prefix}{a}/2.jpg,1,0.9{a}" for a in range(people)]
    path.write_text("\n".join(lines))
    return path


COLUMNS = ("--columns", "first=probe,second=reference")


def test_files_of_scores_of_several_sites_are_judged_together(tmp_path):
    files = [write_scores(tmp_path / f"{site}.csv", site) for site in ("a", "bb", "ccc")]
    out = ("--out", tmp_path / "all", "--up-to", "0.5", *COLUMNS)
    code, output = combined(*files, *out)
    assert code == 0, output
    found = json.loads((tmp_path / "all/combined.json").read_text())
    assert found["people"] == 600
    assert [row["n"] for row in found["rows"]] == [12_000] * 6
    wrong = [write_scores(tmp_path / f"{site}.csv", site, 3.0) for site in ("a", "bb", "ccc")]
    assert combined(*wrong, *out)[0] == 1
    code, output = combined(files[0], write_scores(tmp_path / "again.csv", "a"), *out)
    assert (code, "name people apart" in output) == (2, True)
    code, output = combined(files[0], write_scores(tmp_path / "A.csv", "A", rows=3_000), *out)
    assert (code, "name people apart" in output) == (2, True)
    code, output = combined(files[0], write_scores(tmp_path / "copy.csv", "d", 3.0), *out)
    assert (code, "hold the same scores" in output) == (2, True)


def test_a_file_without_identities_lets_none_pass(tmp_path):
    files = [write_scores(tmp_path / f"{site}.csv", site) for site in ("a", "bb")]
    files[0].write_text(files[0].read_text().replace("/", "").replace("_", ""))
    code, output = combined(*files, "--out", tmp_path / "all", "--up-to", "0.5", *COLUMNS)
    assert code == 3
    assert "a.csv: Nobody says who is on the" in output


def test_several_sources_are_runs_or_replicas(tmp_path):
    (tmp_path / FILE).touch()
    command = ["http://127.0.0.1:1", "http://127.0.0.1:2"]
    result = CliRunner().invoke(main, ["calibrate", *command], catch_exceptions=False)
    assert result.exit_code == 2
    assert "--url" in result.output
