"""One file of scores in the dialects of the field: all give the same counts, or a sentence."""

from __future__ import annotations

import gzip
import json
import re
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pyarrow.parquet
import pytest
from click.testing import CliRunner

from calibration.counting.comparisons import Measurement
from calibration.evaluation import from_scores
from calibration.sources.formats import delimited
from calibration.sources.formats.opening import open_table
from calibration.sources.formats.people_tables import photo_people
from calibration.sources.formats.table import column_names
from calibration.sources.scores import numbers_of
from verikit.cli import main
from verikit.contract import load_contract
from verikit.errors import WrongUse

CONTRACT = load_contract()
RNG = np.random.default_rng(7)
ROWS = [
    (f"p{a}/{x}.jpg", f"p{a if mated else b}/{y}.jpg", int(mated), round(float(score), 6))
    for n, (a, b, score) in enumerate(
        zip(RNG.integers(0, 40, 900), RNG.integers(40, 80, 900), RNG.random(900), strict=True)
    )
    for mated, x, y in [(n % 4 == 0, 0, 1)]
]
HEAD = ("first", "second", "mated", "score")


def text(separator: str, rows=ROWS, head=HEAD, end: str = "\n") -> str:
    return "".join(separator.join(map(str, row)) + end for row in ([head] if head else []) + rows)


def counted(path, **options) -> Measurement:
    return from_scores(path, CONTRACT, float("inf"), **options).measurement


def summary(found: Measurement) -> list:
    return [
        (counts.histogram.n, counts.histogram.matches.tolist(), found.shares(counts).people)
        for counts in found.kinds
    ]


WORDS = [(a, b, ("Impostor", "Genuine")[m], s) for a, b, m, s in ROWS]
FLOATS = [(a, b, f"{m}.0", s) for a, b, m, s in ROWS]
COMMAS = [(a, b, m, str(s).replace(".", ",")) for a, b, m, s in ROWS]
WINDOWS = [(f"C:\\d\\{a}".replace("/", "\\"), f"C:\\d\\{b}".replace("/", "\\"), m, s) for a, b, m, s in ROWS]  # fmt: skip # noqa: E501
SIGNS = [(a, b, (-1, 1)[m], s) for a, b, m, s in ROWS]
BOB = [(a[:-6], b[:-6], b, s) for a, b, _, s in ROWS]
BOB_LONG = [(a[:-6], a, b[:-6], b, s) for a, b, _, s in ROWS]
DIALECTS = {
    "plain.csv": text(","),
    "CAPITALS.CSV": text(",", head=("FIRST", "Second", " Mated", "SCORE ")),
    "excel.csv": "\ufeff" + text(",", end="\r\n"),
    "european.csv": "\ufeff" + text(";", COMMAS, end="\r\n"),
    "words.tsv": text("\t", WORDS),
    "floats.csv": text(",", FLOATS),
    "signs.csv": text(",", SIGNS),
    "blanks.csv": text(", "),
    "pipes.txt": text("|"),
    "aligned.txt": text("    "),
    "no_heading.txt": text(" ", head=None),
    "no_heading.csv": text(",", head=None),
    "blank_lines.csv": text(",").replace("score\n", "score\n\n") + "\n\n",
    "quoted.csv": text(",", [tuple(f'"{v}"' for v in row) for row in ROWS]),
    "windows.csv": text(",", WINDOWS),
    "bob_5_columns.txt": text(" ", BOB_LONG, head=None),
    "objects.jsonl": "".join(json.dumps(dict(zip(HEAD, row, strict=True))) + "\n" for row in ROWS),
    "mixed.jsonl": "".join(
        json.dumps(
            dict(
                zip(
                    HEAD,
                    (*row[:2], (row[2], bool(row[2]))[n % 2], (row[3], str(row[3]))[n % 2]),
                    strict=True,
                )
            )
        )
        + "\n"
        for n, row in enumerate(ROWS)
    ),
    "array.json": json.dumps([dict(zip(HEAD, row, strict=True)) for row in ROWS]),
}


@pytest.fixture(scope="module")
def expected(tmp_path_factory):
    path = tmp_path_factory.mktemp("scores") / "plain.csv"
    path.write_text(text(","))
    return summary(counted(path))


@pytest.mark.parametrize("name", DIALECTS)
def test_text_of_every_dialect(tmp_path, name, expected, monkeypatch):
    monkeypatch.setattr(delimited, "PIECE_BYTES", 16_384)
    path = tmp_path / name
    path.write_text(DIALECTS[name], encoding="utf-8", newline="")
    assert summary(counted(path)) == expected


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig", "cp1252"])
def test_encodings(tmp_path, encoding, expected):
    path = tmp_path / "scores.csv"
    path.write_bytes(text(",").replace("p1/", "pé/").encode(encoding))
    assert summary(counted(path)) == expected


def test_the_four_columns_of_bob(tmp_path, expected):
    path = tmp_path / "scores-dev"
    path.write_text(text(" ", BOB, head=None))
    found = counted(path)
    assert summary(found) == expected
    assert found.identities.people().given == 80


@pytest.mark.parametrize(
    "columns",
    [
        {"mated": pa.array([float(m) for *_, m, _ in ROWS])},
        {"mated": pa.array([("impostor", "genuine")[m] for *_, m, _ in ROWS])},
        {"mated": pa.array([m for *_, m, _ in ROWS], pa.int8())},
        {"first": pa.array([row[0] for row in ROWS]).dictionary_encode()},
        {"second": pa.array([row[1] for row in ROWS], pa.large_string())},
        {"score": pa.array([str(row[3]) for row in ROWS])},
        {"score": pa.array([row[3] for row in ROWS], pa.float32())},
    ],
)
def test_parquet_of_every_type(tmp_path, columns, expected):
    plain = dict(zip(HEAD, map(list, zip(*ROWS, strict=True)), strict=True))
    pyarrow.parquet.write_table(pa.table(plain | columns), tmp_path / "scores.parquet")
    assert summary(counted(tmp_path / "scores.parquet")) == expected


@pytest.mark.parametrize("kind", [pa.decimal128(10, 3), pa.decimal256(50, 20), pa.decimal64(9, 4)])
def test_decimals_are_read_as_they_are_written(tmp_path, kind):
    written = [f"{thousandth / 1000:.3f}" for thousandth in range(1000)]
    scores = pa.array(map(Decimal, written), kind)
    path = tmp_path / "scores.parquet"
    columns = {"first": [f"p{n}" for n in range(1000)], "second": ["q"] * 1000}
    pyarrow.parquet.write_table(pa.table(columns | {"mated": [0] * 1000, "score": scores}), path)
    table = open_table(path, {}, ("score",))
    (piece,) = table.pieces()
    assert numbers_of(table, piece, "score", 0).tolist() == [float(word) for word in written]


def test_columns_may_have_other_names(tmp_path, expected):
    path = tmp_path / "scores.csv"
    path.write_text(text(",", head=("probe", "reference", "label", "similarity")))
    names = column_names("first=probe, second=Reference,mated=label,score=4")
    assert summary(counted(path, columns=names)) == expected


@pytest.mark.parametrize("given", ["", "first", "first=", "photo=probe"])
def test_columns_are_names_and_columns(given):
    with pytest.raises(WrongUse, match="--columns takes NAME=COLUMN"):
        column_names(given)


def test_people_may_be_numbers_and_tell_the_truth(tmp_path, expected):
    rows = [
        {"first": n, "second": 10_000 + n, "score": s,
         "first_person": int(a[1:-6]), "second_person": int(b[1:-6])}
        for n, (a, b, _, s) in enumerate(ROWS)
    ]  # fmt: skip
    path = tmp_path / "scores.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    found = counted(path)
    assert summary(found) == expected
    assert found.identities.people().given == 80


def test_a_table_says_who_is_who(tmp_path, expected):
    def alias(name: str) -> str:
        return f"{hash(name) % 10**9:x}-{name[-5]}"

    path, people = tmp_path / "scores.csv", tmp_path / "people.csv"
    path.write_text(text(",", [(alias(a), alias(b), m, s) for a, b, m, s in ROWS]))
    who = {alias(name): name[:-6] for row in ROWS for name in row[:2]}
    people.write_text("photo;person\n" + "".join(f"{a};{p}\n" for a, p in who.items()))
    assert photo_people(people) == who
    assert summary(counted(path, people=people)) == expected


BROKEN = {
    "oops": (text(",", [*ROWS[:700], ("a/1", "b/1", 0, "oops")]), "row 701: score 'oops' is not"),
    "infinite": (text(",", [*ROWS[:700], ("a/1", "b/1", 0, "inf")]), "row 701: score inf is no"),
    "percent": (text(",", [*ROWS[:700], ("a/1", "b/1", 0, 87)]), "row 701: score 87 lies outside"),
    "perhaps": (
        text(",", [*ROWS[:700], ("a/1", "b/1", "?", 1)]),
        r"row 701: mated '[?]' is neither",
    ),
    "short": (text(",", [*ROWS[:70], ("a/1", "b/1")]), "Expected 4 columns, got 2"),
    "twice": (text(",", head=("first", "first", "mated", "score")), "names a column twice"),
    "other names": (text(",", head=("a", "b", "c", "d")), "--columns first=COLUMN,second=COLUMN"),
    "no rows": ("first,second,mated,score\n", "no rows"),
    "nothing": ("", "is empty"),
    "escapes": (text(",", [("\x1b[2J", "b/1", 0, 7)]), r"first=\\x1b\[2J"),
    "nested": ("[" * 100_000, "recursion|delimiter|cannot be read"),
}


@pytest.mark.parametrize("what", BROKEN)
def test_a_refusal_shows_what_was_understood(tmp_path, what):
    content, message = BROKEN[what]
    path = tmp_path / "scores.csv"
    path.write_text(content)
    with pytest.raises(WrongUse, match=message) as refused:
        counted(path)
    assert "\x1b" not in str(refused.value)
    if re.match("r?row 7", message):
        assert "The first rows, as understood:\n  first=p" in str(refused.value)


@pytest.mark.parametrize(
    "content", [b"\x89PNG\r\n\x1a\n\0\0", b"PAR1" + b"x" * 99, b"PAR1", b"{\n", b"\0"]
)
def test_what_is_no_table_is_refused_in_a_sentence(tmp_path, content):
    path = tmp_path / "scores.csv"
    path.write_bytes(content)
    with pytest.raises(WrongUse):
        counted(path)


def test_a_score_that_is_no_text_at_all_is_refused(tmp_path) -> None:
    path = tmp_path / "scores.csv"
    path.write_bytes(text(",").encode() + b"a/1.jpg,b/1.jpg,0,0.39\xc2")
    with pytest.raises(WrongUse, match="CSV conversion error"):
        counted(path)


BEFORE = {
    "comments": "# vendor ACME, run 2026\n#\n\n",
    "Excel's separator": "sep=,\r\n",
    "blank lines": "\n \n",
    "a heading as numpy writes it": "# ",
}


@pytest.mark.parametrize("what", BEFORE)
def test_what_comes_before_the_heading_is_no_row(tmp_path, what):
    plain, path = tmp_path / "plain.csv", tmp_path / "scores.csv"
    plain.write_text(text(","))
    path.write_text(BEFORE[what] + text(","))
    for ours, theirs in zip(counted(path).kinds, counted(plain).kinds, strict=True):
        assert ours.attempted == theirs.attempted > 0
        assert ours.events.tolist() == theirs.events.tolist()


def test_a_row_that_begins_like_a_comment_is_one(tmp_path):
    path = tmp_path / "scores.csv"
    path.write_text("# 1.jpg,# 2.jpg,0,0.25\n#1.jpg,#2.jpg,0,0.5\na/1,a/2,1,0.9\n")
    assert counted(path).non_mated.attempted == 2


def test_a_decimal_comma_in_quotes_and_empty_columns_at_the_end(tmp_path):
    path, plain = tmp_path / "scores.csv", tmp_path / "plain.csv"
    plain.write_text(text(","))
    head, *lines = text(",").splitlines()
    score = head.split(",").index("score")
    rows = [line.split(",") for line in lines]
    rows = [[*r[:score], '"' + r[score].replace(".", ",") + '"', *r[score + 1 :]] for r in rows]
    path.write_text("\n".join([head + ",,", *(",".join(row) + ",," for row in rows)]))
    for ours, theirs in zip(counted(path).kinds, counted(plain).kinds, strict=True):
        assert ours.events.tolist() == theirs.events.tolist()


@pytest.mark.parametrize(
    "labels",
    ["+1 -1", "G I", "match nonmatch", "Same Different", "YES no", "True FALSE", "1.0 0.0"],
)
def test_labels_in_the_words_of_others(tmp_path, labels):
    path = tmp_path / "scores.csv"
    said = dict(zip("10", labels.split(), strict=True))
    lines = text(",").splitlines()
    mated = lines[0].split(",").index("mated")
    rows = [line.split(",") for line in lines[1:]]
    rows = [[*row[:mated], said[row[mated]], *row[mated + 1 :]] for row in rows]
    path.write_text("\n".join([lines[0], *map(",".join, rows)]) + "\n")
    measurement = counted(path)
    plain = tmp_path / "plain.csv"
    plain.write_text(text(","))
    expected = counted(plain)
    for ours, theirs in zip(measurement.kinds, expected.kinds, strict=True):
        assert ours.attempted == theirs.attempted > 0


def test_a_label_that_is_not_known_is_told_which_are(tmp_path):
    path = tmp_path / "scores.csv"
    path.write_text("first,second,mated,score\na/1,b/1,perhaps,0.5\n")
    with pytest.raises(WrongUse, match=r"'perhaps' is neither 1 nor 0, nor one of .*nonmatch"):
        counted(path)


def test_errors_name_the_file_and_a_matrix_is_known_as_one(tmp_path):
    path = tmp_path / "scores.csv"
    for content, told in (
        (gzip.compress(b"first,second"), "is compressed: unpack it first"),
        (b"a\0b", "it is not text"),
        ("first,second,mated,score\n".encode("utf-16-le"), "save it as UTF-8"),
        (b"PK\x03\x04xl/workbook.xml", "is no text, but of Excel or an archive: save it as text"),
        (b"first,second,mated,score\na/1,b/1,0,31.5%\n", "leave the % out, and name the scale"),
        (b'first,second,mated,score\na/1,b/1,0,"316,558"\n', "nothing between thousands"),
        (b"first,second,mated,score\na/1,b/1,0,FTE\n", "leave it empty where there is none"),
        (b"first,second,mated,score,score\n", "names a column twice"),
        ((",".join(["0.25"] * 200) + "\n").encode() * 200, "looks like a matrix of 200 columns"),
    ):
        path.write_bytes(content)
        with pytest.raises(WrongUse) as refused:
            counted(path)
        assert str(path) in str(refused.value)
        assert told in str(refused.value)
        assert len(str(refused.value)) < 400


@pytest.mark.parametrize("empty", ["", "NaN"])
def test_scores_that_are_missing_without_a_code_are_told_what_to_do(tmp_path, empty):
    path = tmp_path / "scores.csv"
    rows = [f"p{n}/1.jpg,p{n + 1}/1.jpg,0,{empty if n % 5 == 0 else 0.2}" for n in range(100)]
    path.write_text("first,second,mated,score\n" + "\n".join(rows) + "\n")
    command = [str(path), "--quiet", "--out", str(tmp_path / "out")]
    output = " ".join(CliRunner().invoke(main, ["calibrate", *command]).output.split())
    assert "20 of 100 non-mated comparisons got no response." in output
    assert "if they were refused, add a column `code`" in output


NO_ROWS = {"first": [], "second": [], "mated": [], "score": []}


@pytest.mark.parametrize(
    ("table", "told"),
    [
        (NO_ROWS, "it contains no rows"),
        ({"first": ["a"], "second": [""], "mated": [True], "score": [0.5]}, "for example row 1"),
    ],
)
def test_a_table_without_what_is_compared_is_refused(tmp_path, table, told):
    path = tmp_path / "scores.parquet"
    pyarrow.parquet.write_table(pa.table(table), path)
    result = CliRunner().invoke(main, ["calibrate", str(path), "--out", str(tmp_path / "out")])
    assert result.exit_code == 2
    assert told in result.stderr


@pytest.mark.parametrize("kind", [pa.null(), pa.decimal128(5, 2), pa.float16()])
def test_a_column_without_a_score_is_of_pairs_that_were_not_measured(tmp_path, kind):
    scores = pa.array([None] * len(ROWS), kind)
    plain = dict(zip(HEAD, map(list, zip(*ROWS, strict=True)), strict=True)) | {"score": scores}
    pyarrow.parquet.write_table(pa.table(plain), tmp_path / "scores.parquet")
    measured = counted(tmp_path / "scores.parquet")
    assert measured.non_mated.histogram.n == measured.mated.histogram.n == 0
