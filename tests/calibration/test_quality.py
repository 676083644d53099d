"""The quality of photos: tables of it, and the FNMR where poor photos are rejected."""

import json
import math

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from calibration.sources.quality import photo_qualities
from calibration.statistics.rejection import error_against_reject, worst_against_rest
from calibration.statistics.verdicts import Rule
from verikit.cli import main
from verikit.errors import WrongUse

pytestmark = pytest.mark.composed
OFIQ = (
    "Filename;UnifiedQualityScore;Sharpness;UnifiedQualityScore.scalar;Sharpness.scalar;\n"
    "/data/people/ann/1.jpg;27.5;0.2;64;50\n"
    "/data/people/bob/1.jpg;0;0;-1;-1\n"
    "/data/people/cid/1.jpg;;\n"
)


def test_what_ofiq_writes_is_read_with_its_uneven_heading(tmp_path):
    path = tmp_path / "ofiq.csv"
    path.write_text(OFIQ)
    found = photo_qualities(path)
    assert found.column == "UnifiedQualityScore.scalar"
    assert (found.of("ann/1.jpg"), found.of("people/bob/1.jpg")) == (64, -1)
    assert math.isnan(found.of("cid/1.jpg"))
    assert math.isnan(found.of("1.jpg"))  # of whom?
    assert math.isnan(found.of("n/1.jpg"))


@pytest.mark.parametrize(
    "text",
    ["photo,quality\nann/1.jpg,0.5\n", "Quality\tPHOTO\n0.5\t./ann/1.jpg\n",
     "\ufeffphoto;quality\nann\\1.jpg;0,5\nx.jpg;NA\n"],
)  # fmt: skip
def test_any_table_of_photos_does(tmp_path, text):
    path = tmp_path / "q.csv"
    path.write_text(text, encoding="utf-8")
    assert photo_qualities(path).of("ann/1.jpg") == 0.5


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "needs the columns photo and quality"),
        ("photo,score\na,1\n", "it has photo, score"),
        ("photo,quality\na,good\n", "line 2: the quality 'good' is no number"),
        ("photo,quality\na,inf\n", "is no number"),
        ("photo,quality\na,1\na,2\n", "two qualities"),
        ("photo,quality\na,\n", "the quality of no photo"),
        ("photo,quality\na,\0\n", "line 2|cannot be read"),
    ],
)
def test_a_table_that_is_none_is_a_sentence(tmp_path, text, message):
    path = tmp_path / "q.csv"
    path.write_text(text)
    with pytest.raises(WrongUse, match=message):
        photo_qualities(path)


@given(st.lists(st.tuples(st.integers(0, 9), st.booleans()), min_size=1, max_size=80))
def test_each_point_is_what_is_left_of_all(pairs):
    quality = np.array([float(q) for q, _ in pairs])
    wrong = np.array([w for _, w in pairs])
    (points,) = error_against_reject(quality, wrong[None], np.arange(len(pairs)), Rule())
    assert points[0].rejected == 0
    assert points[0].n == len(pairs)
    for one in points:
        kept = quality >= one.lowest
        assert (one.n, one.rejected) == (kept.sum(), pytest.approx((~kept).mean()))
        assert one.rate.rate == pytest.approx(wrong[kept].mean())
        assert one.rate.interval.lower <= one.rate.rate <= one.rate.interval.upper
        assert one.rejected <= 0.5
    assert len({one.lowest for one in points}) == len(points)


def test_equal_qualities_show_nothing():
    wrong = np.arange(100) < 20
    assert worst_against_rest(np.full(100, 3.0), wrong, np.arange(100), Rule()) is None
    assert worst_against_rest(np.zeros(0), np.zeros(0, bool), np.zeros(0, np.int64), Rule()) is None
    assert error_against_reject(
        np.zeros(0), np.zeros((1, 0), bool), np.zeros(0, np.int64), Rule()
    ) == [[]]


@pytest.mark.parametrize(("times", "shown"), [(1, False), (5, True)])
def test_the_worst_tenth_is_put_beside_the_rest(times, shown):
    rng = np.random.default_rng(2)
    quality = rng.random(3000)
    rate = np.where(quality < 0.1, 0.05 * times, 0.05)
    wrong = rng.random(3000) < rate
    share, found = worst_against_rest(quality, wrong, np.arange(3000) // 3, Rule())
    assert share == pytest.approx(0.1, abs=0.001)
    assert found.interval.lower < times < found.interval.upper
    assert (found.interval.lower > 1) == shown


def files(tmp_path, people: int = 120):
    """Two pairs of each person, one of them with a poor photo, which is missed at 60 %."""
    rng = np.random.default_rng(4)
    lines, table = ["first,second,mated,score"], ["Filename;UnifiedQualityScore.scalar;"]
    for p in range(people):
        poor = p % 5 == 0
        for n in (1, 2):
            missed = rng.random() < (0.6 if poor and n == 1 else 0.02)
            score = rng.random() * 0.2 + (0.2 if missed else 0.8)
            lines.append(f"p{p}/0.jpg,p{p}/{n}.jpg,1,{score:.4f}")
            table.append(f"/x/p{p}/{n}.jpg;{10 if poor and n == 1 else 40 + p % 50}")
        table.append(f"/x/p{p}/0.jpg;90")
        lines += [f"p{p}/0.jpg,p{o}/0.jpg,0,{rng.random() * 0.3:.4f}" for o in range(p)]
    (tmp_path / "s.csv").write_text("\n".join(lines))
    (tmp_path / "ofiq.csv").write_text("\n".join(table))
    return [str(tmp_path / "s.csv"), "--out", str(tmp_path / "o"), "--quiet"]


def test_a_report_shows_the_fnmr_where_poor_photos_are_rejected(tmp_path):
    command = files(tmp_path)
    quality = ["--quality", str(tmp_path / "ofiq.csv")]
    result = CliRunner().invoke(main, ["calibrate", *command, *quality], catch_exceptions=False)
    found = json.loads((tmp_path / "o/report.json").read_text())
    curve = found["quality"]["rows"][found["operating"]]
    assert (found["quality"]["n"], found["quality"]["unknown"]) == (240, 0)
    first, last = curve["points"][0], curve["points"][-1]
    assert first["rate"]["rate"] == pytest.approx(found["rows"][found["operating"]]["fnmr"]["rate"])
    assert first["rate"]["rate"] > 3 * last["rate"]["rate"]
    assert {point["lowest"] for point in curve["points"]} >= {10, 40}
    assert curve["worst"] == pytest.approx(0.1)
    assert curve["interval"]["lower"] > 1
    told = " ".join(result.output.split())
    assert "so quality tells who is not matched" in told
    assert max(map(len, result.output.splitlines()[:-1])) <= 80
    page = (tmp_path / "o/report.html").read_text()
    assert "Not matched where poor photos are rejected" in page
    assert "Error against reject curve (ISO/IEC 29794-1)" in page


def test_photos_without_a_quality_are_left_out_and_others_are_refused(tmp_path):
    command = files(tmp_path)
    table = (tmp_path / "ofiq.csv").read_text().splitlines()
    (tmp_path / "some.csv").write_text("\n".join(row for row in table if "p7/" not in row))
    CliRunner().invoke(main, ["calibrate", *command, "--quality", str(tmp_path / "some.csv")])
    found = json.loads((tmp_path / "o/report.json").read_text())["quality"]
    assert (found["n"], found["unknown"], found["people"]) == (238, 2, 119)
    (tmp_path / "other.csv").write_text("photo,quality\nnobody.jpg,1\n")
    result = CliRunner().invoke(
        main, ["calibrate", *command, "--quality", str(tmp_path / "other.csv")]
    )
    assert result.exit_code == 2
    assert "none of the photos, such as p0/0.jpg" in " ".join(result.output.split())


@pytest.mark.live
def test_a_run_has_a_curve_as_well(stub, people, tmp_path):
    rows = [f"{photo.parent.name}/{photo.name},{n}" for n, photo in enumerate(people.glob("*/*"))]
    (tmp_path / "q.csv").write_text("\n".join(["photo,quality", *rows]))
    command = [stub.url, "--data", str(people), "--out", str(tmp_path / "o"), "--quiet"]
    options = ["--rate", "100000", "--budget", "300", "--quality", str(tmp_path / "q.csv")]
    CliRunner().invoke(main, ["calibrate", *command, *options], catch_exceptions=False)
    found = json.loads((tmp_path / "o/report.json").read_text())
    assert found["quality"]["n"] == found["mated"] > 20
