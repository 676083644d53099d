"""The first lines of a report say of whom, and at which level, and give no verdict that is none."""

import csv

import pytest

from tests.calibration.judging.test_without_response import PEOPLE, judged, table


def test_the_people_are_those_of_the_rate(tmp_path):
    """Who was refused is rejected, and counts."""
    found = judged(tmp_path, table(80, 4004))
    assert f"{PEOPLE} people)." in found.output
    assert f"{PEOPLE - 80} comparisons of {PEOPLE - 80} people with themselves" in found.output
    assert f"and 80 refused ones, of {PEOPLE} people in all" in found.output


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ((), ""),
        (("--confidence", "0.99"), "These bounds hold at 99 %."),
        (
            ("--confidence", "0.9", "--standard", "sp800-63a"),
            "These bounds hold at 90 %; the verdict is at 95 %, as required.",
        ),
        (("--standard", "sp800-63a"), ""),
        (("--confidence", "0.9", "--require", "fmr@0.7<=0.1"), "These bounds hold at 90 %."),
    ],
)
def test_the_level_of_the_first_sentence_is_told_unless_it_is_the_usual_one(
    tmp_path, options, told
):
    found = judged(tmp_path, table(0, 1000), *options)
    first = found.output.partition("False matches (FMR)")[0]
    assert ("These bounds hold" in first) == bool(told)
    assert told in first


@pytest.mark.parametrize("few", [True, False])
def test_a_row_that_is_not_judged_is_no_pass_in_any_file(tmp_path, few):
    rows, options = table(0), ("--up-to", "0.4")
    if few:  # people: then nothing is judged
        few_people = [f"p{n}/{photo}.jpg" for n in range(20) for photo in (1, 2)]
        rows = rows[rows["first"].isin(few_people) & rows["second"].isin(few_people)]
        options = ()
    found = judged(tmp_path, rows, *options)
    with (tmp_path / "out/report.csv").open() as file:
        written = [(row["verdict"], row["judged"]) for row in csv.DictReader(file)]
    assert len(written) == len(found.report["rows"]) == 6
    for row, (verdict, judged_row) in zip(found.report["rows"], written, strict=True):
        assert (row["verdict"], str(row["judged"])) == (verdict, judged_row)
        assert row["judged"] or verdict == "INCONCLUSIVE"
    assert written[0] == (("INCONCLUSIVE", "False") if few else ("PASS", "True"))


def test_groups_that_differ_are_told_beside_the_verdict(tmp_path):
    rows = table(0, groups=True)
    worse = rows.group.eq("b") & rows.mated.eq(0) & (rows.index % 50 == 0)
    rows.loc[worse, "score"] = 0.72
    found = judged(tmp_path, rows)
    assert "Groups differ at 0.7 in FMR (highest: b)." in found.output
    assert "Groups differ at 0.7" in (tmp_path / "out/report.html").read_text()


def test_required_rates_are_a_list(tmp_path):
    (tmp_path / "own.yaml").write_text(
        "title: x\nsource: x\ndate: 2026-01-01\nrequire: fmr@0.7<=1e-3\n"
    )
    with pytest.raises(FileNotFoundError):  # no report
        judged(tmp_path, table(0), "--standard", str(tmp_path / "own.yaml"))
