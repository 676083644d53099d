import csv
import json
import math
import re

import numpy as np
import pyarrow as pa
import pyarrow.parquet
import pytest
from click.testing import CliRunner
from PIL import Image

from calibration.report import numbers
from calibration.statistics.intervals import Interval
from verikit.cli import main
from verikit.contract import load_contract

pytestmark = pytest.mark.composed
RATES = load_contract().error_rates


def write_scores(path, n: int = 200_000, generosity: float = 0.0, decimals: int = 9) -> None:
    """A parquet of scores that follow the documented table, off by ``generosity``."""
    rng = np.random.default_rng(9)
    people = rng.integers(0, 500, (n, 2))
    people[:, 1] = np.where(people[:, 0] == people[:, 1], (people[:, 1] + 1) % 500, people[:, 1])
    mated = rng.random(n) < 0.02
    people[mated, 1] = people[mated, 0]
    scores = np.where(mated, 1 - rng.beta(2, 6, n), 0.3 - np.log10(rng.random(n)) / 10 + generosity)
    pyarrow.parquet.write_table(
        pa.table(
            {
                "first": [f"p{p}/{place % 97}a.jpg" for place, p in enumerate(people[:, 0])],
                "second": [f"p{p}/{place % 89}b.jpg" for place, p in enumerate(people[:, 1])],
                "mated": mated,
                "score": np.round(np.clip(scores, 0, 1), decimals),
            }
        ),
        path,
    )


def run(*arguments: object):
    return CliRunner().invoke(main, ["calibrate", *map(str, arguments)], catch_exceptions=False)


@pytest.fixture(scope="module")
def reported(tmp_path_factory):
    folder = tmp_path_factory.mktemp("report")
    write_scores(folder / "scores.parquet")
    result = run(folder / "scores.parquet", "--out", folder / "out", "--up-to", "0.7", "--json")
    return result, folder / "out"


def test_a_right_score_passes_where_it_is_judged(reported):
    result, out = reported
    assert result.exit_code == 0
    found = json.loads(result.stdout)
    assert found == json.loads((out / "report.json").read_text())
    assert [row["verdict"] for row in found["rows"]][:4] == ["PASS"] * 4
    assert found["decimals"] is None
    assert found["people"] == 500


def test_an_extrapolation_is_no_pass(reported):
    found = json.loads(reported[0].stdout)
    last = found["rows"][-1]
    assert last["verdict"] == "INCONCLUSIVE"
    assert last["extrapolated"]["label"].startswith("EXTRAPOLATED-")
    assert last["still_needed"] > 10_000_000
    assert [row["extrapolated"] for row in found["rows"][:4]] == [None] * 4


def test_the_page_needs_nothing_but_itself(reported):
    page = (reported[1] / "report.html").read_text()
    assert "PASS" in page
    assert page.count("<svg") == 4
    assert not re.search(r'(?:src|href)="(?!data:|#)', page)
    assert "<script" not in page


def test_the_first_sentence_is_one_to_act_on(reported):
    found = json.loads(reported[0].stdout)
    row = found["rows"][found["operating"]]
    assert row["threshold"] == 0.7
    page = (reported[1] / "report.html").read_text()
    most = math.ceil(row["interval"]["upper"] * 100_000)
    told = re.search(
        r"At 0.7, of 100,000 strangers at most (\d+) are accepted \(10 claimed\); of 100 customers "
        r"(\d+) are not matched \(between (\d+) and (\d+); (\d+) people\)",
        re.search(r"<h1>.*?</h1>", page, re.S)[0],
    )
    assert row["gfrr"]["rate"] is None  # the file does not tell what was refused
    fnmr = row["fnmr"]
    ends = fnmr["rate"], fnmr["interval"]["lower"], fnmr["interval"]["upper"]
    assert [int(group) for group in told.groups()] == [
        most, *(round(100 * end) for end in ends), found["mated_people"],
    ]  # fmt: skip


def test_a_terminal_of_80_columns_breaks_no_number(tmp_path, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    scores = tmp_path / "scores.parquet"
    write_scores(scores, 40_000)
    lines = run(scores, "--out", tmp_path / "out", "--up-to", "0.7").output.splitlines()
    assert max(map(len, lines[:-1])) <= 80
    for row in RATES.thresholds:
        cells = [
            line.split() for line in lines if line.removeprefix("> ").split()[:1] == [f"{row:g}"]
        ]
        assert len(cells) == 2, "a row of each table in one line"
    text = " ".join(" ".join(lines).split())
    for word in ("FNMR", "GFRR", "refused", "ties", "> 0.7"):
        assert word in text


def test_figures_say_what_a_mark_is_and_take_the_colours_of_the_page(reported):
    page = (reported[1] / "report.html").read_text()
    assert re.search(
        r"<title>0\.7: 1 in [\d,]+ \(between [\d,]+ and [\d,]+\), claimed 1 in 10,000", page
    )
    assert "stroke: var(--ink" in page


@pytest.mark.parametrize(
    ("rate", "bounds", "text"),
    [
        (1 / 9800, (1 / 17_000, 1 / 6_100), "1 in 9,800 (between 6,100 and 17,000)"),
        (0.0, (0.0, 1 / 900), "none (at most 1 in 900)"),
        (0.3, (0.25, 0.4), "1 in 3.3 (between 2.5 and 4)"),
        (1e-7, (1e-10, 1e-6), "1 in 10 million (between 1 million and 10 billion)"),
        (math.nan, (0.0, 1.0), "not measured"),
    ],
)  # fmt: skip
def test_a_rate_is_one_in_so_many(rate, bounds, text):
    assert numbers.one_in_between(rate, Interval(*bounds)) == text


def test_photos_are_shown_where_they_are_at_hand_and_wanted(tmp_path):
    (tmp_path / "p0").mkdir()
    Image.new("RGB", (40, 30)).save(tmp_path / "p0" / "1.jpg")
    scores = tmp_path / "scores.csv"
    scores.write_text("first,second,mated,score\np0/1.jpg,p1/1.jpg,0,0.5\n")

    def shown(*options: object) -> int:
        run(scores, "--out", tmp_path / "out", *options)
        page = tmp_path / "out" / "report.html"
        return page.read_text().count("<img")

    assert shown() == 0
    assert shown("--photos", tmp_path) == 1
    assert shown("--photos", tmp_path, "--no-thumbnails") == 0
    Image.new("RGB", (40, 30)).save(tmp_path / "p0" / "1.jpg", "PPM")
    assert shown("--photos", tmp_path) == 0, "as no server is asked about it"
    header = b"\x89PNG\r\n\x1a\n" + bytes([0, 0, 0, 5]) + b"IHDR" + bytes(9)
    (tmp_path / "p0" / "1.jpg").write_bytes(header)
    assert shown("--photos", tmp_path) == 0, "as it is damaged"


def test_the_csv_has_a_line_for_each_row(reported):
    with (reported[1] / "report.csv").open(newline="") as file:
        lines = list(csv.DictReader(file))
    assert [float(line["threshold"]) for line in lines] == list(RATES.thresholds)
    assert all(line["interval_upper"] and line["fnmr_rate"] for line in lines)


@pytest.mark.parametrize(
    ("options", "code"), [((), 3), (("--up-to", "0.6"), 0), (("--tolerance", "1.01"), 3)]
)
def test_exit_codes(tmp_path, options, code):
    write_scores(tmp_path / "scores.parquet", 30_000)
    assert run(tmp_path / "scores.parquet", "--out", tmp_path / "out", *options).exit_code == code


def test_a_generous_score_fails_and_names_the_rows(tmp_path):
    write_scores(tmp_path / "scores.parquet", 40_000, generosity=0.05)
    result = run(tmp_path / "scores.parquet", "--out", tmp_path / "out")
    assert result.exit_code == 1
    assert "above the documented one at 0.4, 0.5, 0.6" in " ".join(result.output.split())
    assert "At 0.7, of 100,000 strangers at least" in " ".join(result.output.split())


def test_rounded_scores_are_noticed_and_both_readings_told(tmp_path):
    write_scores(tmp_path / "scores.parquet", 60_000, decimals=2)
    found = json.loads(run(tmp_path / "scores.parquet", "--out", tmp_path, "--json").stdout)
    assert found["decimals"] == 2
    assert found["ties"] > 1000
    assert all(row["k_above"] < row["k"] for row in found["rows"][:3])


def test_a_handful_of_people_supports_no_verdict(tmp_path):
    rows = [f"p{n % 9}/1,p{(n + 1) % 9}/2,0,0.{n % 9 + 1}" for n in range(900)]
    scores = tmp_path / "scores.csv"
    scores.write_text("first,second,mated,score\n" + "\n".join(rows) + "\n")
    result = run(scores, "--out", tmp_path)
    assert result.exit_code == 3
    assert "Only 9 people" in result.output


def test_templates_need_a_map_and_are_judged_by_it(tmp_path):
    rng = np.random.default_rng(1)
    path = tmp_path / "templates.npz"
    np.savez(path, vectors=rng.normal(size=(900, 64)), people=np.arange(900))
    missing = run(path, "--out", tmp_path)
    assert missing.exit_code == 2
    assert "--score-map" in missing.output
    # Cosines of random directions in 64 dimensions are near enough to normal with sd 1/8.
    normal = [1.2816, 2.3263, 3.0902, 3.7190, 4.2649, 4.7534]
    knots = [[z / 8, -place - 1] for place, z in enumerate(normal)]
    score_map = tmp_path / "map.json"
    score_map.write_text(json.dumps({"knots": [[-1, 0], *knots]}))
    by_map = run(path, "--out", tmp_path, "--score-map", score_map, "--json", "--up-to", "0.6")
    similarities = ",".join(str(z / 8) for z in normal)
    given = run(path, "--out", tmp_path, "--similarities", similarities, "--json", "--up-to", "0.6")
    assert by_map.exit_code == given.exit_code == 0
    counts = [[row["k"] for row in json.loads(r.stdout)["rows"]] for r in (by_map, given)]
    assert counts[0] == counts[1]
    assert json.loads(by_map.stdout)["axis"] == "similarity"


@pytest.mark.parametrize("threshold", ["0.05", "nan", "-inf"])
def test_a_row_at_least_is_judged(tmp_path, threshold):
    result = run("scores.csv", "--out", tmp_path, "--up-to", threshold)
    assert result.exit_code == 2
    assert "begin at 0.4" in result.output


@pytest.mark.parametrize(
    ("name", "options", "flag"),
    [
        ("s.npz", ("--groups", "s.csv"), "--groups"),
        ("s.csv", ("--seed", 1), "--seed"),
        ("s.csv", ("--auto-rotate",), "--auto-rotate"),
        ("s.csv", ("--dask", "local"), "--dask"),
        ("s.csv", ("--similarities", "1,2"), "--similarities"),
        ("s.npz", ("--one-photo-each",), "--one-photo-each"),
        ("http://127.0.0.1:9", ("--score-map", "s.csv"), "--score-map"),
        ("http://127.0.0.1:9", ("--data", "s.csv", "--groups", "s.csv"), "--groups"),
        ("http://127.0.0.1:9", ("--data", "s.csv", "--one-photo-each"), "--one-photo-each"),
        ("http://127.0.0.1:9", ("--data", "s.bin", "--photos", "."), "--photos"),
        ("http://127.0.0.1:9", ("--data", ".", "--keep-label-errors"), "--keep-label-errors"),
    ],
)
def test_options_that_would_do_nothing_are_refused(tmp_path, monkeypatch, name, options, flag):
    monkeypatch.chdir(tmp_path)
    for file in ("s.csv", "s.npz", "s.bin"):
        (tmp_path / file).touch()
    result = run(name, *options)
    assert result.exit_code == 2
    assert f"{flag} does not apply" in " ".join(result.output.split())


def test_options_of_a_settings_file_may_do_nothing(tmp_path):
    write_scores(tmp_path / "s.parquet", 2_000)
    command = [str(tmp_path / "s.parquet"), "--out", str(tmp_path), "--quiet"]
    result = CliRunner().invoke(
        main, ["calibrate", *command], default_map={"calibrate": {"seed": 3, "rate": 5}}
    )
    assert result.exit_code == 3


@pytest.mark.parametrize(
    ("source", "options", "message"),
    [
        ("nowhere.csv", (), "neither a URL"),
        ("http://127.0.0.1:9", ("--data", "nowhere"), "not a data set"),
        ("ftp://127.0.0.1", (), "neither a URL"),
    ],
)
def test_wrong_use_is_told(tmp_path, source, options, message):
    result = run(source, "--out", tmp_path / "out", *options)
    assert result.exit_code == 2
    assert message in result.output


def test_an_interrupted_count_is_no_verdict(tmp_path, monkeypatch):
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("calibration.commands.calibrate.from_scores", interrupted)
    scores = tmp_path / "scores.csv"
    scores.touch()
    assert run(scores, "--out", tmp_path / "out").exit_code == 3


def test_a_folder_that_cannot_be_written_is_wrong_use(tmp_path):
    (tmp_path / "out").touch()
    write_scores(tmp_path / "scores.parquet", 2_000)
    result = run(tmp_path / "scores.parquet", "--out", tmp_path / "out")
    assert result.exit_code == 2
    assert "out" in result.output


def test_data_sets_are_listed_and_checked():
    listed = CliRunner().invoke(main, ["datasets", "list", "--json"])
    names = [entry["name"] for entry in json.loads(listed.stdout)]
    assert names == ["lfw", "sample"]
    assert "does not support error rates" in CliRunner().invoke(main, ["datasets", "list"]).output
    assert CliRunner().invoke(main, ["datasets", "check", "sample"]).exit_code == 0
    assert CliRunner().invoke(main, ["datasets", "check", "nowhere"]).exit_code == 2
    assert "is included" in CliRunner().invoke(main, ["datasets", "fetch", "sample"]).output
