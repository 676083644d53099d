"""The command: an index of the runs in a folder, with trends by server."""

from __future__ import annotations

import os
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import click

from verikit.commands.reports.runs import Run, find
from verikit.errors import WrongUse
from verikit.reports import shell
from verikit.reports.shell import Head, Tone

_WIDTH, _HEIGHT, _EDGE = 160, 36, 4
_NAMED = 3


@dataclass(frozen=True, kw_only=True)
class Trend:
    """A figure over the runs of a series: its values, and the points of a line."""

    name: str
    values: Sequence[float]

    @property
    def points(self) -> list[tuple[float, float]]:
        """The line within 160 x 36, from 0 up; the first run is on the left."""
        top = max(self.values) or 1.0
        step = (_WIDTH - 2 * _EDGE) / max(len(self.values) - 1, 1)
        height = _HEIGHT - 2 * _EDGE
        return [
            (round(_EDGE + place * step, 1), round(_HEIGHT - _EDGE - value / top * height, 1))
            for place, value in enumerate(self.values)
        ]

    @property
    def text(self) -> str:
        """The last values in words."""
        return f"{self.name}: " + ", ".join(f"{value:,.4g}" for value in self.values[-12:])


@dataclass(frozen=True, kw_only=True)
class Series:
    """The runs of one kind, subject and setting, the oldest first."""

    runs: Sequence[Run]

    @property
    def latest(self) -> Run:
        """The last one."""
        return self.runs[-1]

    @property
    def trends(self) -> list[Trend]:
        """A trend for each figure of the last run; runs without the figure are left out."""
        found = [
            Trend(name=name, values=[run.figures[name] for run in self.runs if name in run.figures])
            for name in self.latest.figures
        ]
        return [trend for trend in found if len(trend.values) > 1]


@click.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The page to write.  [default: FOLDER/index.html]",
)
def reports(folder: Path, out: Path | None) -> None:
    """Write an index of the runs in FOLDER, with results and trends.

    It reads the JSON reports of check, calibrate and load, and links the HTML reports with the
    same names.

    \b
    Example:
      verikit check URL --json runs/monday.jsonl --html runs/monday.html
      verikit load URL --json runs/load-monday.json --html runs/load-monday.html
      verikit calibrate URL --data people/ --out runs/rates-monday
      verikit reports runs
    """
    runs, others = find(folder)
    if others:
        names = ", ".join(str(path) for path in others[:_NAMED])
        more = f" and {len(others) - _NAMED} more" if len(others) > _NAMED else ""
        click.echo(f"Skipped, not a report of a run: {names}{more}", err=True)
    if not runs:
        raise WrongUse(
            f"{folder} contains no run: `check --json`, `load --json` and `calibrate` write them"
        )
    page = out or folder / "index.html"
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text(index(runs, page.parent), encoding="utf-8")
    click.echo(f"Index of {len(runs)} run{'' if len(runs) == 1 else 's'}: {page}")


def index(runs: Sequence[Run], beside: Path) -> str:
    """The page's text, its links from the folder in which it will be."""
    by_name: defaultdict[tuple[str, str, str], list[Run]] = defaultdict(list)
    for run in runs:
        by_name[run.kind, run.subject, run.setting].append(run)
    series = [Series(runs=of) for of in by_name.values()]
    return shell.page(
        "verikit.commands",
        "reports/index.html.j2",
        _head(series, runs),
        filters={"link": lambda page: quote(os.path.relpath(page, beside))},
        series=sorted(series, key=lambda one: one.latest.tone is not Tone.BAD),
        width=_WIDTH,
        height=_HEIGHT,
    )


def _head(series: Sequence[Series], runs: Sequence[Run]) -> Head:
    latest = Counter(one.latest.tone for one in series)
    tone = next(tone for tone in (Tone.BAD, Tone.OPEN, Tone.GOOD) if latest[tone])
    verdict = {Tone.BAD: "failed", Tone.OPEN: "incomplete", Tone.GOOD: "passed"}[tone]
    return Head(
        kind="Runs",
        subject=f"{runs[0].when:%Y-%m-%d} to {runs[-1].when:%Y-%m-%d}",
        tone=tone,
        verdict=f"{latest[tone]} of {len(series)} {verdict}",
        sentence=f"What the latest run of each came to, of {len(runs)} in all",
        facts={
            "Dates": "from the reports; of a calibration and of a run without end, its file's",
        },
    )
