import json
import math

import numpy as np
import pyarrow as pa
import pyarrow.parquet
import pytest
from click.testing import CliRunner

from verikit.cli import main

N = 60_000


def write(path, *, change=lambda scores: scores, order=None, people: int = 4_000) -> None:
    """Scores of which the false match rate at t is 10 ** -(10 t - 3), as ``change`` writes them."""
    rng = np.random.default_rng(4)
    first, step = rng.integers(0, people, N), rng.integers(1, people, N)
    mated = np.arange(N) % 10 == 0
    second = np.where(mated, first, (first + step) % people)
    scores = np.where(mated, 1 - rng.beta(2, 6, N), 0.3 - np.log10(rng.random(N)) / 10)
    scores = change(np.minimum(scores, 1.0))
    table = pa.table(
        {
            "first": [f"p{p}/1.jpg" for p in first],
            "second": [f"p{p}/{2 + n * (n % 10 == 0)}.jpg" for n, p in enumerate(second)],
            "mated": mated,
            "score": scores,
        }
    )
    if order is not None:
        table = table.take(pa.array(order(scores)))
    pyarrow.parquet.write_table(table, path)


def run(*arguments: object):
    command = [str(argument) for argument in arguments]
    return CliRunner().invoke(main, ["threshold", *command], catch_exceptions=False)


def found(path, *options: object) -> dict:
    result = run(path, "--fmr", "1e-3", "--json", *options)
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    path = tmp_path_factory.mktemp("threshold") / "scores.parquet"
    write(path)
    return path, found(path)


def test_it_lies_a_little_above_the_true_one_and_the_bound_keeps_the_limit(plain):
    _, shown = plain
    assert 0.6 < shown["threshold"] < 0.625
    assert shown["upper"] <= 1e-3
    assert shown["k"] / shown["n"] < 1e-3


def test_the_fnmr_is_that_at_the_threshold(plain):
    path, shown = plain
    table = pyarrow.parquet.read_table(path).to_pandas()
    mated = table[table.mated].score
    assert shown["fnmr"]["rate"] == pytest.approx(np.mean(mated < shown["threshold"]))
    assert shown["mated"] == len(mated)


def test_a_threshold_that_nobody_reaches_is_none(tmp_path):
    """One person is taken for everybody, with scores above all mated ones."""
    people = 60
    first, second = np.triu_indices(people, 1)
    score = np.where(first == 0, 0.99, np.random.default_rng(1).random(first.size) * 0.3)
    lines = ["first,second,mated,score"]
    lines += [f"p{n}/1.jpg,p{n}/2.jpg,1,{0.8 + n / 1000}" for n in range(people)]
    rows = zip(first, second, score, strict=True)
    lines += [f"p{a}/1.jpg,p{b}/1.jpg,0,{one}" for a, b, one in rows]
    (tmp_path / "s.csv").write_text("\n".join(lines))
    result = run(tmp_path / "s.csv", "--fmr", "0.02")
    assert result.exit_code == 3, result.output
    assert "no comparison of one person matches either" in " ".join(result.output.split())


def test_more_confidence_takes_a_stricter_threshold(plain):
    path, shown = plain
    assert found(path, "--confidence", "0.999")["threshold"] > shown["threshold"]


@pytest.mark.parametrize(
    ("change", "options", "back"),
    [
        (lambda s: 100 * s, (), lambda t: t / 100),
        (lambda s: -7 * s, ("--lower-is-closer",), lambda t: t / -7),
        (lambda s: 40 * s - 90, (), lambda t: (t + 90) / 40),
        (lambda s: s / 1e4, (), lambda t: t * 1e4),
    ],
    ids=["percent", "distances", "log likelihood", "tiny"],
)
def test_any_scale_and_direction(tmp_path, plain, change, options, back):
    write(tmp_path / "s.parquet", change=change)
    told = found(tmp_path / "s.parquet", *options)
    assert back(told["threshold"]) == pytest.approx(plain[1]["threshold"], abs=0.006)


def test_the_order_of_the_rows_tells_nothing_of_the_scale(tmp_path, plain):
    write(tmp_path / "s.parquet", order=np.argsort)
    assert found(tmp_path / "s.parquet")["threshold"] == pytest.approx(
        plain[1]["threshold"], abs=0.002
    )


def test_minus_one_stands_for_a_failed_template(tmp_path, plain):
    table = pyarrow.parquet.read_table(plain[0]).to_pandas()
    failed = table["first"].str.startswith("p7") | table["second"].str.startswith("p7")
    table.loc[failed, "score"] = -1.0
    pyarrow.parquet.write_table(pa.Table.from_pandas(table), tmp_path / "s.parquet")
    told = found(tmp_path / "s.parquet")
    assert told["n"] == np.count_nonzero(~failed & ~table["mated"])
    mated = table[table["mated"]]
    assert told["mated"] == len(mated), "attempted: the GFRR is about these"
    assert told["mated_people"] == mated["first"].nunique()
    assert told["threshold"] == pytest.approx(plain[1]["threshold"], abs=0.01)
    assert "-1" in " ".join(told["notes"])


def test_refusals_that_nothing_explains_count_as_false_matches(tmp_path):
    """A system that fails just where it would err shows nothing."""

    def failing(scores):
        return np.where((scores > 0.6) & (np.arange(N) % 10 > 0), -1.0, scores)

    write(tmp_path / "s.parquet", change=failing)
    result = run(tmp_path / "s.parquet", "--fmr", "1e-3")
    assert result.exit_code == 3
    assert "although both photos were accepted" in " ".join(result.output.split())


def test_what_is_not_shown_says_what_it_takes(plain):
    result = run(plain[0], "--fmr", "1e-5")
    assert result.exit_code == 3
    text = " ".join(result.output.split())
    assert "FMR <= 1e-05 is not shown" in text
    assert "299,572 comparisons of different people" in text
    assert "where nobody is in two of them, else more" in text


def test_the_audit_comes_first(tmp_path):
    write(tmp_path / "s.parquet", change=lambda s: 1 - s)
    result = run(tmp_path / "s.parquet", "--fmr", "1e-3")
    assert result.exit_code == 3
    assert "--lower-is-closer" in result.output


def test_photos_of_few_people_are_not_many(tmp_path):
    write(tmp_path / "s.parquet", people=20)
    result = run(tmp_path / "s.parquet", "--fmr", "1e-1")
    assert result.exit_code == 3
    assert "Only 20 people" in result.output


def test_wrong_use(tmp_path, plain):
    np.savez(tmp_path / "t.npz", vectors=np.eye(4), people=np.arange(4))
    for command in ([tmp_path / "t.npz", "--fmr", "1e-3"], [plain[0], "--fmr", "0"], [plain[0]]):
        assert run(*command).exit_code == 2


def test_the_fnmr_is_told_without_a_column_for_refusals(tmp_path):
    rng = np.random.default_rng(2)
    rows = ["first,second,mated,score"]
    rows += [f"p{a}/1,p{b}/2,0,{rng.random() / 2}" for a in range(60) for b in range(a)]
    rows += [f"p{a}/1,p{a}/2,1,{0.4 + rng.random() / 2}" for a in range(60)]
    (tmp_path / "s.csv").write_text("\n".join(rows) + "\n")
    command = ["threshold", str(tmp_path / "s.csv"), "--fmr", "0.05"]
    told = " ".join(CliRunner().invoke(main, command).output.split())
    assert "FNMR there (not matched): " in told
    assert "GFRR (not matched or refused): not measured, as no column code" in told
    assert "60 comparisons of 60 people with themselves" in told


def test_similarities_are_not_distances(tmp_path):
    rows = ["first,second,mated,score"]
    rows += [f"p{a}/1,p{b}/2,0,{(a + b) % 9 / 30}" for a in range(40) for b in range(a)]
    rows += [f"p{a}/1,p{a}/2,1,0.{60 + a % 9}" for a in range(40)]
    (tmp_path / "s.csv").write_text("\n".join(rows) + "\n")
    command = ["threshold", str(tmp_path / "s.csv"), "--fmr", "0.1", "--lower-is-closer"]
    told = " ".join(CliRunner().invoke(main, command).output.split())
    assert "Mated scores are higher than non-mated ones" in told
    assert "similarities (without --lower-is-closer" in told


def test_the_sentence(plain):
    text = " ".join(run(plain[0], "--fmr", "1e-3").output.split())
    shown = plain[1]
    assert f"FMR <= 0.001 is shown from {shown['threshold']:g} on, at 95 %." in text
    assert f"{shown['people']:,} people" in text
    assert not math.isnan(shown["fnmr"]["rate"])


@pytest.mark.parametrize("rate", ["0.1%", "1/1000", " 0.001 "])
def test_a_rate_may_be_written_as_people_do(plain, rate):
    result = run(plain[0], "--fmr", rate, "--json")
    assert json.loads(result.stdout) == plain[1]


@pytest.mark.parametrize("rate", ["0", "1", "100%", "1/0", "nan", "inf", "-1/1000", "1 in 10", "%"])
def test_what_is_no_rate_is_refused(plain, rate):
    result = run(plain[0], "--fmr", rate)
    assert result.exit_code == 2
    assert "Invalid value for '--fmr'" in result.output
