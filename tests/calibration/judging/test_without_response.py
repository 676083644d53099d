"""Comparisons that have neither a score nor a refusal: a PASS must hold even if all went wrong."""

import json
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from verikit.cli import main

PEOPLE = 400
PAIRS = tuple(np.array([(a, b) for a in range(PEOPLE) for b in range(a, PEOPLE)[:60]]).T)


def table(missing: int, code: int | None = None, *, groups: bool = False) -> pd.DataFrame:
    """People with two photos, each compared with sixty; so many mated pairs have no score."""
    rng = np.random.default_rng(1)
    first, second = PAIRS
    mated = first == second
    scores = np.where(mated, rng.uniform(0.75, 1, mated.size), rng.uniform(0, 0.35, mated.size))
    scores[np.flatnonzero(mated)[:missing]] = np.nan
    rows = pd.DataFrame(
        {
            "first": np.array([f"p{p}/1.jpg" for p in range(PEOPLE)], object)[first],
            "second": np.array([f"p{p}/2.jpg" for p in range(PEOPLE)], object)[second],
            "mated": mated.astype(int),
            "score": scores,
        }
    )
    if code is not None:
        rows["code"] = np.where(rows.score.isna(), code, 1000)
    if groups:
        half = np.array(["a", "b"])[np.arange(PEOPLE) * 2 // PEOPLE]
        rows["group"] = [
            one if one == other else f"{one}|{other}"
            for one, other in zip(half[first], half[second], strict=True)
        ]
    return rows


def judged(folder, rows: pd.DataFrame, *options: str) -> SimpleNamespace:
    rows.to_parquet(folder / "scores.parquet")
    command = [str(folder / "scores.parquet"), "--out", str(folder / "out"), "--quiet", *options]
    result = CliRunner().invoke(main, ["calibrate", *command], catch_exceptions=False)
    report = json.loads((folder / "out/report.json").read_text())
    return SimpleNamespace(
        code=result.exit_code, output=" ".join(result.output.split()), report=report
    )


@pytest.mark.parametrize("code", [None, 1000, 200, 429, 500, 503])
@pytest.mark.parametrize("measure", ["fnmr", "gfrr"])
def test_no_rate_of_customers_passes_on_those_that_have_a_score(tmp_path, measure, code):
    rows = table(80, code)
    found = judged(tmp_path, rows, "--require", f"{measure}@0.7<=0.02")
    (row,) = found.report["required"]
    assert (found.code, row["verdict"]) == (3, "INCONCLUSIVE")
    if row["n"]:
        assert (row["n"], row["open_still"], row["k"]) == (PEOPLE - 80, 80, 0)
        assert row["interval"]["upper"] > 80 / PEOPLE
        assert "80 comparisons without a response" in found.output
    assert "80 of 400 mated comparisons got no response" in found.output


def test_few_of_many_leave_a_rate_that_holds_with_them(tmp_path):
    options = ("--require", "fnmr@0.7<=0.05")
    assert judged(tmp_path, table(3), *options).report["verdict"] == "PASS"
    found = judged(tmp_path, table(14), *options)
    assert (found.report["required"][0]["verdict"], found.report["verdict"]) == (
        "INCONCLUSIVE",
        "INCONCLUSIVE",
    )


def test_more_than_one_in_a_hundred_of_the_judged_kind_bars_a_pass(tmp_path):
    found = judged(tmp_path, table(5), "--require", "fnmr@0.7<=0.2")
    assert (found.report["required"][0]["verdict"], found.code) == ("PASS", 3)
    assert "5 of 400 mated comparisons got no response" in found.report["remarks"][0]


def test_a_refusal_is_an_answer(tmp_path):
    found = judged(tmp_path, table(80, 4004), "--require", "fnmr@0.7<=0.02")
    assert (found.code, found.report["unanswered_mated"]) == (0, 0)


def test_the_groups_count_their_own(tmp_path):
    """All that is missing is of one group."""
    found = judged(tmp_path, table(80, groups=True), "--require", "fnmr@0.7<=0.05")
    of = {row["group"]: row for row in found.report["required_of_groups"]}
    assert (of["a"]["verdict"], of["a"]["open_still"]) == ("INCONCLUSIVE", 80)
    assert (of["b"]["verdict"], of["b"]["open_still"]) == ("PASS", 0)


def test_strangers_without_a_score_count_in_their_group(tmp_path):
    rows = table(0, groups=True)
    within = np.flatnonzero(rows.group.eq("a") & rows.mated.eq(0))
    rows.loc[within[:300], "score"] = np.nan
    found = judged(tmp_path, rows, "--require", "fmr@0.6<=0.005")
    of = {row["group"]: row for row in found.report["required_of_groups"]}
    assert (of["a"]["verdict"], of["a"]["open_still"]) == ("INCONCLUSIVE", 300)
    assert (of["b"]["verdict"], of["b"]["open_still"]) == ("PASS", 0)


def test_photos_without_any_answer_keep_fta_from_passing(tmp_path):
    """Forty first photos are silent, and so are the second ones that nobody else is compared to."""
    rows = table(0, 1000)
    silent = rows["first"].isin([f"p{p}/1.jpg" for p in range(40)])
    rows.loc[silent, "score"] = np.nan
    found = judged(tmp_path, rows, "--require", "fta<=0.02")
    (row,) = found.report["required"]
    assert (row["open_still"], row["verdict"]) == (80, "INCONCLUSIVE")


def test_the_threshold_tells_what_is_missing(tmp_path):
    table(80).to_parquet(tmp_path / "scores.parquet")
    command = ["threshold", str(tmp_path / "scores.parquet"), "--fmr", "1e-3"]
    result = CliRunner().invoke(main, command, catch_exceptions=False)
    output = " ".join(result.output.split())
    assert "80 of 400 mated comparisons got no response" in output
    assert "FNMR there (not matched): 0 % (0 to 30 %)" in output
