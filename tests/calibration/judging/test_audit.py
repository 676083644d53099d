"""Each adversarial file gets the right verdict, or none, and is told what is wrong with it."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from functools import cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet
import pytest
from click.testing import CliRunner

from calibration.claims import Claims
from calibration.counting.checks import PairCounter
from calibration.evaluation import from_scores
from calibration.judging.findings import Findings
from calibration.judging.judgement import find
from calibration.objections import Effect
from calibration.report.numbers import percent_between
from calibration.statistics.intervals import Interval, Rate
from calibration.statistics.verdicts import Rule
from verikit.cli import main
from verikit.contract import load_contract

CONTRACT = load_contract()
NO_FACE = CONTRACT.codes["DETECTION_FAILED"].code
PEOPLE, PHOTOS = 200, 4


@cache
def drawn(n: int, times: float, seed: int) -> tuple[np.ndarray, ...]:
    """Labels (n,), people and photos (n, 2), and scores (n,)."""
    rng = np.random.default_rng(seed)
    mated = np.arange(n) % 10 == 0
    people = rng.integers(0, PEOPLE, (n, 2))
    other = (people[:, 0] + rng.integers(1, PEOPLE, n)) % PEOPLE
    people[:, 1] = np.where(mated, people[:, 0], other)
    photos = rng.integers(0, PHOTOS, (n, 2))
    same = mated & (photos[:, 0] == photos[:, 1])
    photos[same, 1] = (photos[same, 1] + 1) % PHOTOS
    genuine = 0.75 + 0.1 * rng.standard_normal(n)
    impostor = 0.3 - np.log10(rng.random(n) / times) / 10
    score = np.clip(np.where(mated, genuine, impostor), 0, 1)
    asked = np.ravel_multi_index([*people.T, *photos.T], (PEOPLE, PEOPLE, PHOTOS, PHOTOS))
    _, one, places = np.unique(asked, return_index=True, return_inverse=True)
    return mated, people, photos, score[one][places]  # the same photos, the same score


class Scores:
    """Comparisons of a server that follows the documented table, or ``times`` as many matches."""

    def __init__(self, n: int = 20_000, times: float = 1.0, seed: int = 1) -> None:
        self.mated, self.people, self.photos, self.score = map(np.copy, drawn(n, times, seed))
        self.code: list[int | None] = [None] * n

    def names(self, form: str = "p{:03d}/{}.jpg") -> list[list[str]]:
        every = [[form.format(one, n) for n in range(PHOTOS)] for one in range(PEOPLE)]
        return np.array(every, object)[self.people.T, self.photos.T].tolist()

    def table(self, form: str = "p{:03d}/{}.jpg") -> pa.Table:
        first, second = self.names(form)
        return pa.table(
            {
                "first": first,
                "second": second,
                "mated": self.mated,
                "score": self.score,
                "code": pa.array(self.code, pa.int64()),
            }
        )


@pytest.fixture
def judged(tmp_path):
    def run(table: pa.Table, rows: Sequence[int] | None = None) -> Findings:
        path = tmp_path / "scores.parquet"
        pyarrow.parquet.write_table(table, path)
        table_rows = CONTRACT.error_rates.rows
        claims = Claims(
            title="",
            rows=tuple(table_rows[row] for row in rows or range(len(table_rows))),
            recommended_above=CONTRACT.error_rates.recommended_above,
        )
        evaluation = from_scores(path, CONTRACT, math.inf, claims=claims)
        rates = claims.rates
        return find(evaluation.measurement, rates, Rule(), evaluation.conditions)

    return run


def verdicts(found: Findings) -> list[str]:
    return [str(row.verdict) if row.judged else "-" for row in found.rows]


def kinds(found: Findings) -> set[str]:
    return {one.kind for one in found.objections}


def told(found: Findings) -> str:
    return " ".join(one.text for one in found.objections)


def test_terminal_page_and_json_tell_every_objection(tmp_path):
    scores = Scores()
    scores.score = np.round(1 - scores.score, 2)
    pyarrow.parquet.write_table(scores.table(), tmp_path / "scores.parquet")
    command = [str(tmp_path / "scores.parquet"), "--out", str(tmp_path / "out"), "--quiet"]
    output = CliRunner().invoke(main, ["calibrate", *command], catch_exceptions=False).output
    found = json.loads((tmp_path / "out" / "report.json").read_text())
    page = (tmp_path / "out" / "report.html").read_text()
    assert {one["kind"] for one in found["objections"]} >= {"direction", "ties"}
    for one in found["objections"]:
        assert " ".join(one["text"].split()) in " ".join(output.split())
        assert one["kind"] in page
    assert "People given: 200, inferred: 0" in " ".join(output.split())


HONEST = ["PASS"] * 3 + ["INCONCLUSIVE"] * 3


def test_an_honest_file_is_judged_and_nothing_is_objected(judged):
    found = judged(Scores().table())
    assert verdicts(found) == HONEST
    assert kinds(found) <= {"repeated pairs", "other order"}
    assert (found.people_given, found.people_inferred) == (PEOPLE, 0)


@pytest.mark.parametrize("form", ["p{:03d}_{}.jpg", "images/p{:03d}-{}.jpg"])
def test_names_without_a_folder_get_the_verdict_of_folders(judged, form):
    found = judged(Scores().table(form))
    assert verdicts(found) == HONEST
    assert (found.people_given, found.people_inferred) == (0, PEOPLE)


def test_unknown_people_support_no_verdict(judged):
    scores = Scores()
    secret = np.random.default_rng(5).permutation(PEOPLE * PHOTOS)
    table = scores.table()
    for end, name in enumerate(("first", "second")):
        number = secret[scores.people[:, end] * PHOTOS + scores.photos[:, end]]
        table = table.set_column(end, name, pa.array(number))
    found = judged(table)
    assert verdicts(found) == ["-"] * 6
    assert "people unknown" in kinds(found)


def test_pairs_given_twice_and_symmetric_matrices_count_once(judged):
    table = Scores(3_000, times=0.1).table()
    table = table.filter(pc.less(table["first"], table["second"]))
    once = judged(table)
    swapped = table.rename_columns(["second", "first", "mated", "score", "code"])
    both = pa.concat_tables([table, swapped.select(table.column_names)])
    found = judged(both)
    assert "repeated pairs" in kinds(found)
    assert verdicts(found) == verdicts(once)
    for row, alone in zip(found.rows, once.rows, strict=True):
        assert row.interval.upper == pytest.approx(alone.interval.upper, rel=0.01)


def test_photos_compared_with_themselves_are_no_evidence(judged):
    numbers = list(range(500))
    alone = {"first": numbers, "second": numbers, "mated": [True] * 500, "score": [1.0] * 500}
    found = judged(pa.table(alone))
    assert {"self pairs", "no non-mated"} <= kinds(found)
    assert found.verdict == "INCONCLUSIVE"


def test_distances_are_noticed(judged):
    scores = Scores()
    scores.score = 1 - scores.score
    found = judged(scores.table())
    assert verdicts(found) == ["-"] * 6
    assert "--lower-is-closer" in told(found)


def test_reversed_labels_are_noticed(judged):
    scores = Scores()
    scores.mated = ~scores.mated
    found = judged(scores.table())
    assert verdicts(found) == ["-"] * 6
    assert {"labels against people", "labels reversed"} & kinds(found)


@pytest.mark.parametrize("every", [5, 20])
def test_labels_that_contradict_the_people_are_noticed(judged, every):
    scores = Scores()
    scores.mated = scores.mated != (np.arange(len(scores.mated)) % every == 0)
    found = judged(scores.table())
    assert verdicts(found) == ["-"] * 6
    assert "labels against people" in kinds(found)


def test_a_few_wrong_labels_are_named_and_make_no_fail(judged):
    scores = Scores()
    wrong = np.flatnonzero(scores.mated)[:8]
    scores.mated[wrong] = False
    scores.score[wrong] = 0.93
    found = judged(scores.table())
    assert "FAIL" not in verdicts(found)
    assert "labels against people" in kinds(found)


def test_wrong_labels_where_nobody_is_named_are_suspected(judged):
    scores = Scores()
    table = scores.table()
    wrong = np.flatnonzero(~scores.mated)[:12]
    scores.score[wrong] = 0.75 + 0.1 * np.random.default_rng(2).standard_normal(12)
    table = table.set_column(3, "score", pa.array(np.clip(scores.score, 0, 1)))
    found = judged(table)
    assert "label noise" in kinds(found)
    assert "FAIL" not in verdicts(found)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("share", [0.003, 0.01, 0.03])
def test_no_row_fails_by_wrong_labels_though_their_number_is_known_from_few(judged, share, seed):
    """A right system whose mated scores are even from 0.7 on; as many wrong labels as few know."""
    rng = np.random.default_rng(seed)
    scores = Scores(n=6_000, times=0.6, seed=seed)
    scores.score[scores.mated] = rng.uniform(0.7, 1, int(scores.mated.sum()))
    strangers = np.flatnonzero(~scores.mated)
    wrong = rng.choice(strangers, int(share * strangers.size), replace=False)
    scores.score[wrong] = rng.uniform(0.7, 1, wrong.size)
    assert "FAIL" not in verdicts(judged(scores.table()))


def independent(k: int, n: int, times: Sequence[float] = (1.0,), seed: int = 0) -> pa.Table:
    """Pairs of people who are in no other pair: ``k`` wrong labels among ``n`` right scores.

    The non-mated scores lie at the quantiles of the table; ``times`` are factors of the claim at
    the last rows, where matches lie as a server of such rates has them.
    """
    rng = np.random.default_rng(seed)
    rates = np.array([rate for _, rate in CONTRACT.error_rates.rows])
    rates[-len(times) :] *= times
    at = [0.3, *(threshold for threshold, _ in CONTRACT.error_rates.rows), 1.0]
    known = np.log([1.0, *rates, rates[-1] / 10])
    shares = (np.arange(n) + 0.5) / n
    scores = np.interp(-np.log(shares), -known, at)
    genuine = np.minimum(1, np.concatenate([rng.beta(20, 3, 200), rng.beta(20, 3, k)]))
    every = np.concatenate([scores, genuine[200:], genuine[:200]])
    mated = np.arange(every.size) >= n + k
    names = [[f"{'m' if same else end}{i}" for i, same in enumerate(mated)] for end in "ab"]
    return pa.table(
        {
            "first": [f"{name}.1" for name in names[0]],
            "second": [f"{name}.2" for name in names[1]],
            "mated": mated.astype(int),
            "score": every,
            "first_person": names[0],
            "second_person": names[1],
        }
    )


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("k", [1, 2, 3])
@pytest.mark.parametrize("n", [600, 5_000, 8_000])
def test_as_few_wrong_labels_as_one_make_no_fail(judged, n, k, seed):
    found = judged(independent(k, n, seed=seed))
    assert "FAIL" not in verdicts(found)
    told = {row.verdict for row in found.rows if row.k and row.claimed * row.n < 0.008}
    assert not told or "label noise" in kinds(found)


def test_whether_a_fail_is_doubted_depends_on_no_other_score(judged):
    table = independent(1, 600)
    scores = table["score"].to_numpy().copy()
    low = np.flatnonzero(scores < 0.4)
    for more in (0, 1, 3, 10):
        scores[low[:more]] = 0.5
        assert verdicts(judged(table.set_column(3, "score", pa.array(scores))))[4] != "FAIL"


ROWS = [[1], [0, 1], [2], [2, 3], [3], [0, 1, 2], [4]]


@pytest.mark.parametrize("rows", ROWS)
def test_wrong_labels_are_suspected_whatever_rows_are_claimed(judged, rows):
    scores = Scores(n=4_000)
    wrong = np.flatnonzero(~scores.mated)[:34]
    mated = np.flatnonzero(scores.mated)[:34]
    scores.score[wrong] = scores.score[mated]
    found = judged(scores.table(), rows)
    assert "FAIL" not in verdicts(found)
    assert "label noise" in kinds(found)


def test_wrong_labels_are_suspected_where_more_is_required_than_claimed(tmp_path):
    """A system better than its claims, by a tenth, with wrong labels that hide it."""
    scores = Scores(n=4_000, times=0.1)
    wrong = np.flatnonzero(~scores.mated)[:34]
    scores.score[wrong] = scores.score[np.flatnonzero(scores.mated)[:34]]
    path = tmp_path / "scores.parquet"
    pyarrow.parquet.write_table(scores.table(), path)
    run = ["calibrate", str(path), "--out", str(tmp_path / "out"), "--json"]
    done = CliRunner().invoke(main, [*run, "--up-to", "0.5", "--require", "fmr@0.5<=0.004"])
    found = json.loads(done.stdout)
    assert found["required"][0]["k"] > 0.004 * found["required"][0]["n"]
    assert found["verdict"] == "INCONCLUSIVE"
    assert "label noise" in {one["kind"] for one in found["objections"]}


@pytest.mark.parametrize("rows", [[0], [1], [0, 1], [2]])
@pytest.mark.parametrize("seed", [1, 2])
def test_right_labels_are_not_suspected_whatever_rows_are_claimed(judged, rows, seed):
    assert "label noise" not in kinds(judged(Scores(n=4_000, seed=seed).table(), rows))


@pytest.mark.parametrize("rows", [[0], [1], [0, 1], [2]])
def test_a_generous_server_fails_by_few_rows_as_by_many(judged, rows):
    found = judged(Scores(times=3).table(), rows)
    assert set(verdicts(found)) == {"FAIL"}
    assert "label noise" not in kinds(found)


@pytest.mark.parametrize("share", [0.03, 0.15])
def test_mated_pairs_that_score_as_strangers_do_are_told(judged, share):
    """As where their labels are wrong: the FNMR is that of the labels, so somebody must look."""
    scores = Scores()
    mated = np.flatnonzero(scores.mated)
    wrong = mated[: int(share * mated.size)]
    scores.score[wrong] = scores.score[np.flatnonzero(~scores.mated)[: wrong.size]]
    found = judged(scores.table())
    one = next(one for one in found.objections if one.kind == "strangers among mated")
    assert one.effect == Effect.SHOWN
    assert abs(float(one.text.split()[1]) - 100 * share) < 1 + 20 * share


@pytest.mark.parametrize(("mated", "wrong"), [(150, 15), (400, 12)])
def test_few_wrong_labels_among_mated_pairs_are_told(judged, mated, wrong):
    """A FAIL of the FNMR that goes by such labels is nearly never without the note."""
    scores = Scores(n=8_000)
    rng = np.random.default_rng(6)
    strangers = scores.score[~scores.mated]
    kept = np.concatenate([np.flatnonzero(scores.mated)[:mated], np.flatnonzero(~scores.mated)])
    table, told = scores.table(), 0
    for _ in range(20):
        changed = scores.score.copy()
        changed[kept[:wrong]] = rng.choice(strangers, wrong)
        found = judged(table.set_column(3, "score", pa.array(changed)).take(kept))
        told += "strangers among mated" in kinds(found)
    assert told >= 17


@pytest.mark.parametrize("apart", [0.5, 0.8, 1, 1.5, 2, 3])
def test_a_system_that_separates_badly_is_not_taken_for_wrong_labels(judged, apart):
    scores = Scores()
    rng = np.random.default_rng(4)
    scores.score = np.clip(
        0.4 + 0.1 * (rng.normal(size=scores.mated.size) + apart * scores.mated), 0, 1
    )
    assert "strangers among mated" not in kinds(judged(scores.table()))


@pytest.mark.parametrize("times", [3, 10])
def test_a_server_that_is_too_generous_is_not_excused_by_wrong_labels(judged, times):
    found = judged(Scores(times=times).table())
    assert verdicts(found)[:3] == ["FAIL"] * 3
    assert "label noise" not in kinds(found)


@pytest.mark.parametrize("kept", [True, False])
def test_one_kind_of_comparison_alone_never_passes(judged, kept):
    table = Scores().table()
    found = judged(table.filter(pa.compute.equal(table["mated"], kept)))
    assert "PASS" not in verdicts(found)
    assert kinds(found) & {"no mated", "no non-mated"}


def test_a_fail_stands_without_mated_pairs(judged):
    table = Scores(times=10).table()
    assert judged(table.filter(pa.compute.invert(table["mated"]))).verdict == "FAIL"


def test_a_constant_score_passes_nothing(judged):
    scores = Scores()
    scores.score[:] = 0.25
    found = judged(scores.table())
    assert verdicts(found) == ["-"] * 6
    assert {"constant", "direction"} <= kinds(found)


def test_a_score_that_tells_nothing_apart_passes_nothing(judged):
    scores = Scores()
    scores.score = np.random.default_rng(3).random(len(scores.score)) * 0.39
    found = judged(scores.table())
    assert "PASS" not in verdicts(found)
    assert "direction" in kinds(found)


def test_numbers_of_32_bits_tie_as_they_are_written(judged):
    scores = Scores()
    scores.score = np.round(scores.score, 2)
    wide = judged(scores.table())
    half = scores.table().set_column(3, "score", pa.array(scores.score.astype(np.float16)))
    assert [row.k for row in judged(half).rows] == [row.k for row in wide.rows]
    narrow = pa.array(scores.score.astype(np.float32))
    widened = pa.array(scores.score.astype(np.float32).astype(np.float64))
    for column in (narrow, widened):
        found = judged(scores.table().set_column(3, "score", column))
        assert [row.k for row in found.rows] == [row.k for row in wide.rows]
        assert found.decimals == 2
        assert "32 bits" in kinds(found)


def test_minus_one_is_a_failed_template(judged):
    scores = Scores()
    failed = scores.people[:, 0] == 7
    scores.score[failed] = -1
    found = judged(scores.table())
    assert "sentinel" in kinds(found)
    assert found.refused == {NO_FACE: int(failed.sum())}


def test_a_spike_of_the_lowest_score_is_a_failure_that_was_counted(judged):
    scores = Scores()
    scores.score = np.maximum(scores.score, 0.31)
    scores.score[1::10] = 0.0
    found = judged(scores.table())
    assert "failure code" in kinds(found)
    assert "PASS" not in verdicts(found)


def test_a_failure_score_for_just_the_pairs_that_would_be_confused_does_not_pass(judged):
    """Few enough to be shown only."""
    scores = Scores(100_000, times=5)
    hidden = ~scores.mated & (scores.score >= 0.6)
    assert hidden.mean() < 0.01
    scores.score = np.where(hidden, 0.0, np.maximum(scores.score, 0.31))
    found = judged(scores.table())
    assert verdicts(found)[2:] == ["INCONCLUSIVE"] * 4
    assert "failure code" in kinds(found)


def test_the_lowest_step_of_rounded_scores_is_no_failure(judged):
    scores = Scores()
    scores.score = np.floor(scores.score * 10) / 10
    assert "failure code" not in kinds(judged(scores.table()))


def test_false_matches_that_score_like_mated_pairs_are_told_whatever_their_number(judged):
    scores = Scores()
    wrong = ~scores.mated & (np.arange(scores.mated.size) % 3 == 0)
    scores.score[wrong] = scores.score[scores.mated].mean()
    found = judged(scores.table())
    assert "score like mated pairs" in told(found)
    assert "FAIL" in verdicts(found)


def test_refusals_of_just_the_pairs_that_would_be_confused_do_not_pass(judged):
    scores = Scores(100_000, times=5)
    hidden = ~scores.mated & (scores.score >= 0.4)
    table = scores.table()
    codes = [NO_FACE if hide else None for hide in hidden]
    table = table.set_column(3, "score", pa.array(scores.score, mask=hidden))
    found = judged(table.set_column(4, "code", pa.array(codes, pa.int64())))
    assert found.acquired.failed == []
    assert "PASS" not in verdicts(found)
    assert "refusals" in kinds(found)


def test_no_score_for_just_the_pairs_that_would_be_confused_does_not_pass(judged):
    """Without a code, as after a time-out, and few enough for the run to count as whole."""
    scores = Scores(100_000, times=5)
    hidden = ~scores.mated & (scores.score >= 0.6)
    assert hidden.mean() < 0.01
    found = judged(scores.table().set_column(3, "score", pa.array(scores.score, mask=hidden)))
    assert found.not_measured == hidden.sum()
    assert "PASS" not in verdicts(found)[2:]
    assert "refusals" in kinds(found)


def test_photos_without_a_face_are_no_hidden_false_matches(judged):
    scores = Scores()
    blank = (scores.people == 3) & (scores.photos == 1)
    faceless = blank.any(axis=1)
    table = scores.table().set_column(3, "score", pa.array(scores.score, mask=faceless))
    codes = [NO_FACE if hide else None for hide in faceless]
    found = judged(table.set_column(4, "code", pa.array(codes, pa.int64())))
    assert verdicts(found) == HONEST
    assert "refusals" not in kinds(found)
    assert found.acquired.failed == ["p003/1.jpg"]


def test_the_fta_has_one_interval_and_that_is_by_person(tmp_path):
    """Ten of 200 people have no photo with a face: 40 of 800 photos, but as the evidence of ten."""
    scores = Scores()
    refused = (scores.people < 10).any(axis=1)
    table = scores.table().set_column(3, "score", pa.array(scores.score, mask=refused))
    codes = [NO_FACE if one else None for one in refused]
    path = tmp_path / "scores.parquet"
    pyarrow.parquet.write_table(table.set_column(4, "code", pa.array(codes, pa.int64())), path)
    groups = tmp_path / "groups.csv"
    groups.write_text("person,group\n" + "".join(f"p{n:03d},all\n" for n in range(PEOPLE)))
    run = ["calibrate", str(path), "--out", str(tmp_path), "--groups", str(groups)]
    done = CliRunner().invoke(main, [*run, "--require", "fta<=0.07"])
    found = json.loads((tmp_path / "report.json").read_text())
    acquired, required = found["acquired"], found["required"][0]
    assert (len(acquired["failed"]), acquired["tried"]) == (40, 800)
    assert acquired["rate"]["interval"] == required["interval"]
    assert required["verdict"] == "INCONCLUSIVE"  # 800 independent photos would pass
    assert required["design_effect"] > 3
    own = next(one for one in found["groups"] if one["label"] == "all")
    assert own["acquisition"]["interval"] == pytest.approx(required["interval"])
    assert f"FTA {percent_between(Rate(rate=0.05, interval=Interval(**required['interval'])))}" in (
        " ".join(done.output.split())
    )


def test_a_photo_given_to_two_people_is_named(judged):
    scores = Scores()
    table = scores.table()
    people = [[f"p{p}" for p in scores.people[:, end]] for end in (0, 1)]
    people[0][11] = "somebody else"
    table = table.append_column("first_person", pa.array(people[0]))
    found = judged(table.append_column("second_person", pa.array(people[1])))
    assert "people contradictory" in kinds(found)
    assert "PASS" not in verdicts(found)


def test_photos_of_nobody_support_no_verdict_if_they_are_many(judged):
    scores = Scores()
    table = scores.table()
    for end, name in enumerate(("first_person", "second_person")):
        people = [f"p{p}" if p % 20 else None for p in scores.people[:, end]]
        table = table.append_column(name, pa.array(people))
    found = judged(table)
    assert "people missing" in kinds(found)
    assert verdicts(found) == ["-"] * 6


@pytest.mark.parametrize("room", [1 << 21, 500])
def test_repeats_are_found_in_bounded_memory(room):
    rng = np.random.default_rng(4)
    first, second = rng.permutation(200_000)[:100_000].reshape(2, -1)
    counter = PairCounter(room)
    for start in range(0, 50_000, 5_000):
        part = slice(start, start + 5_000)
        scores = rng.random(5_000)
        counter.add(first[part], second[part], scores)
        counter.add(second[part][:2_500], first[part][:2_500], 1 - scores[:2_500])
    assert counter.conflict(1e-3) is None
    found = counter.result()
    assert found.share == pytest.approx(1 / 3, abs=0.03)
    assert found.times == pytest.approx(5 / 3, abs=0.05)
    counter.add(first[:25_000], second[:25_000], np.full(25_000, 9.0))
    conflict = counter.conflict(1e-3)
    assert conflict is not None
    assert conflict.share == pytest.approx(0.5, abs=0.04)
    assert (conflict.first, conflict.second) in set(zip(first, second, strict=True))
    assert conflict.highest == 9


def test_two_releases_in_one_file_do_not_pass(judged):
    table = Scores(times=2.6).table()
    better = np.clip(table["score"].to_numpy() - 0.08, 0, 1)
    newer = table.set_column(3, "score", pa.array(better))
    found = judged(pa.concat_tables([table, newer]))
    assert "PASS" not in verdicts(found)
    assert found.verdict != "PASS"
    objection = next(one for one in found.objections if one.kind == "different scores")
    assert objection.text.startswith("100 % of the non-mated comparisons")
    assert "jpg with p" in objection.text


def test_few_pairs_with_another_score_are_named_all_the_same(judged):
    table = Scores().table()
    again = table.slice(1, 1).set_column(3, "score", pa.array([0.05]))
    found = judged(pa.concat_tables([table, again]))
    assert verdicts(found) == HONEST
    first, second = (table[name][1].as_py() for name in ("first", "second"))
    assert f"{first} with {second}: 0.05 and" in told(found)


@pytest.mark.parametrize("change", ["none", "computing", "order"])
def test_a_pair_again_with_its_score_or_in_the_other_order_is_no_conflict(judged, change):
    table = Scores().table()
    table = table.filter(pc.less(table["first"], table["second"]))
    again = table.slice(0, 5_000)
    if change == "computing":
        again = again.set_column(3, "score", pa.array(again["score"].to_numpy() * (1 - 1e-7)))
    if change == "order":
        again = again.set_column(3, "score", pa.array(again["score"].to_numpy() * 0.9))
        again = again.rename_columns(["second", "first", "mated", "score", "code"])
    found = kinds(judged(pa.concat_tables([table, again.select(table.column_names)])))
    assert "different scores" not in found
    assert ("other order" in found) == (change == "order")


@pytest.mark.parametrize(
    ("claims", "scores", "effect", "said"),
    [
        (
            "lowest: 0\nhighest: 100\nrows: [[60, 0.001], [70, 0.0001]]",
            1.0,
            "no PASS",
            "60; the clo",
        ),
        ("rows: [[60, 0.001], [70, 0.0001]]", 1.0, "no PASS", "even the threshold 60"),
        ("rows: [[-0.6, 0.001], [-0.5, 0.0001]]", 1.0, "no verdict", "even the threshold -0.5"),
        ("rows: [[0.6, 0.001], [0.7, 0.0001]]", 1.0, None, ""),
    ],
)
def test_scores_on_another_scale_than_the_claims_decide_nothing(
    tmp_path, claims, scores, effect, said
):
    """Scores of 0 to 1 where 0 to 100 is claimed never match, which looks like no false match."""
    pyarrow.parquet.write_table(Scores().table(), tmp_path / "scores.parquet")
    (tmp_path / "claims.yaml").write_text(f"title: t\n{claims}\n")
    command = [str(tmp_path / "scores.parquet"), "--claims", str(tmp_path / "claims.yaml")]
    command += ["--out", str(tmp_path / "out"), "--quiet", "--json"]
    result = CliRunner().invoke(main, ["calibrate", *command], catch_exceptions=False)
    found = json.loads(result.stdout)
    scale = [(one["effect"], one["text"]) for one in found["objections"] if one["kind"] == "scale"]
    assert [one for one, _ in scale] == ([effect] if effect else [])
    assert all(said in text for _, text in scale)
    assert effect is None or result.exit_code == 3


def crossed(probes: int, references: int, times: float = 1.0) -> pa.Table:
    """Each probe with each reference, of different people, and a mated pair of each reference."""
    rng = np.random.default_rng(2)
    first, second = np.divmod(np.arange(probes * references), references)
    every = np.arange(references) + probes
    ends = np.append(first, every), np.append(second + probes, every)
    mated = ends[0] == ends[1]
    strangers = 0.3 - np.log10(rng.random(mated.size) / times) / 10
    return pa.table(
        {
            "first": [f"p{person}/1.jpg" for person in ends[0]],
            "second": [f"p{person}/2.jpg" for person in ends[1]],
            "mated": mated.astype(int),
            "score": np.clip(np.where(mated, 0.95, strangers), 0, 1),
        }
    )


@pytest.mark.parametrize(
    ("probes", "times", "verdict"),
    [(5, 0.3, "-"), (29, 0.3, "-"), (29, 9, "-"), (30, 0.3, "PASS"), (30, 9, "FAIL")],
)
@pytest.mark.parametrize("probes_first", [True, False])
def test_few_people_against_many_are_no_more_than_few(judged, probes, times, verdict, probes_first):
    table = crossed(probes, 100, times)
    names = ["first", "second"] if probes_first else ["second", "first"]
    found = judged(table.rename_columns([*names, "mated", "score"]))
    assert verdicts(found)[0] == verdict
    few = f"Only {probes} people are compared with all 100 others"
    assert any(few in one for one in found.remarks) == (verdict == "-")


@pytest.mark.parametrize(("share", "effect"), [(0.005, Effect.SHOWN), (0.1, Effect.NO_PASS)])
def test_scores_beside_a_code_of_a_refusal_are_told(judged, share, effect):
    scores = Scores()
    refused = np.flatnonzero(scores.mated)[: round(share * scores.mated.size)]
    for place in refused:
        scores.code[place] = NO_FACE
    found = judged(scores.table())
    one = next(one for one in found.objections if one.kind == "scores of refusals")
    assert one.effect == effect
    assert one.text.startswith(f"{refused.size:,} scores beside a code")
    assert ("PASS" in verdicts(found)) == (effect == Effect.SHOWN)


@pytest.mark.parametrize("code", [0, 1, 200, 1000])
def test_scores_beside_any_other_code_are_scores(judged, code):
    scores = Scores(n=4_000)
    scores.code = [code] * len(scores.code)
    assert "scores of refusals" not in kinds(judged(scores.table()))
