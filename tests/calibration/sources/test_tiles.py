from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from calibration.counting.comparisons import Measurement
from calibration.executors import Workers
from calibration.files import file_digest
from calibration.sources import all_pairs, tiles
from calibration.sources.templates import load
from verikit.errors import WrongUse

AXIS = (0.2, 0.4, 0.8), -1.0001, 1.0001


@pytest.fixture
def file(tmp_path):
    rng = np.random.default_rng(1)
    people = rng.integers(0, 40, 150)
    vectors = rng.normal(size=(40, 16))[people] + 0.6 * rng.normal(size=(150, 16))
    groups = np.array(["x", "y", "z"])[people % 3]
    np.savez(tmp_path / "templates.npz", vectors=vectors, people=people, groups=groups)
    return tmp_path / "templates.npz"


def told(found: Measurement) -> list:
    sides = [
        (
            *(
                counts.tolist()
                for counts in (s.histogram.bins, s.histogram.matches, s.histogram.above)
            ),
            *(s.failed, s.extremes.listed(), s.rounding.decimals),
        )
        for s in found.kinds
    ]
    shares = [found.shares(counts) for counts in found.kinds]
    counts = [(s.tried[:40].tolist(), s.events[:, :40].tolist()) for s in shares]
    names = found.labels.names
    groups = [
        {
            name: (n, *events.tolist())
            for name, (n, events) in zip(names, map(g.counts, range(len(names))), strict=True)
        }
        for g in found.groups.values()
    ]
    return [sides, counts, groups, found.identities.people().names, found.identities.photos.names]


def measurement() -> Measurement:
    thresholds, low, high = AXIS
    return Measurement(thresholds, 4000, low=low, high=high)


@pytest.mark.parametrize("tile", [16, 37, 1024])
def test_a_crew_counts_what_one_process_counts(file, monkeypatch, tile):
    monkeypatch.setattr(all_pairs, "TILE", tile)
    templates, alone, together = load(file), measurement(), measurement()
    all_pairs.measure(templates, alone)
    work = tiles.Work(path=file, digest=file_digest(file), axis=AXIS)
    heard = []
    with ThreadPoolExecutor(3) as executor:
        workers = Workers(executor, 3)
        tiles.measure(work, templates, together, workers, lambda *tiles: heard.append(tiles))
    assert told(together) == told(alone)
    assert together.non_mated.histogram.n + together.mated.histogram.n == 150 * 149 // 2
    assert heard[-1][0] == heard[-1][1] == len(all_pairs.tiles_of(templates))


def test_tasks_hold_every_tile_once_and_are_alike(file, monkeypatch):
    monkeypatch.setattr(all_pairs, "TILE", 10)
    templates = load(file)
    found = tiles.tasks_of(templates)
    assert sorted(n for task in found for n in task) == list(
        range(len(all_pairs.tiles_of(templates)))
    )
    sizes = [len(task) for task in found]
    assert max(sizes) - min(sizes[:-1]) <= 1


def test_a_worker_with_another_file_refuses(file):
    work = tiles.Work(path=file, digest="0" * 64, axis=AXIS)
    with pytest.raises(WrongUse, match="give all workers the file"):
        tiles.count(work, (0,), 0)
