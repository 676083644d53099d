"""A person looks at comparisons, and everything is judged before and after."""

import csv
import json
import shutil
from functools import cache

import numpy as np
import pytest
from click.testing import CliRunner

from calibration.report import plots
from verikit.cli import main

PEOPLE = 400


@cache
def made(wrong: int, times: float) -> tuple[str, dict[frozenset[str], bool]]:
    """A file of scores, and who is truly one person."""
    rng = np.random.default_rng(7)
    place = np.arange(20_000)
    mated = place % 10 == 0
    one = rng.integers(PEOPLE, size=place.size)
    other = np.where(mated, one, (one + rng.integers(1, PEOPLE, place.size)) % PEOPLE)
    truth = mated | ((place % 1_500 == 7) & (place // 1_500 < wrong))
    impostor = 0.3 - np.log10(rng.random(place.size) / times) / 10
    score = np.where(truth, 0.85 + 0.1 * rng.random(place.size), np.minimum(impostor, 1))
    pairs = [
        (f"p{a}/{n}a.jpg", f"p{b}/{n}b.jpg")
        for n, (a, b) in enumerate(zip(one.tolist(), other.tolist(), strict=True))
    ]
    lines = [
        f"{first},{second},{labelled:d},{value}"
        for (first, second), labelled, value in zip(
            pairs, mated.tolist(), score.tolist(), strict=True
        )
    ]
    known = dict(zip(map(frozenset, pairs), truth.tolist(), strict=True))
    return "\n".join(["first,second,mated,score", *lines]) + "\n", known


class Scored:
    """A right server, and some photos of one person that are labelled as those of two."""

    def __init__(self, path, wrong: int = 12, times: float = 1.0) -> None:
        self.path = path
        text, truth = made(wrong, times)
        self.truth = dict(truth)
        path.write_text(text)

    def judged(self, *options: str, code: int | None = None):
        out = self.path.parent / "out"
        command = [str(self.path), "--out", str(out), "--quiet", *options]
        result = CliRunner().invoke(main, ["calibrate", *command], catch_exceptions=False)
        if code is not None:
            assert result.exit_code == code, result.output
        output = " ".join(result.output.split())
        return output, json.loads((out / "report.json").read_text())

    def look(self, keep=lambda row, truth: True):
        """The report's list, filled in by somebody who knows the truth."""
        source = self.path.parent / "out/look.csv"
        with source.open(newline="") as file:
            rows = list(csv.DictReader(file))
        target = self.path.parent / "found.csv"
        with target.open("w", newline="") as file:
            lines = csv.DictWriter(file, rows[0].keys(), delimiter=";")
            lines.writeheader()
            for row in rows:
                truth = self.truth[frozenset((row["first"], row["second"]))]
                lines.writerow(row | {"found": f"{truth:d}" if keep(row, truth) else ""})
        return str(target)


@pytest.fixture(scope="module")
def begun(tmp_path_factory):
    """What is judged once, and what it came to."""
    scored = Scored(tmp_path_factory.mktemp("begun") / "scores.csv")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(plots, "drawn", lambda *_, **__: "<svg></svg>")
        return scored.path.parent, scored.judged()


@pytest.fixture
def scored(begun, tmp_path):
    shutil.copytree(begun[0], tmp_path, dirs_exist_ok=True)
    return Scored(tmp_path / "scores.csv")


@pytest.fixture
def before(begun):
    return begun[1][1]


def rows(found: dict) -> list[str]:
    return [row["verdict"] for row in found["rows"]]


def test_wrong_labels_that_a_person_found_count_as_what_they_are(scored, before):
    assert before["rows"][4]["k"] >= 12
    output, after = scored.judged("--adjudicated", scored.look())
    assert after["rows"][4]["k"] <= 1
    assert rows(after)[:3] == ["PASS"] * 3
    assert after["mated"] == before["mated"] + 12
    assert after["non_mated"] == before["non_mated"] - 12
    assert "12 non-mated ones are mated" in output
    assert f"As labelled the verdict is {before['verdict']}." in output
    assert [row["k"] for row in after["review"]["before"]] == [r["k"] for r in before["rows"]]
    assert "before the review" in (scored.path.parent / "out/report.html").read_text()


def test_every_comparison_from_a_row_on_must_be_looked_at(tmp_path):
    scored = Scored(tmp_path / "scores.csv", times=30.0)
    scored.judged(code=1)
    one_sided = scored.look(lambda row, truth: truth)
    output, _ = scored.judged("--adjudicated", one_sided, code=2)
    assert "non-mated comparisons that reach 0.8 were not looked at" in output
    assert "Labels that are right must be confirmed as well." in output


def test_a_review_that_only_takes_false_matches_away_is_remarked(scored):
    output, _ = scored.judged("--adjudicated", scored.look())
    assert "wrongly labelled" not in output
    scored.truth = dict.fromkeys(scored.truth, True)
    target = scored.look(lambda row, truth: row["mated"] == "0")
    output, after = scored.judged("--adjudicated", target)
    assert after["review"]["to_mated"] == after["review"]["reviewed"] > 0
    assert "are said to be wrongly labelled: have somebody else look" in output
    page = " ".join((scored.path.parent / "out/report.html").read_text().split())
    assert "are said to be wrongly labelled" in page


def test_false_matches_that_a_person_confirmed_are_no_label_noise(tmp_path):
    """What looks like wrong labels is the server's own fault."""
    scored = Scored(tmp_path / "scores.csv", wrong=13)
    _, before = scored.judged()
    assert "label noise" in [one["kind"] for one in before["objections"]]
    assert "FAIL" not in rows(before)
    scored.truth = dict.fromkeys(scored.truth, False)
    target = scored.look(lambda row, truth: row["mated"] == "0")
    _, after = scored.judged("--adjudicated", target, code=1)
    assert rows(after)[4] == "FAIL"
    assert [row["k"] for row in after["rows"]] == [row["k"] for row in before["rows"]]


def test_what_was_found_stays_in_the_list_when_it_is_judged_again(scored):
    look = scored.path.parent / "out/look.csv"
    shutil.copy(scored.look(lambda row, truth: float(row["score"]) > 0.8), look)
    scored.judged()
    with look.open(newline="") as file:
        found = [row["found"] for row in csv.DictReader(file)]
    assert found.count("1") >= 12


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("first,second,found\na,b,\n", "holds no findings"),
        ("first,second,found\na,b,1\n", "speaks of none"),
        ("first,second,found\na,b,1\nb,a,0\n", "says two things"),
        ("first,second,found\na,b,maybe\n", "neither 1, 0 nor"),
        ("first,second\na,b\n", "found"),
    ],
)
def test_a_list_that_says_nothing_is_refused(scored, text, message):
    """With few enough comparisons that reading them takes no time."""
    lines = scored.path.read_text().splitlines()[:2000]
    scored.path.write_text("\n".join(lines) + "\n")
    (scored.path.parent / "found.csv").write_text(text)
    out = scored.path.parent / "out"
    command = [str(scored.path), "--out", str(out), "--quiet"]
    command += ["--adjudicated", str(scored.path.parent / "found.csv")]
    result = CliRunner().invoke(main, ["calibrate", *command], catch_exceptions=False)
    assert result.exit_code == 2
    assert message in " ".join(result.output.split())


def test_no_name_is_a_formula_for_the_spreadsheet_in_which_it_is_reviewed(tmp_path):
    names = ["=1+1", "+cmd|calc", "-2", "@SUM(1)", "'=2", "'plain"]
    lines = ["first,second,mated,score,first_person,second_person"]
    for n in range(40):
        first, second = (names[n] if n < len(names) else f"a{n}"), f"b{n}"
        lines.append(f"{first},{second},0,{0.5 if n < len(names) else 0.1},x{n},y{n}")
        lines.append(f"{second},c{n},1,0.95,y{n},y{n}")
    path, out = tmp_path / "scores.csv", tmp_path / "out"
    path.write_text("\n".join(lines))
    command = ["calibrate", str(path), "--out", str(out), "--quiet"]
    CliRunner().invoke(main, command, catch_exceptions=False)
    with (out / "look.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["first"] for row in rows} >= {"'=1+1", "'+cmd|calc", "'-2", "'@SUM(1)", "''=2"}
    assert not any(row[end].startswith(("=", "+", "-", "@")) for row in rows for end in row)
    review = tmp_path / "review.csv"
    with review.open("w", newline="") as file:
        table = csv.DictWriter(file, rows[0].keys())
        table.writeheader()
        table.writerows(row | {"found": "0"} for row in rows)
    done = CliRunner().invoke(main, [*command, "--adjudicated", str(review)])
    assert done.exit_code in {0, 1, 3}, done.output
    found = json.loads((out / "report.json").read_text())
    assert found["review"]["reviewed"] == len(rows) == len(names)


def test_only_their_owner_reads_the_files_of_a_report(begun):
    files = list((begun[0] / "out").iterdir())
    assert {"look.csv", "report.csv", "report.html", "report.json"} <= {one.name for one in files}
    assert {one.stat().st_mode & 0o077 for one in files} == {0}
