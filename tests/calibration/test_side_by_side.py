"""A new and an old system on the same pairs."""

import json

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from calibration.statistics.paired import difference
from calibration.statistics.verdicts import Rule
from verikit.cli import main

PEOPLE = 120


def table(seed: int = 1) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    first, second = np.triu_indices(PEOPLE, 1)
    first, second = np.append(first, np.arange(PEOPLE)), np.append(second, np.arange(PEOPLE))
    mated = first == second
    scores = np.where(mated, rng.uniform(0.5, 1, mated.size), rng.uniform(0, 0.6, mated.size))
    return pd.DataFrame(
        {
            "first": [f"p{p}/1.jpg" for p in first],
            "second": [f"p{p}/2.jpg" for p in second],
            "mated": mated.astype(int),
            "score": scores,
        }
    )


def compared(folder, new: pd.DataFrame, old: pd.DataFrame, *options: str) -> dict:
    new.to_csv(folder / "new.csv", index=False)
    old.to_csv(folder / "old.csv", index=False)
    command = [str(folder / "new.csv"), "--against", str(folder / "old.csv"), "--json"]
    result = CliRunner().invoke(
        main, ["calibrate", *command, "--out", str(folder / "out"), *options]
    )
    assert result.exit_code in (0, 1, 3), result.output
    rows = json.loads(result.stdout)["against"]
    return {(row["measure"], row["threshold"]): row for row in rows}


def test_the_same_system_differs_in_nothing(tmp_path):
    rows = compared(tmp_path, table(), table())
    for row in rows.values():
        assert row["only_new"] == row["only_old"] == row["difference"] == 0
        assert row["shown"] == "no difference shown"
        assert row["interval"]["lower"] < 0 < row["interval"]["upper"]


def test_two_files_may_name_their_columns_differently(tmp_path):
    other = table().rename(columns={"first": "Probe", "score": "similarity"})
    names = "first=Probe|first,score=score|similarity"
    rows = compared(tmp_path, table(), other, "--columns", names)
    assert rows == compared(tmp_path, table(), table())
    assert rows == compared(tmp_path, other, table(), "--columns", names)
    command = [str(tmp_path / "new.csv"), "--columns", "score=sim|likeness"]
    result = CliRunner().invoke(main, ["calibrate", *command, "--out", str(tmp_path / "out")])
    assert result.exit_code == 2
    assert "has no column 'sim|likeness'" in result.output


def test_a_release_that_misses_more_people_is_worse(tmp_path):
    new = table()
    missed = new.mated.eq(1) & (np.arange(len(new)) % 3 == 0)
    new.loc[missed, "score"] = 0.1
    rows = compared(tmp_path, new, table())
    row, old = rows["FNMR", 0.7], table()
    only_new = missed & old.score.ge(0.7)
    assert row["only_new"] == only_new.sum()
    assert row["only_old"] == 0
    assert row["difference"] == pytest.approx(only_new.sum() / PEOPLE)
    assert row["shown"] == "worse"
    assert compared(tmp_path, table(), new)["FNMR", 0.7]["shown"] == "better"
    assert rows["FMR", 0.4]["difference"] == 0


def test_pairs_are_found_in_any_order_and_way_of_writing(tmp_path):
    old = table().sample(frac=0.7, random_state=1)
    old[["first", "second"]] = old[["second", "first"]]
    old["first"] = "./" + old["first"]
    rows = compared(tmp_path, table(), pd.concat([old, old]))
    assert rows["FMR", 0.4]["n"] == old.mated.eq(0).sum()
    assert rows["FMR", 0.4]["only_new"] == rows["FMR", 0.4]["only_old"] == 0


def test_a_refused_pair_is_no_match_and_an_unanswered_one_no_evidence(tmp_path):
    new = table()
    new["code"] = 0
    refused, silent = new.index[-10:], new.index[-20:-10]
    new.loc[refused, "code"] = 4000
    new.loc[[*refused, *silent], "score"] = np.nan
    row = compared(tmp_path, new, table())["GFRR", 0.4]
    assert row["n"] == PEOPLE - 10
    assert row["only_new"] == 10
    assert row["open_still"] == 10


@pytest.mark.parametrize("code", ["", "500", "1000"])
def test_failures_left_out_of_a_file_do_not_hide_that_it_is_worse(tmp_path, code):
    """Without a code that says they were refused, the pairs may be failures: the interval tells."""
    old, new = table(), table()
    failing = new.mated.eq(1) & (np.arange(len(new)) % 5 == 0)
    new.loc[failing, "score"] = np.nan
    if code:
        old["code"], new["code"] = 1000, 1000
        new.loc[failing, "code"] = int(code)
    rows = compared(tmp_path, new, old)
    row = rows["GFRR" if code else "FNMR", 0.5]
    assert (row["n"], row["open_still"], row["in_one_file"]) == (PEOPLE - 24, 24, 0)
    assert row["only_new"] == row["only_old"] == 0
    assert row["interval"]["upper"] > 24 / PEOPLE
    assert "24 mated pairs in both files" in (tmp_path / "out/report.html").read_text()
    assert rows["FMR" if not code else "GFAR", 0.4]["open_still"] == 0


def test_pairs_of_one_file_alone_are_counted(tmp_path):
    new = table()
    row = compared(tmp_path, new[new.mated.eq(0) | (np.arange(len(new)) % 5 > 0)], table())
    assert row["FNMR", 0.5]["in_one_file"] == 24
    assert row["FNMR", 0.5]["open_still"] == 0


def test_few_people_show_nothing(tmp_path):
    few = table()
    few = few[few["first"].str.len().eq(8) & few["second"].str.len().eq(8)]  # p0 to p9
    rows = compared(tmp_path, few, few)
    assert {row["shown"] for row in rows.values()} == {"too few people"}


def test_few_people_compared_with_many_show_nothing(tmp_path):
    rows = table()
    probes = rows["first"].isin([f"p{n}/1.jpg" for n in range(5)])
    rows = compared(tmp_path, rows[probes | rows["mated"].eq(1)], rows)
    assert {row["shown"] for (measure, _), row in rows.items() if "FMR" in measure} == {
        "too few people"
    }
    assert rows["FNMR", 0.5]["shown"] == "no difference shown"


def test_the_folder_of_no_run_and_other_people_are_refused(tmp_path):
    (tmp_path / "empty").mkdir()
    table().to_csv(tmp_path / "new.csv", index=False)
    other = table()
    other[["first", "second"]] = "q" + other[["first", "second"]]
    other.to_csv(tmp_path / "old.csv", index=False)
    for old, message in (("empty", "neither a file"), ("old.csv", "share no pair")):
        command = [str(tmp_path / "new.csv"), "--against", str(tmp_path / old)]
        result = CliRunner().invoke(main, ["calibrate", *command, "--out", str(tmp_path / "out")])
        assert result.exit_code == 2
        assert message in " ".join(result.output.split())


def test_the_difference_of_independent_comparisons():
    each = np.ones(1000, int)
    new, old = np.repeat([1, 0], [30, 970]), np.roll(np.repeat([1, 0], [10, 990]), 500)
    found = difference(each, new, old, 1, Rule())
    assert found.value == pytest.approx(0.02)
    assert 0 < found.interval.lower < 0.01
    assert 0.03 < found.interval.upper < 0.06


def test_one_person_who_errs_often_is_one_persons_evidence():
    each = np.full(200, 20)
    spread, one = np.zeros(200, int), np.zeros(200, int)
    spread[:20], one[0] = 1, 20
    none = np.zeros(200, int)
    assert difference(each, spread, none, 1, Rule()).interval.lower > 0
    assert difference(each, one, none, 1, Rule()).interval.lower <= 0
