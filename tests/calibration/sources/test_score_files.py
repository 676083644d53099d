import json
import subprocess
import sys

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
import pytest
from hypothesis import given
from hypothesis import strategies as st

from calibration.counting.comparisons import Measurement
from calibration.sources.formats import delimited, json_table, parquet_table
from calibration.sources.formats.values import numbers_in
from calibration.sources.scores import count_scores, open_scores
from verikit.errors import WrongUse

THRESHOLDS = (0.4, 0.7)
NO_FACE = 4000


def table() -> pa.Table:
    rng = np.random.default_rng(8)
    n = 5000
    first, second = rng.integers(0, 40, (2, n))
    second = np.where(first == second, (second + 1) % 40, second)
    mated = first // 2 == second // 2
    scores = pa.array(rng.random(n), mask=rng.random(n) < 0.02)
    return pa.table(
        {
            "first": [f"p{p // 2}/{p}.jpg" for p in first],
            "second": [f"p{p // 2}/{p}.jpg" for p in second],
            "mated": mated,
            "score": scores,
            "code": pa.array([None if s.is_valid else NO_FACE for s in scores], pa.int64()),
            "group": ["a" if p % 3 else "a|b" for p in first],
        }
    )


def write(path, data: pa.Table) -> None:
    if path.suffix == ".csv":
        pyarrow.csv.write_csv(data, path)
    elif path.suffix == ".parquet":
        pyarrow.parquet.write_table(data, path, row_group_size=700)
    else:
        path.write_text("".join(json.dumps(row) + "\n" for row in data.to_pylist()))


def measured(path) -> Measurement:
    measurement = Measurement(THRESHOLDS, NO_FACE)
    count_scores(open_scores(path), measurement)
    return measurement


@pytest.mark.parametrize("ending", ["csv", "parquet", "jsonl"])
def test_every_format_gives_the_same_counts(tmp_path, ending, monkeypatch):
    for reader, limit, small in (
        (delimited, "PIECE_BYTES", 20_000),
        (json_table, "PIECE_BYTES", 20_000),
        (json_table, "PIECE_ROWS", 900),
        (parquet_table, "PIECE_ROWS", 900),
    ):
        monkeypatch.setattr(reader, limit, small)
    data = table()
    path = tmp_path / f"scores.{ending}"
    write(path, data)
    found = measured(path)
    for counts in found.kinds:
        scores = data.filter(pa.compute.equal(data["mated"], counts.mated))["score"]
        assert counts.failed == scores.null_count
        numbers = scores.drop_null().to_numpy()
        assert counts.histogram.matches.tolist() == [int((numbers >= t).sum()) for t in THRESHOLDS]
    assert found.codes[NO_FACE] == data["score"].null_count
    assert found.shares(found.non_mated).people == 20
    assert found.labels.names[:2] in (["a", "a|b"], ["a|b", "a"])
    counted = sum(found.groups[False].counts(n)[0] for n in range(len(found.labels.names)))
    assert counted == found.non_mated.histogram.n


def test_people_may_have_columns_of_their_own(tmp_path):
    path = tmp_path / "scores.csv"
    path.write_text(
        "first,second,mated,score,first_person,second_person\n1,2,0,0.5,ann,bob\n1,3,1,0.8,ann,ann\n"
    )
    assert measured(path).identities.people().names == ["ann", "bob"]


A_ROW = '{"first": "a", "second": "b", "mated": 1, "score": 0.5}'


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("first,second,mated\na,b,1\n", "lacks the column score;"),
        ("one,two,same,score\na,b,1,0.5\n", "lacks the columns first, second, mated;"),
        ("first,second,mated,score,code\na,b,1,,NO_FACE\n", "'NO_FACE' .* such as 4000 where no"),
        ("first,second,mated,score\na,b,1,1.5\n", "outside 0 to 1"),
        ("first,second,mated,score\na,b,1,high\n", "cannot be read"),
        ("first,second,mated,score\na,b,,0.5\n", "rows without mated"),
        ("first,second,mated,score\n ,b,1,0.5\n", "rows without first: .*for example row 1"),
        (f"[{A_ROW}, 2]", "entry 2 is not a JSON object"),
        ("[1, 2]", "has no JSON objects: write an array of objects, or one object per line"),
        ("[]", "has no JSON objects"),
        ("[[1, 2]]\n[3]\n", "cannot be read"),
        (f"{A_ROW}\n[1]\n", "line 2 is not a JSON object: "),
        (f"{A_ROW}\nnope\n", "line 2 is not JSON: nope"),
        ("", "cannot be read"),
        ("first,second,mated,score\n", "has a heading, but no rows"),
        ("first,second,mated,score\na,b,1,0.5\na,c,0,0,5\n", "contain ',' in double quotes"),
        ('{"first": {"0": "a"}, "second": {"0": "b"}}', "one JSON object: write an array"),
        ('{\n "first": ["a"],\n "second": ["b"]\n}', "one JSON object: write an array"),
        ('{"first": {' + '"0": "a", ' * 10_000, "one JSON object: write an array"),
    ],
)
def test_says_what_is_wrong(tmp_path, content, message):
    path = tmp_path / "scores.csv"
    path.write_text(content)
    with pytest.raises(WrongUse, match=message):
        measured(path)


def test_a_column_of_lists_is_refused(tmp_path):
    path = tmp_path / "scores.parquet"
    columns = {"first": ["a"], "second": ["b"], "mated": [1], "score": [[0.5, 0.6]]}
    pyarrow.parquet.write_table(pa.table(columns), path)
    with pytest.raises(WrongUse, match=r"the column score has a list<.*: double> in each row"):
        measured(path)


def test_unknown_endings_are_refused(tmp_path):
    with pytest.raises(WrongUse, match=r"named \.csv"):
        measured(tmp_path / "scores.xlsx")


@given(
    st.lists(st.none() | st.integers(-1000, 1000), max_size=40),
    st.sampled_from([pa.int32(), pa.int64(), pa.float32(), pa.float64()]),
    st.integers(0, 9),
)
def test_numbers_of_a_column_are_those_that_it_lists(values, kind, start):
    column = pa.array(values, kind)[start:]
    expected = [-7 if value is None else value for value in values[start:]]
    assert numbers_in(column, -7).tolist() == expected


def test_a_score_file_loads_nothing_that_only_others_need(tmp_path):
    (tmp_path / "s.csv").write_text("first,second,mated,score\na/1,b/1,0,0.25\na/1,a/2,1,\n")
    code = """
import sys
from verikit.cli import main
main(["calibrate", "s.csv", "--quiet", "--out", "out"], standalone_mode=False)
print({"pandas", "asyncio", "anyio", "scipy.stats", "scipy.optimize"} & set(sys.modules))
"""
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)  # noqa: S603
    assert done.stdout.endswith("set()\n"), done.stderr
