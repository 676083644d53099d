import json
import re
from functools import cache

import numpy as np
import pytest
from click.testing import CliRunner

from calibration.judging.requirements import Requirement, load_standard, standard_names
from verikit.cli import main
from verikit.errors import WrongUse

PEOPLE = 400


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("fnmr@0.7<=0.01", ("fnmr", 0.7, 0.01)),
        ("FMR@0.7 <= 1e-4", ("fmr", 0.7, 1e-4)),
        ("fta<=.05", ("fta", None, 0.05)),
        ("fmr@0.7<=1/10000", ("fmr", 0.7, 1e-4)),
        ("gfrr@0.7<=3%", ("gfrr", 0.7, 0.03)),
        ("fmr-differential@0.7<=3", ("fmr-differential", 0.7, 3)),
        ("FNMR-Differential@0.6 <= 1.25", ("fnmr-differential", 0.6, 1.25)),
    ],
)
def test_requirements_are_read_as_they_are_written(text, expected):
    found = Requirement.of(text)
    assert (found.measure, found.threshold, found.limit) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "fnmr<=0.01",
        "fta@0.7<=0.1",
        "fmr@0.7<=1",
        "fmr@0.7<=1/0",
        "tmr@0.7<=1",
        "fmr@.<=1",
        "fmr-differential@0.7<=1",
        "gfrr-differential@0.7<=3",
        "fmr-differential<=3",
    ],
)
def test_anything_else_is_refused(text):
    with pytest.raises(WrongUse, match="is not a requirement"):
        Requirement.of(text)


def test_every_standard_names_its_source_and_what_it_leaves_out():
    assert {"sp800-63a", "fido-like"} <= set(standard_names())
    for standard in map(load_standard, standard_names()):
        assert standard.source
        assert standard.date
        assert standard.not_verified


ABOUT = "title: 1\nsource: 1\ndate: 1\n"


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        "title: x",
        f"{ABOUT}require: [x]",
        f'{ABOUT}require: ["fmr@{{}}<=1e-3"]',
        f"{ABOUT}require: [fta<=0.1]\nconfidence: {10**400}",
    ],
)
def test_a_file_that_is_no_standard_is_a_sentence(tmp_path, content):
    path = tmp_path / "mine.yaml"
    path.write_text(content)
    with pytest.raises(WrongUse):
        load_standard(str(path))


def test_a_rate_of_zero_is_shown_by_no_number_of_comparisons():
    with pytest.raises(WrongUse, match="allow some"):
        Requirement.of("fmr@0.7<=0")


def scores(path, *, false_non_matches: int, refused: int = 0) -> None:
    path.write_text(made(false_non_matches, refused))


@cache
def made(false_non_matches: int, refused: int) -> str:
    """Two photos of each person; so many people are not recognized, so many are refused."""
    rng = np.random.default_rng(1)
    lines = ["first,second,mated,score,code"]
    for person in range(PEOPLE):
        score = 0.2 if person < false_non_matches else 0.95
        told = ",4000" if person >= PEOPLE - refused else f"{score},"
        lines.append(f"p{person}/a.jpg,p{person}/b.jpg,1,{told}")
        lines += [
            f"p{person}/a.jpg,p{other}/b.jpg,0,{value:.6f},"
            for other, value in zip(
                range(person + 1, PEOPLE), (rng.random(PEOPLE) * 0.3).tolist(), strict=False
            )
        ]
    return "\n".join(lines)


def judged(tmp_path, *options: str, **kinds: int):
    scores(tmp_path / "scores.csv", **kinds)
    command = [str(tmp_path / "scores.csv"), "--out", str(tmp_path / "out"), "--quiet", *options]
    result = CliRunner().invoke(main, ["calibrate", *command], catch_exceptions=False)
    report = tmp_path / "out/report.json"
    return result, json.loads(report.read_text()) if report.exists() else None


@pytest.mark.parametrize(("wrong", "code"), [(0, 0), (4, 3), (40, 1)])
def test_the_verdict_is_about_what_is_required(tmp_path, wrong, code):
    result, found = judged(tmp_path, "--require", "fnmr@0.7<=0.01", false_non_matches=wrong)
    assert result.exit_code == code, result.output
    (row,) = found["required"]
    assert (row["k"], row["n"], row["people"]) == (wrong, PEOPLE, PEOPLE)
    assert found["verdict"] == row["verdict"]
    assert "FNMR at 0.7 at most 0.01" in (tmp_path / "out/report.html").read_text()


def test_refused_people_raise_gfrr_and_not_fnmr(tmp_path):
    options = ("--require", "gfrr@0.7<=0.05", "--require", "fnmr@0.7<=0.05")
    result, found = judged(tmp_path, *options, false_non_matches=0, refused=60)
    assert result.exit_code == 1, result.output
    assert [row["verdict"] for row in found["required"]] == ["FAIL", "PASS"]
    assert found["required"][0]["k"] == 60


@pytest.mark.parametrize(
    ("missing", "limit", "verdict"),
    [(0, 0.01, "PASS"), (3, 0.03, "PASS"), (3, 0.01, "INCONCLUSIVE"), (80, 0.5, "INCONCLUSIVE")],
)
@pytest.mark.parametrize("code", ["", "500", "429"])
def test_customers_without_an_answer_may_be_the_rejected_ones(
    tmp_path, missing, limit, verdict, code
):
    """The few mated comparisons that failed do not vanish among many non-mated ones."""
    path = tmp_path / "scores.csv"
    scores(path, false_non_matches=missing)
    path.write_text(path.read_text().replace(",1,0.2,", f",1,,{code}"))
    command = ["calibrate", str(path), "--out", str(tmp_path / "out"), "--quiet"]
    done = CliRunner().invoke(main, [*command, "--require", f"fnmr@0.7<={limit}"])
    found = json.loads((tmp_path / "out/report.json").read_text())
    (row,) = found["required"]
    assert found["verdict"] == verdict
    assert (row["k"], row["n"], row["open_still"]) == (0, PEOPLE - missing, missing)
    assert found["not_measured"] == missing
    assert row["interval"]["upper"] >= missing / PEOPLE
    told = f"80 of {PEOPLE} mated comparisons got no response" in " ".join(done.output.split())
    assert told == (missing == 80)


def test_photos_that_are_left_open_keep_fta_from_passing(tmp_path):
    """Nine people whose two photos took part in one refused pair: which of them has no face?"""
    _, found = judged(tmp_path, "--require", "fta<=0.02", false_non_matches=0)
    assert found["verdict"] == "PASS"
    path = tmp_path / "scores.csv"
    more = [f"q{person}/a.jpg,q{person}/b.jpg,1,,4000" for person in range(9)]
    path.write_text("\n".join([path.read_text(), *more]))
    command = [str(path), "--out", str(tmp_path / "out"), "--quiet", "--require", "fta<=0.02"]
    CliRunner().invoke(main, ["calibrate", *command], catch_exceptions=False)
    (row,) = json.loads((tmp_path / "out/report.json").read_text())["required"]
    assert (row["k"], row["open_still"], row["verdict"]) == (0, 18, "INCONCLUSIVE")


@pytest.mark.parametrize("rate", ["fta<=0.05", "gfrr@0.7<=0.05"])
def test_a_file_that_cannot_tell_refusals_shows_none_to_be_rare(tmp_path, rate):
    scores(tmp_path / "scores.csv", false_non_matches=0)
    path = tmp_path / "scores.csv"
    path.write_text("\n".join(line.rpartition(",")[0] for line in path.read_text().split("\n")))
    command = [str(path), "--out", str(tmp_path / "out"), "--quiet", "--require", rate]
    result = CliRunner().invoke(main, ["calibrate", *command], catch_exceptions=False)
    output = " ".join(result.output.split())
    assert (result.exit_code, "no column code tells" in output) == (3, True)
    assert "FTA 0" not in output
    groups = tmp_path / "groups.csv"
    groups.write_text("person,group\n" + "\n".join(f"p{n},{n % 2}" for n in range(PEOPLE)))
    CliRunner().invoke(main, ["calibrate", *command, "--groups", str(groups)])
    found = json.loads((tmp_path / "out/report.json").read_text())
    assert not found["required_of_groups"]
    assert [group["acquisition"] for group in found["groups"]] == [None] * len(found["groups"])


@pytest.mark.parametrize("wrong", [2, 6])
def test_what_mated_rates_need_are_people_and_no_more_comparisons_of_these(tmp_path, wrong):
    """Of 40 people some are never matched, in ten comparisons each: at most 4 are allowed."""
    lines = ["first,second,mated,score,first_person,second_person"]
    for one in range(40):
        score = 0.2 if one < wrong else 0.9
        lines += [f"a{one}_{n},b{one}_{n},1,{score + n / 100},p{one},p{one}" for n in range(10)]
        lines += [
            f"a{one}_0,a{other}_0,0,{0.2 + other / 1000},p{one},p{other}" for other in range(one)
        ]
    path = tmp_path / "s.csv"
    path.write_text("\n".join(lines))
    run = ["calibrate", str(path), "--out", str(tmp_path), "--require", "fnmr@0.5<=0.1"]
    told = " ".join(CliRunner().invoke(main, run).output.split())
    found = json.loads((tmp_path / "report.json").read_text())["required"][0]
    assert found["verdict"] == "INCONCLUSIVE"
    needed = re.search(r"about ([\d,]+) people in all would, if the rate stays", told)
    assert needed
    expected = 40 * (1 + found["still_needed"] / 400)
    assert int(needed[1].replace(",", "")) == pytest.approx(expected, rel=0.06)
    assert f"{needed[1]} people in all" in (tmp_path / "report.html").read_text()


def test_a_rate_that_is_required_twice_is_judged_once(tmp_path):
    twice = ("--require", "fnmr@0.7<=0.01", "--require", "fnmr@0.7<=1%")
    _, found = judged(tmp_path, *twice, false_non_matches=0)
    assert len(found["required"]) == 1


def test_a_rate_beyond_what_is_to_be_judged_cannot_be_required(tmp_path):
    result, _ = judged(
        tmp_path, "--require", "fmr@0.7<=0.01", "--up-to", "0.6", false_non_matches=0
    )
    assert result.exit_code == 2
    assert "ends before it" in result.output


def test_a_standard_has_one_verdict_and_says_what_it_does_not_verify(tmp_path):
    result, found = judged(tmp_path, "--standard", "sp800-63a", false_non_matches=40)
    assert result.exit_code == 1
    assert [row["measure"] for row in found["required"]] == ["fmr", "fnmr"]
    assert "Not verified here" in (tmp_path / "out/report.html").read_text()


def test_a_row_that_is_not_counted_is_wrong_use(tmp_path):
    result, _ = judged(tmp_path, "--require", "fnmr@0.72<=0.01", false_non_matches=0)
    assert result.exit_code == 2
    assert "only the rows at" in result.output


def test_what_was_never_compared_takes_no_number_of_people(tmp_path):
    """Nobody knows what would do."""
    people = [f"p{n}" for n in range(60)]
    np.savez(
        tmp_path / "t.npz", vectors=np.random.default_rng(2).normal(size=(60, 8)), people=people
    )
    rates = ["--similarities", ".4,.5,.6,.7,.8,.9", "--require", "fnmr@0.7<=0.01"]
    command = ["calibrate", str(tmp_path / "t.npz"), *rates, "--out", str(tmp_path / "o")]
    told = " ".join(CliRunner().invoke(main, command, catch_exceptions=False).output.split())
    assert "FNMR at 0.7 at most 0.01 (not measured: there is no mated comparison)" in told
    assert "if the rate stays" not in told
    both = CliRunner().invoke(main, [*command, "--score-map", str(tmp_path / "t.npz")])
    assert (both.exit_code, "give one of them" in both.output) == (2, True)


def test_rows_are_named_with_all_their_digits():
    required = Requirement(measure="fmr", threshold=2.326347874, limit=0.1)
    with pytest.raises(WrongUse, match=r"at 2\.326347874 .* rows at 2\.32634787404 are"):
        required.row((2.32634787404,))


def grouped(tmp_path, rates: dict[str, float], each: int = 100):
    """People of groups, with so many of their mated comparisons wrong; two photos each."""
    lines, labels = ["first,second,mated,score"], ["person,group"]
    people = [(f"{group}{n}", group) for group in rates for n in range(each)]
    rng = np.random.default_rng(1)
    for name, group in people:
        score = (0.2 if int(name[1:]) < rates[group] * each else 0.9) + rng.random() / 10
        lines.append(f"{name}/a.jpg,{name}/b.jpg,1,{score}")
        labels.append(f"{name},{group}")
    names = [name for name, _ in people]
    pairs = [(a, b) for n, a in enumerate(names) for b in names[n + 1 : n + 60]]
    values = rng.random(len(pairs)) * 0.3 + 0.2 * (rng.random(len(pairs)) < 0.05)
    lines += [
        f"{a}/a.jpg,{b}/a.jpg,0,{value:.4f}"
        for (a, b), value in zip(pairs, values.tolist(), strict=True)
    ]
    (tmp_path / "s.csv").write_text("\n".join(lines))
    (tmp_path / "g.csv").write_text("\n".join(labels))
    return [str(tmp_path / "s.csv"), "--out", str(tmp_path / "out"), "--quiet"]


def test_a_required_rate_is_judged_in_each_group_at_its_own_threshold(tmp_path):
    command = grouped(tmp_path, {"a": 0.0, "b": 0.3, "c": 0.06})
    options = ["--groups", str(tmp_path / "g.csv"), "--require", "fnmr@0.6<=0.05"]
    result = CliRunner().invoke(main, ["calibrate", *command, *options], catch_exceptions=False)
    found = json.loads((tmp_path / "out/report.json").read_text())
    rows = {row["group"]: row for row in found["required_of_groups"]}
    assert {group: row["verdict"] for group, row in rows.items()} == {
        "a": "PASS", "b": "FAIL", "c": "INCONCLUSIVE"
    }  # fmt: skip
    assert [rows[group]["k"] for group in "abc"] == [0, 30, 6]
    assert all(row["n"] == row["people"] == 100 for row in rows.values())
    assert found["required"][0]["k"] == 36
    assert "Group b FAILs (FNMR at 0.6 at most 0.05)." in " ".join(result.output.split())
    assert "Required rates by group" in (tmp_path / "out/report.html").read_text()
    assert max(map(len, result.output.splitlines()[:-1])) <= 80


def test_a_group_of_few_people_is_undecided(tmp_path):
    command = grouped(tmp_path, {"a": 0.0, "b": 1.0}, each=25)
    options = ["--groups", str(tmp_path / "g.csv"), "--require", "fnmr@0.6<=0.05"]
    CliRunner().invoke(main, ["calibrate", *command, *options], catch_exceptions=False)
    found = json.loads((tmp_path / "out/report.json").read_text())
    assert [row["verdict"] for row in found["required_of_groups"]] == ["INCONCLUSIVE"] * 2


@pytest.mark.parametrize(
    ("rates", "limit", "verdict", "code"),
    [
        ({"a": 0.1, "b": 0.12}, "5", "PASS", 0),
        ({"a": 0.05, "b": 0.6}, "3", "FAIL", 1),
        ({"a": 0.1, "b": 0.2}, "1.5", "INCONCLUSIVE", 3),
        ({"a": 0.0, "b": 0.2}, "9", "INCONCLUSIVE", 3),
    ],
)
def test_a_differential_can_be_required(tmp_path, rates, limit, verdict, code):
    command = grouped(tmp_path, rates, each=200)
    options = ["--groups", str(tmp_path / "g.csv"), "--require"]
    result = CliRunner().invoke(
        main,
        ["calibrate", *command, *options, f"fnmr-differential@0.7<={limit}"],
        catch_exceptions=False,
    )
    assert result.exit_code == code, result.output
    found = json.loads((tmp_path / "out/report.json").read_text())
    (row,) = found["required"]
    assert (row["verdict"], row["n"], row["people"]) == (verdict, 400, 400)
    assert "FNMR differential at 0.7 at most" in (tmp_path / "out/report.html").read_text()
    assert found["required_of_groups"] == []
    assert max(map(len, result.output.splitlines()[:-1])) <= 80


def test_a_differential_without_groups_is_wrong_use(tmp_path):
    result, _ = judged(tmp_path, "--require", "fmr-differential@0.7<=3", false_non_matches=0)
    assert result.exit_code == 2
    assert "needs two groups: add --groups" in " ".join(result.output.split())


def test_a_differential_of_one_group_names_it(tmp_path):
    command = grouped(tmp_path, {"e": 0.1}, each=80)
    options = ["--groups", str(tmp_path / "g.csv"), "--require", "fnmr-differential@0.7<=3"]
    result = CliRunner().invoke(main, ["calibrate", *command, *options])
    assert result.exit_code == 2
    assert "needs two groups: all are of e." in " ".join(result.output.split())


def test_comparisons_that_these_people_cannot_give_are_told_as_people(tmp_path):
    """Of 400 people there are 79,800 pairs, where about 3 million are needed."""
    result, found = judged(tmp_path, "--require", "fmr@0.7<=1e-6", false_non_matches=0)
    (row,) = found["required"]
    assert row["still_needed"] > PEOPLE * (PEOPLE - 1) / 2
    assert row["people_needed"] > PEOPLE
    output = " ".join(result.output.split())
    assert "people in all would, if the rate stays" in output
    assert "more non-mated comparisons would" not in output.partition("does not decide FMR")[2]
