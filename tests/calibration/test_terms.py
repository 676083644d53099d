"""On what terms a score file is judged, and what stands in the headline."""

import json
import math
from functools import cache

import numpy as np
from click.testing import CliRunner

from calibration.terms import Terms
from verikit.cli import main


def scores(path, times: float, **more: int) -> None:
    """Non-mated scores at so many times the claimed rate, and mated ones."""
    path.write_text(made(times, **more))


@cache
def made(times: float, people: int = 200, photos: int = 3, count: int = 20_000) -> str:
    rng = np.random.default_rng(5)
    mated = np.arange(count) % 10 == 0
    one, first = rng.integers(people, size=count), rng.integers(photos, size=count)
    other = np.where(mated, one, (one + rng.integers(1, people, count)) % people)
    second = (first + rng.integers(1, photos, count)) % photos
    impostor = 0.3 - np.log10(rng.random(count) / times) / 10
    score = np.where(mated, 0.75, np.minimum(impostor, 1))
    columns = (column.tolist() for column in (one, first, other, second, mated, score))
    lines = [
        f"p{a}/{i}-{n}.jpg,p{b}/{j}-{n}.jpg,{same:d},{value}"
        for n, (a, i, b, j, same, value) in enumerate(zip(*columns, strict=True))
    ]
    return "\n".join(["first,second,mated,score", *lines]) + "\n"


def judged(path, *options: str):
    out = path.parent / "out"
    command = [str(path), "--out", str(out), "--quiet", *options]
    result = CliRunner().invoke(main, ["calibrate", *command], catch_exceptions=False)
    return " ".join(result.output.split()), json.loads((out / "report.json").read_text())


USUAL = "Judged as is usual, all rows, tolerance 2, confidence 95 %: so the verdict is FAIL."


def test_terms_that_spare_a_server_a_fail_are_told(tmp_path):
    scores(tmp_path / "scores.csv", times=3.0)
    assert judged(tmp_path / "scores.csv")[1]["verdict"] == "FAIL"
    output, found = judged(tmp_path / "scores.csv", "--tolerance", "5", "--up-to", "0.5")
    assert found["verdict"] == "PASS"
    assert USUAL in output
    assert USUAL in " ".join((tmp_path / "out/report.html").read_text().split())
    assert found["objections"][-1]["kind"] == "other terms"


def test_a_right_server_is_not_told_of_other_terms(tmp_path):
    scores(tmp_path / "scores.csv", times=1.0)
    output, found = judged(tmp_path / "scores.csv", "--up-to", "0.5", "--confidence", "0.9")
    assert found["verdict"] == "PASS"
    assert "Judged: 0.4 to 0.5 of 0.4 to 0.9 (--up-to); tolerance 2, confidence 90 %." in output
    assert "Judged as is usual" not in output


def test_where_only_more_people_would_do_their_number_is_told(tmp_path):
    scores(tmp_path / "scores.csv", times=1.0, people=35, photos=50)
    output, found = judged(tmp_path / "scores.csv", "--up-to", "0.7")
    needed = [row["people_needed"] for row in found["rows"]]
    assert needed == sorted(needed)
    assert needed[:2] == [0, 0]
    assert needed[3] > 300
    assert "people, and more comparisons of these 35 would not do" in output


def test_terms_survive_being_kept():
    for terms in (Terms(), Terms(up_to=0.7, tolerance=3, confidence=0.99)):
        assert Terms.of(json.loads(json.dumps(terms.as_json))) == terms


def test_the_headline_is_about_a_row_that_is_judged(tmp_path):
    scores(tmp_path / "scores.csv", times=1.0)
    output, found = judged(tmp_path / "scores.csv", "--up-to", "0.5")
    assert found["verdict"] == "PASS"
    upper = found["rows"][1]["interval"]["upper"]
    assert output.startswith(f"At 0.5, of 1,000 strangers at most {math.ceil(upper * 1_000)} are")
    assert "are accepted (10 claimed); of 1,000 customers 0 are" in output
    output, found = judged(tmp_path / "scores.csv", "--require", "fmr@0.4<=0.5")
    assert found["verdict"] == "PASS"
    assert output.startswith("At 0.4, of 100 strangers")


def test_where_answers_are_missing_no_number_of_pairs_is_named(tmp_path):
    path = tmp_path / "scores.csv"
    scores(path, times=1.0)
    lines = path.read_text().splitlines()
    for n in range(3, len(lines), 33):
        lines[n] = lines[n].rpartition(",")[0] + ",-1"
    path.write_text("\n".join(lines) + "\n")
    output, found = judged(path, "--up-to", "0.5")
    assert found["verdict"] == "INCONCLUSIVE"
    assert [row["still_needed"] for row in found["rows"][1:2]] == [0]
    assert "more non-mated comparisons" not in output
    assert "does not decide 0.5: not pairs are missing but scores" in output
