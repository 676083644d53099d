from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

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


def test_errors_that_appear_are_shown() -> None:
    changes = {each.figure: each for each in compare(run(1), run(2, failing=0.05))}
    assert changes["error_share"].shown
    assert changes["error_share"].low > 0


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


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"windows": 3, "window_seconds": 1}'])
def test_another_file_is_no_report(tmp_path: Path, text: str) -> None:
    path = tmp_path / "other.json"
    path.write_text(text)
    with pytest.raises(WrongUse, match="is not a report"):
        read_run(path)


def test_a_run_without_requests_compares_with_nothing(tmp_path: Path) -> None:
    path = tmp_path / "empty.json"
    path.write_text(json.dumps({"windows": [Window().plain()], "window_seconds": 1}))
    with pytest.raises(WrongUse, match="without requests"):
        read_run(path)
