"""A report never gives a rate two intervals, unless each one says its own confidence."""

import html
import json
import math
from collections import defaultdict
from dataclasses import asdict
from functools import partial

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from calibration.evaluation import from_scores
from calibration.judging.conditions import RunConditions
from calibration.judging.judgement import find
from calibration.judging.requirements import Requirement, Standard
from calibration.report import numbers
from calibration.statistics.dependence import Shares
from calibration.statistics.evidence import evidence_of
from calibration.statistics.intervals import Interval, Rate, interval
from calibration.statistics.verdicts import Evidence, Rule
from verikit.cli import main
from verikit.contract import load_contract

PEOPLE, PHOTOS = 90, 3
REQUIRED = (
    "fmr@0.5<=0.05", "fmr@0.7<=1e-3", "fnmr@0.7<=0.2", "fnmr@0.5<=0.05", "gfrr@0.7<=0.3",
    "fta<=0.1", "fmr-differential@0.7<=40", "fnmr-differential@0.7<=40",
)  # fmt: skip


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """People who differ in how often they are confused, missed and refused; two groups."""
    rng = np.random.default_rng(3)
    folder = tmp_path_factory.mktemp("one")
    first, second = np.triu_indices(PEOPLE * PHOTOS, 1)
    people = first // PHOTOS, second // PHOTOS
    mated = people[0] == people[1]
    unlike = rng.gamma(0.6, 1, PEOPLE)
    score = np.where(
        mated,
        1 - 0.35 * rng.random(mated.size) * np.sqrt(unlike[people[0]]),
        0.1 * rng.exponential(1, mated.size) * (0.5 + 0.5 * unlike[people[0]] * unlike[people[1]]),
    )
    table = pd.DataFrame(
        {
            "first": [f"p{n // PHOTOS:02d}/{n % PHOTOS}.jpg" for n in first],
            "second": [f"p{n // PHOTOS:02d}/{n % PHOTOS}.jpg" for n in second],
            "mated": mated.astype(int),
            "score": np.clip(score, 0, 1),
        }
    )
    table.to_csv(folder / "no-codes.csv", index=False)
    no_face = (first % 41 == 0) | (second % 41 == 0)
    table.loc[no_face, "score"] = np.nan
    table["code"] = np.where(no_face, 4000, None)
    table.to_csv(folder / "scores.csv", index=False)
    groups = "".join(f"p{n:02d},{'old' if n % 3 else 'young'}\n" for n in range(PEOPLE))
    (folder / "groups.csv").write_text("person,group\n" + groups)
    required = "".join(f"  - {one}\n" for one in REQUIRED)
    (folder / "standard.yaml").write_text(
        f"title: mine\nsource: me\ndate: today\nrequire:\n{required}"
    )
    photos = (f"p{n // PHOTOS:02d}/{n % PHOTOS}.jpg,{n}" for n in range(PEOPLE * PHOTOS))
    (folder / "quality.csv").write_text("photo,quality\n" + "\n".join(photos))
    return folder


Told = tuple[float | None, ...]
"""The confidence of an interval, the rate, and both bounds."""


def told_by(rate: dict, confidence: float, of: str = "rate") -> Told:
    ends = rate[of], rate["interval"]["lower"], rate["interval"]["upper"]
    return round(confidence, 9), *(None if end is None else float(f"{end:.9g}") for end in ends)


def intervals(found: dict, usual: float) -> dict[tuple, set[Told]]:
    """Measure, threshold and people of a report -> what it says of that rate."""
    told = defaultdict(set)
    for row in found["rows"]:
        at = row["threshold"]
        told["fmr", at, None].add(told_by(row, usual, "fmr"))
        for name in ("fnmr", "gfrr"):
            told[name, at, None].add(told_by(row[name], usual))
        assert row["tmr"]["interval"]["upper"] == 1 - row["fnmr"]["interval"]["lower"]
    told["fta", None, None].add(told_by(found["acquired"]["rate"], usual))
    for row in found["required"] + found["required_of_groups"]:
        told[row["measure"], row["threshold"], row["group"]].add(told_by(row, row["confidence"]))
    _see_groups(told, found, usual)
    for row in (found["quality"] or {"rows": []})["rows"]:
        told["fnmr", row["threshold"], None].add(told_by(row["points"][0]["rate"], usual))
    return told


def _see_groups(told: dict[tuple, set[Told]], found: dict, usual: float) -> None:
    for group in found["groups"]:
        for row, *rates in zip(found["rows"], group["fmr"], group["fnmr"], strict=True):
            for name, rate in zip(("fmr", "fnmr"), rates, strict=True):
                told[name, row["threshold"], group["label"]].add(told_by(rate, usual))
        if rate := group["acquisition"]:
            told["fta", None, group["label"]].add(told_by(rate, usual))
    at = found["rows"][found["operating"]]["threshold"]
    for one in found["differentials"]:
        if one["ratio"] == "highest / lowest":
            name = f"{one['measure'].lower()}-differential"
            told[name, at, None].add(told_by(one, usual, "value"))


def require_one(told: dict[tuple, set[Told]]) -> None:
    """One interval at each confidence; one rate whatever the confidence."""
    twice = {
        key: some for key, some in told.items()
        if len({one[0] for one in some}) < len(some) or len({one[1] for one in some}) > 1
    }  # fmt: skip
    assert not twice


@pytest.mark.parametrize("confidence", [0.95, 0.9])
def test_no_rate_of_a_report_has_two_intervals(files, tmp_path, confidence):
    command = [
        "calibrate", str(files / "scores.csv"), "--out", str(tmp_path), "--confidence",
        str(confidence), "--groups", str(files / "groups.csv"),
        "--quality", str(files / "quality.csv"), "--standard", str(files / "standard.yaml"),
    ]  # fmt: skip
    done = CliRunner().invoke(main, command, catch_exceptions=False)
    found = json.loads((tmp_path / "report.json").read_text())
    told = intervals(found, confidence)
    assert {key[0] for key in told} == {Requirement.of(one).measure for one in REQUIRED}
    require_one(told)
    page = html.unescape((tmp_path / "report.html").read_text())
    assert ("Required rates are told and judged at 95 %" in page) == (confidence != 0.95)
    for row in found["required"]:
        if row["measure"] in {"fnmr", "gfrr", "fta"}:
            rate = Rate(rate=row["rate"], interval=Interval(**row["interval"]))
            shown = numbers.percent_between(rate)
            assert shown in " ".join(done.output.split())
            assert shown in page


def findings(files, rule: Rule, confidence: float) -> dict:
    contract = load_contract()
    read = partial(from_scores, files / "scores.csv", contract, math.inf)
    evaluation = read(groups=files / "groups.csv")
    standard = Standard(
        title="", requirements=tuple(map(Requirement.of, REQUIRED)), confidence=confidence
    )
    conditions = RunConditions(standard=standard)
    found = find(evaluation.measurement, evaluation.claims.rates, rule, conditions)
    return json.loads(json.dumps(asdict(found)), parse_constant=lambda _: None)


@pytest.mark.parametrize("confidence", [0.95, 0.99])
def test_a_run_that_is_judged_as_it_goes_has_one_interval_too(files, confidence):
    rule = Rule(at_any_time=True)
    found = findings(files, rule, confidence)
    told = intervals(found, rule.confidence)
    require_one(told)
    fixed = intervals(findings(files, Rule(), confidence), rule.confidence)
    measured = [key for key, some in fixed.items() if all(one[1] for one in some)]
    assert {key[0] for key in measured} >= {"fmr", "fnmr", "gfrr", "fta", "fnmr-differential"}
    assert not [key for key in measured if told[key] & fixed[key]]
    levels = {one[0] for some in told.values() for one in some}
    assert levels == {0.95, confidence}


def at_its_threshold(source, tmp_path, fmr: str) -> tuple[dict, dict]:
    """What ``threshold`` says of a source, and what a report says at that threshold."""
    done = CliRunner().invoke(main, ["threshold", str(source), "--fmr", fmr, "--json"])
    at = json.loads(done.stdout)
    claims = tmp_path / "claims.yaml"
    claims.write_text(f"title: one\nrows: [[{at['threshold']}, {fmr}]]\n")
    command = ["calibrate", str(source), "--out", str(tmp_path), "--claims", str(claims)]
    CliRunner().invoke(main, command, catch_exceptions=False)
    return at, json.loads((tmp_path / "report.json").read_text())


@pytest.mark.live
def test_the_threshold_of_a_run_that_was_decided_holds_at_any_time(stub, people, tmp_path):
    run = ["calibrate", stub.url, "--data", str(people), "--out", str(tmp_path / "run")]
    run += ["--rate", "100000", "--quiet", "--until", "decided", "--up-to", "0.4"]
    CliRunner().invoke(main, [*run, "--budget", "3000"], catch_exceptions=False)
    at, found = at_its_threshold(tmp_path / "run/answers.sqlite", tmp_path, "0.2")
    assert found["rule"]["at_any_time"]
    (row,) = found["rows"]
    assert row["interval"]["upper"] == pytest.approx(at["upper"], rel=1e-6)
    for name in ("fnmr", "gfrr"):
        assert row[name]["interval"] == pytest.approx(at[name]["interval"])


def test_the_threshold_tells_the_fnmr_of_the_report(files, tmp_path):
    at, found = at_its_threshold(files / "scores.csv", tmp_path, "0.05")
    (row,) = found["rows"]
    for name in ("fnmr", "gfrr"):
        assert row[name]["rate"] == at[name]["rate"]
        assert row[name]["interval"] == pytest.approx(at[name]["interval"])


def test_who_was_refused_is_unknown_everywhere_or_nowhere(files, tmp_path):
    """Without a column code: the GFRR was measured nowhere, and the first sentence says FNMR."""
    command = ["calibrate", str(files / "no-codes.csv"), "--out", str(tmp_path)]
    command += ["--require", "gfrr@0.7<=0.3"]
    done = CliRunner().invoke(main, command, catch_exceptions=False)
    found = json.loads((tmp_path / "report.json").read_text())
    assert found["required"][0]["n"] == 0
    assert {row["gfrr"]["rate"] for row in found["rows"]} == {None}
    assert "not matched (between" in " ".join(done.output.split())
    assert "rejected (between" not in " ".join(done.output.split())


def test_photos_that_were_only_compared_across_groups_are_of_their_group(tmp_path):
    """Each person has a photo that no other one of the group is compared with."""
    lines = ["first,second,mated,score,code"]
    groups = ["person,group"]
    for n in range(70):
        groups.append(f"p{n:02d},{'odd' if n % 2 else 'even'}")
        lines.append(f"p{n:02d}/0.jpg,p{n:02d}/1.jpg,1,0.9,")
        told = ",4000" if n < 7 else "0.1,"
        lines.append(f"p{n:02d}/2.jpg,p{(n + 1) % 70:02d}/0.jpg,0,{told}")
    (tmp_path / "s.csv").write_text("\n".join(lines))
    (tmp_path / "g.csv").write_text("\n".join(groups))
    command = ["calibrate", str(tmp_path / "s.csv"), "--groups", str(tmp_path / "g.csv"), "--json"]
    done = CliRunner().invoke(main, [*command, "--out", str(tmp_path / "o")])
    found = json.loads(done.stdout)
    rows = {row["label"]: row for row in found["groups"]}
    assert rows["within a group"]["acquisition"] == found["acquired"]["rate"]
    for label, failed in (("even", 4), ("odd", 3)):
        assert rows[label]["acquisition"]["rate"] == pytest.approx(failed / 105)


@pytest.mark.parametrize("growth", [0.0, 3.0, 300.0])
@pytest.mark.parametrize("at_any_time", [False, True])
@pytest.mark.parametrize(("k", "n"), [(0, 50), (3, 50), (12, 4_000), (400, 4_000), (50, 50)])
def test_an_interval_is_the_limits_that_are_not_decided(k, n, growth, at_any_time):
    """A rate outside is a limit that the rule decides on, one inside is INCONCLUSIVE."""
    seen = {"k": k, "n": n, "design_effect": 1.7, "growth": growth}
    both = Evidence(claimed=0.05, **seen).interval(Rule(alpha=0.1))
    for limit in np.geomspace(1e-4, 0.9, 40):
        row, rule = Evidence(claimed=limit, **seen), Rule(tolerance=1.0, alpha=0.05)
        assert (both.upper <= limit) <= (row.chance_of_so_few(rule) <= 0.0501 + 0.05 * (k == 0))
        assert (both.lower >= limit) <= (row.chance_of_so_many(rule) <= 0.0501 + 0.05 * (k == n))
        assert row.interval(Rule(alpha=0.1)) == both
    wide = Evidence(claimed=0.05, **seen).interval(Rule(alpha=0.1, at_any_time=at_any_time))
    near = 1e-6  # both may end next to one
    assert wide.lower <= both.lower <= k / n <= both.upper <= wide.upper + near


def test_each_person_counts_for_one_trial_at_least():
    """Both false non-matches are of one person of 90, which says little of higher rates."""
    few, more = np.zeros(90, np.int64), np.zeros(90, np.int64)
    few[0], more[:20] = 2, 1
    of = partial(Shares, tried=np.full(90, 3), per_comparison=1)
    (row,) = evidence_of(of(events=few[None]))
    assert row.growth > 100
    assert row.interval(Rule()).upper <= interval(2 / 3, 90).upper * (1 + 1e-9)
    both = evidence_of(of(events=np.array([few, more])))
    assert both[1] == evidence_of(of(events=more[None]))[0], "no row of customers changes another"


def test_a_rate_beyond_the_next_row_is_tried_as_that_one_clusters():
    """All false matches at the strict row are of one person, those at the next of everybody."""
    rng = np.random.default_rng(2)
    people = 200
    loose = rng.poisson(12, people).astype(np.int64)
    strict = np.zeros(people, np.int64)
    strict[0], strict[1:31] = 30, 1
    shares = Shares(
        tried=np.full(people, people - 1), events=np.array([loose, strict]), per_comparison=2
    )
    alone = evidence_of(Shares(tried=shares.tried, events=strict[None], per_comparison=2), (1e-3,))
    rows = evidence_of(shares, (1e-1, 1e-3))
    assert rows[1].interval(Rule()).upper < alone[0].interval(Rule()).upper
    assert rows[1].interval(Rule()).upper == pytest.approx(rows[0].rate, rel=1e-3)
    assert rows[1].interval(Rule()).lower == alone[0].interval(Rule()).lower
