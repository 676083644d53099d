import io
import tempfile
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from calibration.counting.comparisons import Measurement
from calibration.counting.groups import label_of
from calibration.sources import all_pairs
from calibration.sources.templates import load
from verikit.errors import WrongUse

THRESHOLDS = (0.2, 0.4, 0.8)


def arrays(seed: int = 1, people: int = 40) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, people, 150)
    centres = rng.normal(size=(people, 16))
    return {
        "vectors": centres[labels] + 0.6 * rng.normal(size=(150, 16)),
        "people": labels,
        "groups": np.array(["x", "y", "z"])[labels % 3],
        "mean": rng.uniform(-0.1, 0.1, 150),
        "deviation": rng.uniform(0.5, 1.5, 150),
        "penalty": np.maximum(0, rng.normal(0, 0.3, 150)),
    }


def measure(tmp_path, monkeypatch, stored: dict[str, np.ndarray], tile: int = 32) -> Measurement:
    monkeypatch.setattr(all_pairs, "TILE", tile)
    path = tmp_path / "templates.npz"
    np.savez(path, **stored)
    templates = load(path)
    low, high = templates.range
    measurement = Measurement(THRESHOLDS, 4000, low=low, high=high)
    all_pairs.measure(templates, measurement)
    return measurement


@pytest.mark.parametrize("tile", [7, 32, 1024])
@pytest.mark.parametrize("kind", ["cosine", "normalised", "penalised", "grouped"])
def test_counts_what_one_big_matrix_gives(tmp_path, monkeypatch, kind, tile):
    given = arrays()
    keep = {
        "normalised": {"mean", "deviation"},
        "penalised": {"mean", "deviation", "penalty"},
        "grouped": {"groups"},
    }.get(kind, set())
    given = {k: v for k, v in given.items() if k in {"vectors", "people"} | keep}
    found = measure(tmp_path, monkeypatch, given, tile)
    unit = given["vectors"] / np.linalg.norm(given["vectors"], axis=1, keepdims=True)
    scores = unit @ unit.T
    if "mean" in keep:
        z = (scores - given["mean"][:, None]) / given["deviation"][:, None]
        scores = (z + z.T) / 2
    if "penalty" in keep:
        scores -= np.minimum(given["penalty"][:, None], given["penalty"])
    mated = given["people"][:, None] == given["people"]
    once = np.triu(np.ones_like(mated), 1)
    for counts in found.kinds:
        ours = once & (mated == counts.mated)
        expected = [int((scores[ours] >= t).sum()) for t in THRESHOLDS]
        assert counts.histogram.matches.tolist() == expected
        assert counts.histogram.n == ours.sum()
        shares = found.shares(counts)
        assert shares.comparisons == ours.sum()
        assert (shares.events.sum(axis=1) / shares.per_comparison).tolist() == (
            counts.events.tolist()
        )


def test_counts_by_group(tmp_path, monkeypatch):
    given = arrays()
    given = {name: given[name] for name in ("vectors", "people", "groups")}
    found = measure(tmp_path, monkeypatch, given)
    groups, mated = given["groups"], given["people"][:, None] == given["people"]
    labels = np.array([[label_of(a, b) for b in groups] for a in groups])
    once = np.triu(~mated, 1)
    counts = [found.groups[False].counts(n) for n in range(len(found.labels.names))]
    assert dict(zip(found.labels.names, (n for n, _ in counts), strict=True)) == {
        label: int((once & (labels == label)).sum()) for label in set(labels.flat)
    }
    events = np.sum([events for _, events in counts], axis=0)
    assert events.tolist() == found.non_mated.events.tolist()
    shares = found.groups[False].shares(np.arange(len(counts)), found.identities.people().person)
    whole = found.shares(found.non_mated)
    assert np.array_equal(shares.tried, whole.tried)
    assert np.array_equal(shares.events, whole.events)


def test_the_highest_non_mated_pair_is_listed_first(tmp_path, monkeypatch):
    given = {name: arrays()[name] for name in ("vectors", "people")}
    given["photos"] = np.array([f"photo {n}" for n in range(150)])
    given["vectors"][3] = given["vectors"][given["people"] != given["people"][3]][0]
    found = measure(tmp_path, monkeypatch, given)
    first, second, score = found.non_mated.extremes.listed()[0]
    names = found.identities.photos.names
    assert "photo 3" in (names[first], names[second])
    assert score == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"vectors": np.ones(150)}, "shape"),
        ({"vectors": np.zeros((150, 4))}, "not zero"),
        ({"vectors": np.full((150, 4), 1e25)}, "finite"),
        ({"penalty": np.full(150, 1e300)}, "finite"),
        ({"people": np.arange(3)}, "one entry for each vector"),
        ({"deviation": np.zeros(150)}, "positive"),
        ({"deviation": np.full(150, 1e-60)}, "positive"),
        ({"penalty": np.full(150, -0.1)}, "negative"),
        ({"photos": np.zeros(150)}, "a photo has two templates"),
    ],
)
def test_says_what_is_wrong(tmp_path, monkeypatch, change, message):
    with pytest.raises(WrongUse, match=message):
        measure(tmp_path, monkeypatch, arrays() | change)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("mean", np.array([0.0, np.nan, 0.0])),
        ("deviation", np.array([1.0, np.inf, 1.0])),
        ("deviation", np.array([1.0, np.nan, 1.0])),
        ("deviation", np.array(["a", "b", "c"])),
        ("mean", np.array(["a", "b", "c"])),
        ("deviation", np.array([1.0, 0.0, 1.0])),
    ],
)
def test_statistics_of_a_cohort_are_finite_numbers(tmp_path, name, value):
    path = tmp_path / "templates.npz"
    known = {"mean": np.zeros(3), "deviation": np.ones(3)} | {name: value}
    np.savez(path, vectors=np.eye(3), people=np.arange(3), **known)
    with pytest.raises(WrongUse, match=name):
        load(path)


def test_pickles_are_not_loaded(tmp_path):
    path = tmp_path / "templates.npz"
    np.savez(path, vectors=np.array([{}], object), people=np.arange(1))
    with pytest.raises(WrongUse, match=r"contains Python objects, which are never loaded"):
        load(path)


@given(st.integers(0, 10**6), st.booleans())
def test_a_damaged_file_is_told_in_a_sentence(place, cut):
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays())
    whole = bytearray(buffer.getvalue())
    place %= len(whole)
    whole[place] ^= 0xFF
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "templates.npz"
        path.write_bytes(whole[:place] if cut else whole)
        # A zip file bears damage where nobody looks: then the templates are the ones written.
        with suppress(WrongUse):
            assert len(load(path).people) == len(arrays()["people"])
