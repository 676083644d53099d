"""verikit reports: an index over what check, calibrate and load leave."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from conformance.mock.faults import FAULTS
from conformance.mock.server import serving
from verikit.cli import main
from verikit.commands.reports.cli import Trend
from verikit.commands.reports.runs import find
from verikit.reports.shell import Tone

LOAD = {
    "url": "http://a", "ended": "2026-01-02T03:04:05+00:00", "profile": {"name": "smoke"},
    "trouble": None, "exit_code": 1, "knee": None,
    "measures": {"rate": 5.5, "latency_ms": {"p95": 12.0}},
    "gates": [{"gate": "p95_ms", "kept": False}],
}  # fmt: skip


def call(*words: str) -> Any:
    return CliRunner().invoke(main, list(words))


def write(path: Path, **changes: Any) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(LOAD | changes))


def test_runs_of_check_are_told_with_their_trend(tmp_path: Path) -> None:
    for name, fault in (("1", "second-photo-ignored"), ("2", "")):
        judge = FAULTS[fault].judge if fault else None
        with serving(judge) if judge else serving() as url:
            words = ("-k", "second-key-wrong", "--json", f"{tmp_path}/{name}.jsonl")
            call("check", url, *words, "--html", f"{tmp_path}/{name} é.html")
    (tmp_path / "1.html").write_text("x")
    runs, others = find(tmp_path)
    assert [(run.verdict, run.figures["failed"]) for run in runs] == [("Failed", 1), ("Passed", 0)]
    assert others == []
    done = call("reports", str(tmp_path))
    assert done.output == f"Index of 2 runs: {tmp_path}/index.html\n"
    assert 'href="1.html"' in (tmp_path / "index.html").read_text()


def test_a_calibration_is_read(tmp_path: Path) -> None:
    scores = ["first,second,score,mated", *(f"{n},{n + 1},0.{n % 40:02},false" for n in range(400))]
    (tmp_path / "scores.csv").write_text("\n".join(scores))
    call("calibrate", str(tmp_path / "scores.csv"), "--out", str(tmp_path / "rates"))
    (run,), _ = find(tmp_path)
    assert (run.kind, run.tone, run.page) == (
        "Calibration",
        Tone.OPEN,
        tmp_path / "rates/report.html",
    )


def test_runs_of_one_profile_make_a_line_and_the_latest_counts(tmp_path: Path) -> None:
    write(tmp_path / "new.json", ended="2026-01-03T03:04:05+00:00", exit_code=0, gates=[])
    write(tmp_path / "old.json")
    call("reports", str(tmp_path), "--out", str(tmp_path / "pages/all.html"))
    page = (tmp_path / "pages/all.html").read_text()
    assert "1 of 1 passed" in page
    assert 'aria-label="p95 ms: 12, 12"' in page
    assert 'href="../new.json"' in page


def test_a_search_tells_its_knee_and_what_is_vast_is_none(tmp_path: Path) -> None:
    write(tmp_path / "run.json", knee=40.0)
    (tmp_path / "folder.json").mkdir()
    (tmp_path / "note.json5").write_text("")
    with (tmp_path / "vast.json").open("w") as file:
        file.truncate(2**28 + 1)
    (run,), others = find(tmp_path)
    assert run.figures["knee/s"] == 40
    assert [path.name for path in others] == ["vast.json"]


@pytest.mark.parametrize("figure", [10**400, 1e308 * 10, float("nan")], ids=["huge", "inf", "nan"])
def test_a_figure_that_no_page_can_draw_makes_no_report(tmp_path: Path, figure: float) -> None:
    write(tmp_path / "run.json", knee=figure)
    assert find(tmp_path) == ([], [tmp_path / "run.json"])


def test_a_claim_of_no_errors_at_all_makes_no_report(tmp_path: Path) -> None:
    row = {"judged": True, "fmr": 0.1, "claimed": 0}
    report = {"title": "x", "verdict": "FAIL", "rows": [row], "non_mated": 1, "mated": 1}
    (tmp_path / "run.json").write_text(json.dumps(report))
    assert find(tmp_path) == ([], [tmp_path / "run.json"])


def test_what_is_no_report_is_named_and_passed_over(tmp_path: Path) -> None:
    write(tmp_path / "run.json", url="http://<script>x\x1b[2J")
    for name, text in {
        "a.json": "[]", "b.json": "{", "c.jsonl": "", "d.json": '{"title": 1, "verdict": "ODD", '
        '"rows": [], "non_mated": 0}', "e.jsonl": '{"kind": "header"}', "f.json": "[" * 100_000,
        "g.json": "\xff",
    }.items():  # fmt: skip
        (tmp_path / name).write_text(text, encoding="latin-1")
    done = call("reports", str(tmp_path))
    assert "Skipped, not a report of a run: " in done.stderr
    assert done.stderr.strip().endswith("and 4 more")
    page = (tmp_path / "index.html").read_text()
    assert "<script" not in page
    assert "\x1b" not in page


def test_a_folder_without_runs_is_wrong_use(tmp_path: Path) -> None:
    done = call("reports", str(tmp_path))
    assert (done.exit_code, "contains no run" in done.stderr) == (2, True)


@pytest.mark.parametrize("values", [(0, 0), (3, 1, 2), (1e9, 0.1)])
def test_a_line_stays_within_its_picture(values: tuple[float, ...]) -> None:
    points = Trend(name="x", values=values).points
    assert all(0 <= x <= 160 and 0 <= y <= 36 for x, y in points)
    assert [x for x, _ in points] == sorted(x for x, _ in points)
