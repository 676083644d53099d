"""Groups: rates with people's dependence, verdicts, the matrix, and how far groups are apart."""

import json
import math

import numpy as np
import pyarrow as pa
import pyarrow.parquet
import pytest
from click.testing import CliRunner

from calibration.counting.groups import MOST_LABELS, Groups, Latencies
from calibration.counting.identities import Index
from calibration.judging.by_group import matrix
from calibration.judging.findings import GroupRow
from calibration.statistics.differentials import Ratio, differentials, same_group
from calibration.statistics.intervals import Interval, Rate, measured
from tests.support.drawing import drawing
from verikit.cli import main
from verikit.errors import WrongUse

pytestmark = pytest.mark.composed
SIZES = {"east": 300, "few": 20, "north": 180, "west": 300}


def write(folder, n: int = 150_000) -> None:
    """Scores by the documented table; people of west look alike, those of north are missed."""
    rng = np.random.default_rng(3)
    group = np.repeat(np.arange(4), list(SIZES.values()))
    people = group.size
    first, second = rng.integers(0, people, n), rng.integers(0, people, n)
    for place in range(4):
        own = (rng.random(n) < 0.6) & (group[first] == place)
        second[own] = rng.choice(np.flatnonzero(group == place), own.sum())
    mated = rng.random(n) < 0.05
    second[mated] = first[mated]
    once = np.zeros(n, bool)
    once[np.unique(np.stack([first, second]), axis=1, return_index=True)[1]] = True
    kept = ((first != second) & once) | mated
    first, second, mated = first[kept], second[kept], mated[kept]
    alike = np.where((group[first] == 3) & (group[second] == 3), 0.1, 0.0)
    scores = np.where(
        mated,
        1 - rng.beta(2, 6, mated.size) - 0.2 * (group[first] == 2),
        0.3 - np.log10(rng.random(mated.size)) / 10 + alike,
    )
    table = {
        "first": [f"p{p}/1.jpg" for p in first],
        "second": [f"p{p}/{2 + n * mated[n]}.jpg" for n, p in enumerate(second)],
        "mated": mated,
        "score": np.clip(scores, 0, 1),
        "code": pa.nulls(mated.size, pa.int64()),
    }
    pyarrow.parquet.write_table(pa.table(table), folder / "scores.parquet")
    names = list(SIZES)
    rows = (f"p{p},{names[group[p]]}\n" for p in range(people))
    (folder / "groups.csv").write_text("person,group\n" + "".join(rows))


@pytest.fixture(scope="module")
def grouped(tmp_path_factory):
    folder = tmp_path_factory.mktemp("groups")
    write(folder)
    command = [str(folder / "scores.parquet"), "--groups", str(folder / "groups.csv")]
    with drawing():
        result = CliRunner().invoke(
            main, ["calibrate", *command, "--out", str(folder / "out"), "--up-to", "0.7"]
        )
    found = json.loads((folder / "out" / "report.json").read_text())
    return folder, result, found


def rows(found) -> dict:
    return {row["label"]: row for row in found["groups"]}


def test_each_group_is_judged_and_a_small_one_is_not(grouped):
    verdicts = {label: row["verdict"] for label, row in rows(grouped[2]).items()}
    assert verdicts["west"] == "FAIL"
    assert verdicts["few"] == "INCONCLUSIVE"
    assert verdicts["east"] != "FAIL"
    assert verdicts["east|west"] is None


def test_counts_are_those_of_the_file(grouped):
    folder, _, found = grouped
    table = pyarrow.parquet.read_table(folder / "scores.parquet").to_pandas()
    number = table["first"].str.extract(r"p(\d+)")[0].astype(int)
    other = table["second"].str.extract(r"p(\d+)")[0].astype(int)
    west = (number >= 500) & (other >= 500)
    row = rows(found)["west"]
    assert row["n"] == int((west & ~table["mated"]).sum())
    assert row["k"][3] == int((west & ~table["mated"] & (table["score"] >= 0.7)).sum())
    assert row["mated_n"] == int((west & table["mated"]).sum())
    assert row["people"] == 300
    assert row["acquisition"]["rate"] == 0


def test_how_far_groups_are_apart_leaves_the_small_one_out(grouped):
    apart = {(one["measure"], one["ratio"]): one for one in grouped[2]["differentials"]}
    fmr, fnmr = (apart[name, "highest / lowest"] for name in ("FMR", "FNMR"))
    assert fmr["highest"] == "west"
    assert fnmr["highest"] == "north"
    assert fnmr["differ"]
    assert fmr["left_out"] == fnmr["left_out"] == ["few"]
    measured_ones = [rows(grouped[2])[g]["fnmr"][3]["rate"] for g in ("east", "north", "west")]
    assert fnmr["value"] == pytest.approx(max(measured_ones) / min(measured_ones))
    assert fnmr["interval"]["lower"] < fnmr["value"] < fnmr["interval"]["upper"]


def test_the_report_shows_matrix_and_no_dot_that_means_zero(grouped):
    page = (grouped[0] / "out" / "report.html").read_text()
    assert "FMR between groups" in page
    assert "<small>none of" in page
    assert "groups differ" in page
    assert "Groups at 0.7" in grouped[1].output


def test_the_matrix_is_symmetric_and_in_the_order_of_the_groups():
    def row(label: str, verdict: str | None) -> GroupRow:
        return GroupRow(
            label=label, across=verdict is None, people=0, n=0, k=[], fmr=[], mated_people=0,
            mated_n=0, fnmr=[], refused=0, acquisition=None, verdict=verdict,
        )  # fmt: skip

    cells = matrix([row("b", "PASS"), row("a|b", None), row("c", "PASS")])
    assert [[cell and cell.label for cell in line] for line in cells] == [["b", None], [None, "c"]]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("person,group\nnobody,a\n", "names nobody"),
        ("person,group\np1,a|b\n", "holds no"),
        ("person,group\np1,a\np1,b\n", "into a and into b"),
        ("person,group\np1,\n", "without a person or a group"),
        ("who,what\np1,a\n", "group"),
    ],
)
def test_a_table_of_groups_that_cannot_be_meant(grouped, tmp_path, text, message):
    (tmp_path / "g.csv").write_text(text)
    command = [str(grouped[0] / "scores.parquet"), "--groups", str(tmp_path / "g.csv")]
    result = CliRunner().invoke(main, ["calibrate", *command, "--out", str(tmp_path / "out")])
    assert result.exit_code == 2
    assert message in " ".join(result.output.split())


@pytest.mark.filterwarnings("error")
@pytest.mark.composed("groups")
def test_a_name_that_cannot_be_drawn_is_escaped_and_warns_of_nothing(grouped, tmp_path):
    folder = grouped[0]
    lines = (folder / "groups.csv").read_text().replace(",east", ",e\x1bst")
    (tmp_path / "groups.csv").write_text(lines)
    command = [str(folder / "scores.parquet"), "--groups", str(tmp_path / "groups.csv")]
    run = ["calibrate", *command, "--out", str(tmp_path), "--up-to", "0.7"]
    result = CliRunner().invoke(main, run, catch_exceptions=False)
    assert "\x1b" not in result.output
    assert "e\\x1bst" in (tmp_path / "report.html").read_text()


def test_people_without_a_group_are_none(grouped, tmp_path):
    lines = (grouped[0] / "groups.csv").read_text().splitlines()
    kept = [line for line in lines if not line.endswith(("few", "north"))]
    (tmp_path / "g.csv").write_text("\n".join(kept) + "\n")
    command = [str(grouped[0] / "scores.parquet"), "--groups", str(tmp_path / "g.csv"), "--json"]
    result = CliRunner().invoke(main, ["calibrate", *command, "--out", str(tmp_path / "out")])
    found = rows(json.loads(result.stdout))
    assert set(found) == {"east", "west", "east|west", "within a group", "across groups"}
    assert found["within a group"]["n"] == found["east"]["n"] + found["west"]["n"]


def test_labels_without_end_are_refused():
    labels = Index()
    groups = Groups((0.5,), labels, mated=False)
    numbers = labels.numbers(str(n) for n in range(MOST_LABELS + 1))
    with pytest.raises(WrongUse, match="group people"):
        groups.add(numbers, numbers + 1, numbers, np.zeros(numbers.size))


def rate(value: float, low: float, high: float) -> Rate:
    return Rate(rate=value, interval=Interval(low, high))


def ratios(*rates: Rate) -> dict:
    return {one.ratio: one for one in differentials(rates)}


def test_ratios_of_a_box_of_rates():
    found = ratios(rate(0.1, 0.08, 0.12), rate(0.01, 0.005, 0.02), rate(0.01, 0.009, 0.011))
    least = found[Ratio.OF_LEAST]
    assert least.value == pytest.approx(10)
    assert least.interval.lower == pytest.approx(0.08 / 0.011)
    assert least.interval.upper == pytest.approx(0.12 / 0.005)
    mean = found[Ratio.OF_MEAN]
    assert mean.value == pytest.approx(0.1 / (0.1 * 0.01 * 0.01) ** (1 / 3))
    assert mean.interval.upper == pytest.approx((0.12**2 / (0.005 * 0.009)) ** (1 / 3))
    assert mean.interval.lower == pytest.approx((0.08**2 / (0.02 * 0.011)) ** (1 / 3))


def test_people_of_one_group_against_people_of_two(grouped):
    (one,) = (d for d in grouped[2]["differentials"] if d["ratio"] == Ratio.SAME_GROUP)
    within, across = (rows(grouped[2])[label] for label in ("within a group", "across groups"))
    rates = [row["k"][3] / row["n"] for row in (within, across)]
    assert one["value"] == pytest.approx(rates[0] / rates[1])
    assert one["interval"]["lower"] < one["value"] < one["interval"]["upper"]
    found = same_group(rate(0.01, 0.005, 0.02), rate(0.02, 0.01, 0.04))
    assert (found.value, found.interval.lower, found.interval.upper) == pytest.approx(
        (0.5, 0.125, 2)
    )


def test_groups_without_an_error_bound_nothing():
    none, some = measured(0, 1000), measured(5, 1000)
    for found in (ratios(none, some), ratios(none, none)):
        for one in found.values():
            assert math.isinf(one.interval.upper)
    assert ratios(none, none)[Ratio.OF_LEAST].interval.lower == 1
    assert math.isnan(ratios(none, none)[Ratio.OF_LEAST].value)


@pytest.mark.parametrize("groups", [2, 3, 5, 6, 7])
def test_groups_whose_intervals_meet_are_not_apart_by_rounding(groups):
    """The lower bound is exactly 1: more than 1 reads as "groups differ"."""
    for low in np.random.default_rng(6).uniform(1e-6, 0.1, 200).tolist():
        for one in ratios(*[rate(2 * low, low, 3 * low)] * groups).values():
            assert one.interval.lower == 1


def test_no_set_of_rates_in_the_box_lies_outside_the_bounds():
    rng = np.random.default_rng(5)
    box = np.sort(rng.uniform(0.01, 0.5, (4, 2)), axis=1)
    found = ratios(*(rate(float(np.sqrt(low * high)), low, high) for low, high in box))
    drawn = rng.uniform(*box.T, (5_000, 4))
    seen = {
        Ratio.OF_LEAST: drawn.max(axis=1) / drawn.min(axis=1),
        Ratio.OF_MEAN: drawn.max(axis=1) / np.exp(np.log(drawn).mean(axis=1)),
    }
    for ratio, one in found.items():
        assert one.interval.lower <= seen[ratio].min() * 1.0001
        assert one.interval.upper >= seen[ratio].max()


def test_a_group_that_fails_stands_beside_a_pass(grouped, tmp_path):
    folder = grouped[0]
    command = [str(folder / "scores.parquet"), "--groups", str(folder / "groups.csv"), "--quiet"]
    command += ["--out", str(tmp_path), "--require", "fmr@0.6<=0.05"]
    result = CliRunner().invoke(main, ["calibrate", *command])
    assert result.exit_code == 0, result.output
    assert "PASS overall. Group west FAILs at 0.7." in " ".join(result.output.split())
    page = " ".join((tmp_path / "report.html").read_text().split())
    heading = page[page.index("<h1>") : page.index("</h1>")]
    assert "PASS overall" in heading
    assert "Group west FAILs at 0.7. Groups differ at 0.7 in FMR (highest:" in heading


def test_latencies_are_told_by_label_to_a_fortieth():
    rng = np.random.default_rng(1)
    seconds = rng.lognormal(-2, 0.5, 5000)
    labels = rng.integers(0, 2, 5000)
    seconds[labels == 1] *= 10
    latencies = Latencies()
    for some in np.array_split(np.arange(5000), 7):
        latencies.add(labels[some], np.where(some % 50, seconds[some], np.nan))
    kept = np.arange(5000) % 50 > 0
    for label in (0, 1):
        found = latencies.quantiles([label], (0.5, 0.95))
        true = np.quantile(seconds[kept & (labels == label)], (0.5, 0.95))
        assert found == pytest.approx(true, rel=0.025)
    both = latencies.quantiles([0, 1], (0.5,))
    assert both == pytest.approx([np.quantile(seconds[kept], 0.5)], rel=0.025)
    assert latencies.quantiles([2], (0.5,)) is None
    latencies.add(np.array([3, 3]), np.array([0.0, 1e9]))
    assert all(map(math.isfinite, latencies.quantiles([3], (0.5, 0.95))))
