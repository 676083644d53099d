"""Counts all pairs of templates with workers: a task is a set of tiles and returns only counts.

Memory is bounded by the tiles and the people, however many pairs there are.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path

from calibration.counting.comparisons import Measurement
from calibration.counting.identities import Identities
from calibration.counting.people_pairs import EveryPair
from calibration.executors import Workers, fan_out
from calibration.files import file_digest
from calibration.sources.all_pairs import Counter, enrol, tiles_of
from calibration.sources.templates import Templates, load
from calibration.statistics.arrays import Counts
from verikit.errors import WrongUse

_NO_CODE = 0


@dataclass(frozen=True, kw_only=True)
class Work:
    """The file of templates, which every worker must be able to read, with thresholds and range.

    ``axis``: the thresholds, the lowest and the highest similarity.
    """

    path: Path
    digest: str
    axis: tuple[tuple[float, ...], float, float]


def measure(
    work: Work,
    templates: Templates,
    measurement: Measurement,
    workers: Workers,
    tell: Callable[[int, int], None],
) -> None:
    """As ``all_pairs.measure``, with workers; ``tell`` gets the tiles done and their total."""
    people = enrol(templates, measurement.identities)
    measurement.non_mated.every_pair = EveryPair(people, measurement.thresholds)
    tasks = tasks_of(templates)
    total, done = sum(map(len, tasks)), 0
    for numbers, found in fan_out(workers, partial(count, work), tasks, range(2 * workers.size)):
        measurement.merge(found)
        done += len(numbers)
        tell(done, total)


def tasks_of(templates: Templates) -> list[tuple[int, ...]]:
    """The tasks as numbers of tiles: a long and a short row each, so that all take equally long."""
    rows: dict[int, list[int]] = defaultdict(list)
    for number, (row, _) in enumerate(tiles_of(templates)):
        rows[row.start].append(number)
    strips = list(rows.values())
    half = (len(strips) + 1) // 2
    longest, shortest = strips[:half], [*reversed(strips[half:]), []]
    return [tuple(a + b) for a, b in zip(longest, shortest, strict=False)]


def count(work: Work, numbers: tuple[int, ...], slot: int) -> Measurement:
    """The counts of some tiles, without names."""
    templates, people = _opened(work.path, work.digest)
    thresholds, low, high = work.axis
    measurement = Measurement(thresholds, _NO_CODE, low=low, high=high)
    counter, tiles = Counter(templates, measurement, people), tiles_of(templates)
    for number in numbers:
        counter.count(*tiles[number])
    return measurement


@lru_cache(maxsize=1)
def _opened(path: Path, digest: str) -> tuple[Templates, Counts]:
    if not path.is_file() or file_digest(path) != digest:
        raise WrongUse(f"A worker has no such templates at {path}: give all workers the file.")
    templates = load(path)
    return templates, enrol(templates, Identities())
