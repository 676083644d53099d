import json
import math

import numpy as np
import pytest
from click.testing import CliRunner

from calibration.claims import load_claims, names, of_contract
from calibration.evaluation import from_scores
from calibration.judging.findings import Findings
from calibration.judging.judgement import find
from calibration.statistics.verdicts import Rule
from verikit.cli import main
from verikit.contract import load_contract
from verikit.errors import WrongUse

CONTRACT = load_contract()
PEOPLE = 150


def write(path, scores) -> None:
    """A file of non-mated comparisons and some mated ones, ``scores`` of each kind by a uniform."""
    rng = np.random.default_rng(3)
    ones, steps = rng.integers(PEOPLE, size=9_000), rng.integers(1, PEOPLE, 9_000)
    lines = ["first,second,mated,score"]
    drawn = zip(ones.tolist(), steps.tolist(), rng.random(9_000).tolist(), strict=True)
    for n, (one, step, chance) in enumerate(drawn):
        mated = n % 9 == 0
        other = one if mated else (one + step) % PEOPLE
        value = scores(chance, mated)
        lines.append(f"p{one}/{n}a.jpg,p{other}/{n}b.jpg,{mated:d},{value!r}")
    path.write_text("\n".join(lines) + "\n")


def judged(path, claims, confidence: float = 0.95, up_to: float = math.inf) -> Findings:
    made = from_scores(path, CONTRACT, up_to, claims=claims)
    return find(made.measurement, claims.rates, Rule(alpha=1 - confidence), made.conditions)


def percent(chance: float, mated: bool) -> float:
    return 99.0 if mated else min(100.0, 10 - 10 * math.log10(chance))


def test_claims_that_come_with_verikit_are_whole_and_say_where_they_stand():
    assert {"senseid", "face-plus-plus", "tencent", "tencent-2.0"} <= set(names())
    for name in names():
        claims = load_claims(name)
        assert claims.source.startswith("https://")
        assert claims.recommended_above in [threshold for threshold, _ in claims.rows]


def test_the_vendor_whose_api_the_contract_is_claims_its_table():
    assert load_claims("senseid").rows == of_contract(CONTRACT).rows == CONTRACT.error_rates.rows


@pytest.mark.parametrize(
    ("rows", "title", "verdict", "named"),
    [
        ("[[20, 0.2]]", "title: our own", "PASS", "at most 2 times that of mine.yaml (our own)"),
        ("[[20, 0.001]]", "", "FAIL", "shown to be above that of mine.yaml at 20"),
        ("[[50, 1.0e-4]]", "title: mine.yaml", "INCONCLUSIVE", "Judged: 50 to 50 in mine.yaml;"),
    ],
)
def test_a_verdict_names_the_file_of_claims(tmp_path, rows, title, verdict, named):
    (tmp_path / "mine.yaml").write_text(f"{title}\nlowest: 0\nhighest: 100\nrows: {rows}\n")
    write(tmp_path / "s.csv", percent)
    command = [str(tmp_path / "s.csv"), "--claims", str(tmp_path / "mine.yaml")]
    result = CliRunner().invoke(main, ["calibrate", *command, "--out", str(tmp_path / "o")])
    told = " ".join(result.output.split())
    assert f"{verdict} " in told
    assert named in told
    assert "documented" not in told


def test_a_verdict_on_the_documented_table_says_so(tmp_path):
    write(tmp_path / "s.csv", lambda chance, mated: percent(chance, mated=mated) / 100)
    command = [str(tmp_path / "s.csv"), "--up-to", "0.4", "--out", str(tmp_path / "o"), "--json"]
    result = CliRunner().invoke(main, ["calibrate", *command])
    assert json.loads(result.stdout)["claims"] == ""
    told = CliRunner().invoke(main, ["calibrate", *command[:-1]]).output
    assert "at most 2 times the documented one. Judged: 0.4 to 0.4" in " ".join(told.split())


def test_any_scale_and_any_rows(tmp_path):
    (tmp_path / "mine.yaml").write_text(
        "title: mine\nlowest: 0\nhighest: 100\nrows: [[30, 1e-2], [20, 1.0e-1]]\n"
    )
    write(tmp_path / "scores.csv", percent)
    found = judged(tmp_path / "scores.csv", load_claims(str(tmp_path / "mine.yaml")))
    assert [(row.threshold, str(row.verdict)) for row in found.rows] == [(20, "PASS"), (30, "PASS")]


@pytest.mark.parametrize("scale", ["", "lowest: -500\nhighest: 900\n"])
def test_any_range_is_counted_whether_it_is_told_or_not(tmp_path, scale):
    (tmp_path / "llr.yaml").write_text(scale + "rows: [[100, 0.1], [200, 0.01]]\n")
    write(tmp_path / "scores.csv", lambda c, mated: 700.5 if mated else -100 * math.log10(c))
    found = judged(tmp_path / "scores.csv", load_claims(str(tmp_path / "llr.yaml")))
    assert [str(row.verdict) for row in found.rows] == ["PASS", "PASS"]


def test_where_lower_is_closer_a_match_is_at_most_the_threshold(tmp_path):
    (tmp_path / "far.yaml").write_text("closer: lower\nrows: [[0.5, 1e-2], [0.6, 1e-1]]\n")
    claims = load_claims(str(tmp_path / "far.yaml"))

    def distance(chance: float, mated: bool) -> float:
        return 0.1 if mated else 0.7 + 0.1 * math.log10(chance)

    write(tmp_path / "scores.csv", distance)
    found = judged(tmp_path / "scores.csv", claims)
    assert [row.threshold for row in found.rows] == [0.6, 0.5]
    assert [str(row.verdict) for row in found.rows] == ["PASS", "PASS"]
    assert found.lowest_mated[0].score == 0.1
    assert [row.judged for row in judged(tmp_path / "scores.csv", claims, up_to=0.6).rows] == [1, 0]
    turned = load_claims(str(tmp_path / "far.yaml"), lower_is_closer=True)
    assert turned.rates == claims.rates


def test_confidence_widens_and_narrows(tmp_path):
    write(tmp_path / "scores.csv", lambda c, mated: 0.9 if mated else 0.3 - 0.1 * math.log10(c))
    bounds = [
        judged(tmp_path / "scores.csv", of_contract(CONTRACT), level).rows[1].interval
        for level in (0.8, 0.95, 0.999)
    ]
    assert bounds[0].upper < bounds[1].upper < bounds[2].upper
    assert bounds[0].lower > bounds[1].lower > bounds[2].lower


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("rows: [[1, 2, 3]]", "not a file of claims"),
        ("rows: [[0.4, 0.01], [0.5, 0.1]]", "must fall"),
        ("rows: [[0.4, 0.1], [0.4, 0.01]]", "must fall"),
        ("rows: [[0.4, 2]]", "between 0 and 1"),
        ("rows: []", "each row is"),
        ("rows: [[0.4, true]]", "True is not a number"),
        (b"title: \xff\nrows: [[0.4, 0.1]]", "is not UTF-8"),
        ("rows: [[.nan, 0.1]]", "not a number"),
        (f"rows: [[{10**400}, 0.1]]", "too large"),
        ("lowest: 0\nhighest: 1\nrows: [[40, 0.1]]", "between `lowest` and `highest`"),
        ("closer: left\nrows: [[0.4, 0.1]]", "higher or lower"),
        ("threshold: 4", "is unknown"),
        ("- 1", "not a file of claims"),
        ("a: &a [1, 1]\nrows: [*a, *a]", "aliases"),
        ("rows: [", "not valid YAML"),
        ("[" * 1_000, "not valid YAML|too deeply"),
        ("x" * 70_000, "larger than 64 KiB"),
        ("!!python/object/apply:os.system [id]", "not valid YAML"),
    ],
)
def test_what_is_no_claim_is_refused(tmp_path, content, message):
    path = tmp_path / "claims.yaml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(WrongUse, match=message):
        load_claims(str(path))


def test_the_documented_table_is_of_scores():
    with pytest.raises(WrongUse, match="needs --claims"):
        of_contract(CONTRACT, True)
    with pytest.raises(WrongUse, match="face-plus-plus"):
        load_claims("nowhere.yaml")


def test_matrices_are_counted_once(tmp_path):
    rng = np.random.default_rng(2)
    people = np.repeat(np.arange(40), 2)
    scores = np.triu(rng.random((80, 80)), 1)
    scores = scores + scores.T + np.eye(80)
    np.savez(tmp_path / "square.npz", scores=scores, people=people)
    np.savez(tmp_path / "crossed.npz", scores=scores[:30], first_people=people[:30], second_people=people)  # fmt: skip # noqa: E501
    np.save(tmp_path / "scores.npy", scores.astype(np.float32))
    np.save(tmp_path / "people.npy", people)

    def sizes(name: str, labels: str | None = None) -> list[int]:
        found = from_scores(
            tmp_path / name, CONTRACT, math.inf, people=labels and tmp_path / labels
        ).measurement
        assert found.identities.people().given == 40
        return [counts.histogram.n for counts in found.kinds]

    assert sizes("square.npz") == [80 * 79 // 2 - 40, 40]
    assert sizes("scores.npy", "people.npy") == sizes("square.npz")
    for numbers in (range(80), range(1, 81), [f"{n}.jpg" for n in range(80)]):
        rows = [f"{n},p{person}" for n, person in zip(numbers, people, strict=True)]
        (tmp_path / "people.csv").write_text("\n".join(["photo,person", *rows]))
        assert sizes("scores.npy", "people.csv") == sizes("square.npz")
    (tmp_path / "people.csv").write_text("photo,person\n0,a\n2,b\n")
    with pytest.raises(WrongUse, match="numbered from 0 or 1 without a gap"):
        sizes("scores.npy", "people.csv")
    with pytest.raises(WrongUse, match=r"does not apply to .*square\.npz: an \.npz says itself"):
        sizes("square.npz", "people.csv")
    assert sizes("crossed.npz") == [30 * 78, 60]
    with pytest.raises(WrongUse, match="without identities"):
        from_scores(tmp_path / "scores.npy", CONTRACT, math.inf)


def test_a_matrix_may_say_itself_which_scores_are_of_one_person(tmp_path):
    mated = np.eye(30, dtype=bool)
    scores = np.where(mated, 0.9, 0.1)
    whose = {"first_people": np.arange(900) // 30, "second_people": np.arange(900) % 30}
    for arrays in ({}, whose):
        np.savez(tmp_path / "mated.npz", scores=scores, mated=mated, **arrays)
        found = from_scores(tmp_path / "mated.npz", CONTRACT, math.inf).measurement
        assert [counts.histogram.n for counts in found.kinds] == [870, 30]
        assert [counts.histogram.matches[0] for counts in found.kinds] == [0, 30]
        assert found.identities.people().given == (30 if arrays else 0)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"scores": np.array([["a"] * 5] * 4)}, "`scores` are not numbers"),
        ({"scores": np.zeros((0, 5))}, "`scores` are not numbers"),
        ({"scores": np.full((4, 5), 1.5)}, r"a score is 1\.5, which lies outside 0 to 1"),
        ({"second_people": None}, "lacks `people`, or `first_people` and `second_people`, or"),
        ({"second_people": np.arange(4)}, r"scores of shape \(4, 5\) do not fit 4 and"),
        ({"first_people": np.zeros((2, 2), int)}, "one dimension, not the shape"),
        ({"mated": np.zeros(5)}, "`mated` must be 0 or 1 for each score"),
        ({"mated": np.full((4, 5), 2)}, "`mated` must be 0 or 1 for each score"),
        ({"mated": np.zeros((4, 5))}, "`first_people` must have one entry for each score"),
    ],
)
def test_a_matrix_that_is_none_is_refused(tmp_path, change, message):
    arrays = {"scores": np.full((4, 5), 0.5), "first_people": np.arange(4)}
    arrays = arrays | {"second_people": np.arange(5)} | change
    kept = {name: array for name, array in arrays.items() if array is not None}
    np.savez(tmp_path / "m.npz", **kept)
    with pytest.raises(WrongUse, match=message):
        from_scores(tmp_path / "m.npz", CONTRACT, math.inf)
