import json
import math

import pytest
from click.testing import CliRunner

from calibration.statistics.planning import comparisons_of, people_for, to_pass
from verikit.cli import main


def planned(*options: str) -> dict:
    result = CliRunner().invoke(main, ["plan", *options, "--json"], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_a_row_takes_more_people_the_rarer_it_is():
    rows = planned("--people", "300")["rows"]
    assert [row["people_needed"] for row in rows] == sorted(row["people_needed"] for row in rows)
    assert [row["comparisons"] is not None for row in rows] == [True] * 3 + [False] * 3
    assert all((row["people_missing"] > 0) == (row["comparisons"] is None) for row in rows)


@pytest.mark.parametrize("rate", [1e-2, 1e-4, 1e-6])
def test_as_many_people_as_are_said_to_be_needed_are_enough_and_one_fewer_is_not(rate):
    needed = to_pass(rate, 2)
    people = people_for(needed, rate, 0.5)
    total = comparisons_of(people, needed, rate, 0.5)
    assert needed < total <= math.comb(people, 2)
    assert total / (1 + 4 * total * 0.5 * rate / people) == pytest.approx(needed)
    assert comparisons_of(people - 1, needed, rate, 0.5) == math.inf


def test_a_number_may_be_written_as_the_plan_writes_it():
    assert planned("--people", "1,735") == planned("--people", "1735")
    for word in ("1,73", "1,,735", ",735", "1.735", "1,000,00"):
        assert CliRunner().invoke(main, ["plan", "--people", word]).exit_code == 2


def test_mated_rows_take_people_and_two_photos_of_each():
    few = planned("--people", "300", "--photos", "4", "--standard", "sp800-63a")["rows"]
    assert [row["people_missing"] > 0 for row in few] == [True, True]
    many = planned("--people", "3000", "--photos", "2", "--standard", "sp800-63a")
    assert [row["people_missing"] for row in many["rows"]] == [0, 0]
    assert many["hours"] > 0
    single = planned("--people", "3000", "--photos", "1", "--require", "fnmr@0.7<=0.01")["rows"]
    assert single[0]["comparisons"] is None


def test_what_is_claimed_elsewhere_is_planned_for():
    rows = planned("--people", "3000", "--claims", "face-plus-plus")["rows"]
    assert [row["row"] for row in rows] == ["FMR 62.327", "FMR 69.101", "FMR 73.975"]
    assert rows[0]["people_needed"] < rows[-1]["people_needed"]
    for wrong, message in (
        (["--claims", "nobody"], "no file of claims"),
        (["--claims", "tencent", "--standard", "sp800-63a"], "does not apply to required rates"),
        (["--require", "fmr-differential@0.7<=3"], "how unequal groups are"),
        (["--standard", "nobody"], "no standard"),
    ):
        result = CliRunner().invoke(main, ["plan", "--people", "300", *wrong])
        assert result.exit_code == 2
        assert message in " ".join(result.output.split())


def test_groups_share_the_people():
    whole, split = planned("--people", "400"), planned("--people", "400", "--groups", "4")
    assert split["rows"] == planned("--people", "100")["rows"] != whole["rows"]


def test_it_fits_a_terminal_of_80_columns():
    result = CliRunner().invoke(main, ["plan", "--people", "300", "--standard", "sp800-63a"])
    assert max(map(len, result.output.splitlines()[:-1])) <= 80
    assert "more needed" in result.output


def test_what_takes_minutes_is_no_day():
    few = CliRunner().invoke(main, ["plan", "--people", "60"]).output
    assert " min at 20 a second." in " ".join(few.split())
    assert "day" not in few
    none = CliRunner().invoke(main, ["plan", "--people", "5"]).output
    assert "Nothing can be decided." in none
    many = CliRunner().invoke(main, ["plan", "--people", "100000", "--rate", "1"]).output
    assert "replicas." in many


@pytest.mark.parametrize(("typed", "people"), [("3,000", 3000), ("1,000,000", 10**6)])
def test_commas_may_divide_thousands(typed, people):
    assert planned("--people", typed) == planned("--people", str(people))


@pytest.mark.parametrize("typed", ["3,00", ",300", "3,000,", "3,0000", "1"])
def test_other_commas_are_no_number(typed):
    assert CliRunner().invoke(main, ["plan", "--people", typed]).exit_code == 2
