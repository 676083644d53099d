from __future__ import annotations

import json
import math
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from loadtests.report.files import read_run
from loadtests.statistics.compare import Run, compare
from loadtests.statistics.windows import Window, bucket
from verikit.errors import WrongUse


def run(seed: int, *, median: float = 0.05, failing: float = 0.0, seconds: int = 60) -> Run:
    """A run at 20 requests a second whose latency drifts from second to second."""
    random = np.random.default_rng(seed)
    drift = 0.0
    windows = []
    for _ in range(seconds):
        drift = 0.5 * drift + random.normal(0, 0.1)
        latencies = Counter(bucket(x) for x in median * np.exp(drift + random.normal(0, 0.3, 20)))
        failed = int(random.binomial(20, failing))
        windows.append(
            Window(
                latencies=latencies,
                answers=Counter({"200 1000": 20 - failed, "500 500": failed}),
                failures=Counter({"HTTP 500": failed}),
                arrived=20,
                finished=20 - failed,
            )
        )
    return Run(windows=windows, window_seconds=1)


def test_a_slower_server_is_shown_to_be_slower() -> None:
    changes = {each.figure: each for each in compare(run(1), run(2, median=0.08))}
    for name in ("p50", "p95"):
        assert changes[name].shown
        assert changes[name].low <= 1.6 <= changes[name].high
    assert not changes["rate"].shown
    assert not changes["error_share"].shown


def test_two_runs_of_one_server_seldom_show_a_change() -> None:
    shown = [
        change.shown
        for seed in range(20)
        for change in compare(run(2 * seed), run(2 * seed + 1))
        if change.figure in ("p50", "p95")
    ]
    assert sum(shown) <= 8


def fixed(finished: list[int], *, seconds: float = 1, slow: int = 0) -> Run:
    """A run of 10 ms for each of so many correct answers a window; some more take a second."""
    latencies = [Counter({10_000: number, 1_000_000: slow}) for number in finished]
    windows = [
        Window(latencies=one, answers=Counter({"200 1000": number}), arrived=99, finished=number)
        for one, number in zip(latencies, finished, strict=True)
    ]
    return Run(windows=windows, window_seconds=seconds)


def test_quantiles_are_those_of_all_requests_and_rates_are_by_the_second() -> None:
    changes = compare(fixed([96] * 10, slow=4), fixed([30] * 40, seconds=0.25, slow=3))
    assert [(each.figure, each.before, each.now) for each in changes[:-1]] == [
        ("p50", 10, 10), ("p95", 10, 1000), ("p99", 1000, 1000), ("rate", 96, 120),
    ]  # fmt: skip


def spread_of_rate(before: Run, now: Run) -> float:
    change = compare(before, now)[3]
    return math.log(change.high / change.low)


def test_what_lasts_for_seconds_leaves_more_doubt_than_what_passes() -> None:
    """However long the windows of the other run are."""
    steady = fixed([20] * 6, seconds=5)
    lasting = ([10] * 50 + [30] * 50) * 6
    passing = np.random.default_rng(1).permutation(lasting).tolist()
    doubts = [spread_of_rate(steady, fixed(one, seconds=0.1)) for one in (lasting, passing)]
    assert doubts[0] > 2 * doubts[1]


def test_four_times_as_long_leaves_half_the_doubt() -> None:
    arrivals = np.random.default_rng(1).poisson(20, 240).tolist()
    steady = fixed([20] * 60)
    short, long = (spread_of_rate(steady, fixed(arrivals[:size])) for size in (60, 240))
    assert 1.5 < short / long < 2.7


def test_the_last_second_counts_as_any_other() -> None:
    steady, usual = fixed([20] * 30), [20] * 29
    ends = [compare(steady, fixed(one))[3] for one in ([0, *usual], [*usual, 0])]
    assert ends[0].low == pytest.approx(ends[1].low, abs=0.02)


def test_errors_that_appear_are_shown() -> None:
    changes = {each.figure: each for each in compare(run(1), run(2, failing=0.05))}
    assert changes["error_share"].shown
    assert changes["error_share"].low > 0


def with_errors(requests: int, failed: int) -> Run:
    counts = Counter({10_000: requests}), Counter({"500 500": requests})
    failures = Counter({"HTTP 500": failed})
    window = Window(latencies=counts[0], answers=counts[1], failures=failures, finished=1)
    return Run(windows=[window], window_seconds=1)


def test_the_interval_of_errors_is_newcombes() -> None:
    """Table II of Newcombe (1998), method 10, examples (a) and (b)."""
    change = compare(with_errors(80, 48), with_errors(70, 56))[-1]
    assert (change.low, change.high) == pytest.approx((0.0524, 0.3339), abs=5e-5)
    change = compare(with_errors(10, 3), with_errors(10, 9))[-1]
    assert (change.low, change.high) == pytest.approx((0.1705, 0.8090), abs=5e-5)
    assert not compare(with_errors(1200, 3), with_errors(1200, 6))[-1].shown


def test_no_errors_on_either_side_are_no_change_but_leave_doubt() -> None:
    change = compare(run(1), run(2))[-1]
    assert (change.before, change.now, change.shown) == (0, 0, False)
    assert change.low < 0 < change.high


@pytest.mark.parametrize(
    ("windows", "seconds", "told"),
    [("windows", "window_seconds", ""), ("slots", "slot_seconds", "an earlier verikit")],
)
def test_a_report_is_read_back_an_old_one_too(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], windows: str, seconds: str, told: str
) -> None:
    path, before = tmp_path / "old.json", run(1, seconds=5)
    path.write_text(json.dumps({windows: [each.plain() for each in before.windows], seconds: 1}))
    assert read_run(path) == before
    assert told in capsys.readouterr().err


def test_a_report_is_not_read_to_the_end_whatever_its_size(tmp_path: Path) -> None:
    path = tmp_path / "vast.json"
    with path.open("w") as file:
        file.truncate(2**28 + 1)
    with pytest.raises(WrongUse, match="is larger than 256 MiB"):
        read_run(path)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"windows": 3, "window_seconds": 1}'])
def test_another_file_is_no_report(tmp_path: Path, text: str) -> None:
    path = tmp_path / "other.json"
    path.write_text(text)
    with pytest.raises(WrongUse, match="is not a report"):
        read_run(path)


@pytest.mark.parametrize(
    ("place", "value"),
    [
        ("window_seconds", 10**400),
        ("window_seconds", 1e308),
        ("window_seconds", 5e-324),
        ("windows", [Window().plain()] * 10_001),
        ("latencies", [[10**400, 1]]),
        ("latencies", [[-1, 1]]),
        ("latencies", [[1, -1]]),
        ("latencies", [[1, 0.5]]),
        ("answers", {"200 1000": -1}),
        ("failures", {"HTTP 500": -1}),
        ("finished", 10**400),
        ("lag", float("nan")),
    ],
    ids=lambda value: str(value)[:20],
)
def test_a_report_of_impossible_counts_is_refused(tmp_path: Path, place: str, value: Any) -> None:
    window = run(1).windows[0].plain()
    report = {"windows": [window], "window_seconds": 1}
    (report if place in report else window)[place] = value
    path = tmp_path / "odd.json"
    path.write_text(json.dumps(report))
    with pytest.raises(WrongUse, match="is not a report"):
        read_run(path)


def test_a_run_without_requests_compares_with_nothing(tmp_path: Path) -> None:
    path = tmp_path / "empty.json"
    path.write_text(json.dumps({"windows": [Window().plain()], "window_seconds": 1}))
    with pytest.raises(WrongUse, match="without requests"):
        read_run(path)
