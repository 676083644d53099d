"""Reads the JSON reports of earlier runs in a folder."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from verikit.foreign_files import LARGEST_DATA, MALFORMED, read_text
from verikit.foreign_text import shown
from verikit.reports.shell import Tone

_TONES = {0: Tone.GOOD, 1: Tone.BAD}
_CALIBRATED = {"PASS": Tone.GOOD, "FAIL": Tone.BAD, "INCONCLUSIVE": Tone.OPEN}
_WORDS = {Tone.GOOD: "Passed", Tone.BAD: "Failed", Tone.OPEN: "Incomplete"}


@dataclass(frozen=True, kw_only=True)
class Run:
    """One run. ``figures`` are what a trend can be drawn of; ``page`` is its HTML report."""

    kind: str
    subject: str
    setting: str
    when: datetime
    tone: Tone
    sentence: str
    figures: Mapping[str, float]
    place: Path
    page: Path | None

    @property
    def verdict(self) -> str:
        """Its verdict, in the words of all kinds."""
        return _WORDS[self.tone]


def find(folder: Path) -> tuple[list[Run], list[Path]]:
    """The runs in a folder and below it, the oldest first; and the JSON files that are none."""
    runs, others = [], []
    for path in sorted(folder.rglob("*.json*")):
        if path.suffix not in (".json", ".jsonl") or not path.is_file():
            continue
        run = _read(path)
        if run:
            runs.append(run)
        else:
            others.append(path)
    return sorted(runs, key=lambda run: run.when), others


def _read(path: Path) -> Run | None:
    """The run of a report; None for a file that is none, or one too large to be one."""
    try:
        first, last = _ends(path)
        run = _run(path, first, last)
        return run if run and all(map(math.isfinite, run.figures.values())) else None
    except (OSError, *MALFORMED):
        return None


def _ends(path: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """The first and the last object of a file of lines; of one object, twice that."""
    text = read_text(path, LARGEST_DATA)
    if path.suffix == ".json":
        return (document := json.loads(text)), document
    lines = text.splitlines()
    return json.loads(lines[0]), json.loads(lines[-1])


def _run(path: Path, first: dict[str, Any], last: dict[str, Any]) -> Run | None:
    for known, read in _KINDS.items():
        if known <= first.keys():
            return read(path, first, last)
    return None


def _check(path: Path, first: dict[str, Any], last: dict[str, Any]) -> Run:
    ended = last["kind"] == "footer"
    counts = last["counts"] if ended else {}
    return Run(
        kind="Conformance",
        subject=shown(str(first["url"])),
        setting=shown(f"profile {first['profile'] or 'none'}, release {first['release']}"),
        when=_time(last["started"]) if ended else _time_of(path),
        tone=_TONES.get(last["exit_code"], Tone.OPEN) if ended else Tone.OPEN,
        sentence=_sentence(last["sentence"]) if ended else "The run did not come to its end.",
        figures={name: float(counts[name]) for name in ("failed", "warning") if name in counts},
        place=path,
        page=_page(path),
    )


def _calibration(path: Path, first: dict[str, Any], _: dict[str, Any]) -> Run:
    judged = [row for row in first["rows"] if row["judged"] and row["fmr"] is not None]
    ratios = [row["fmr"] / row["claimed"] for row in judged]
    return Run(
        kind="Calibration",
        subject=shown(str(first["title"])),
        setting=f"{len(first['rows'])} thresholds",
        when=_time_of(path),
        tone=_CALIBRATED[first["verdict"]],
        sentence=f"{first['verdict']}: {first['non_mated']:,} non-mated and "
        f"{first['mated']:,} mated comparisons.",
        figures={"highest FMR over its claim": max(ratios)} if ratios else {},
        place=path,
        page=_page(path),
    )


def _load(path: Path, first: dict[str, Any], _: dict[str, Any]) -> Run:
    measures = first["measures"]
    broken = [gate["gate"] for gate in first["gates"] if not gate["kept"]]
    figures = {"correct responses/s": measures["rate"], "p95 ms": measures["latency_ms"].get("p95")}
    if first["knee"]:
        figures["knee/s"] = first["knee"]
    sentence = f"{', '.join(broken)} broken." if broken else str(first["trouble"] or "Gates kept.")
    return Run(
        kind="Load test",
        subject=shown(str(first["url"])),
        setting=shown(f"profile {first['profile']['name']}"),
        when=_time(first["ended"]),
        tone=_TONES.get(first["exit_code"], Tone.OPEN),
        sentence=shown(sentence),
        figures={name: float(value) for name, value in figures.items() if value is not None},
        place=path,
        page=_page(path),
    )


_KINDS: dict[frozenset[str], Callable[[Path, dict[str, Any], dict[str, Any]], Run]] = {
    frozenset({"kind", "url", "release", "cases"}): _check,
    frozenset({"title", "verdict", "rows", "non_mated"}): _calibration,
    frozenset({"url", "measures", "gates", "profile"}): _load,
}
"""By what a report of this kind has at its top."""


def _sentence(text: str) -> str:
    """Without the verdict before it."""
    return shown(text.partition(": ")[2] or text)


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def _time_of(path: Path) -> datetime:
    return datetime.fromtimestamp(path.stat().st_mtime, UTC)


def _page(path: Path) -> Path | None:
    """The HTML report beside it, of the same name."""
    page = path.with_suffix(".html")
    return page if page.is_file() else None
