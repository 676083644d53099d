"""What is told of a run: one screen, and JSON."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from rich.console import Console
from rich.table import Column, Table

from tests.hostile.outcome import MOST_BYTES, MOST_SECONDS, MOST_TIMES, Outcome, Run
from tests.hostile.watch import MEGABYTE

FINDINGS_SHOWN = 15


def tell(run: Run, console: Console) -> None:
    """A table by family, the worst of all, and the first findings."""
    table = Table("family", *map(_number, ("bodies", "MB sent", "slowest s", "most MB more")))
    table.add_column("codes")
    for family in dict.fromkeys(one.family for one in run.outcomes):
        table.add_row(*_row(family, [one for one in run.outcomes if one.family == family]))
    table.add_section()
    table.add_row(*_row("all", run.outcomes))
    console.print(table)
    console.print(
        f"{len(run.outcomes)} of {run.asked} bodies in {run.seconds:.0f} s (seed {run.seed}); a "
        f"worker has {run.level_bytes / MEGABYTE:.0f} MB, in the end "
        f"{run.kept_bytes / MEGABYTE:+.0f} MB; {sum(one.alone for one in run.outcomes)} bodies "
        f"were asked again alone (limits: {MOST_SECONDS:.0f} s or {MOST_TIMES} ordinary "
        f"comparisons, {MOST_BYTES / MEGABYTE:.0f} MB)."
    )
    if not run.complete:
        console.print(
            f"Interrupted: {run.undecided} slow or large ones were not asked again alone."
        )
    console.print(f"{len(run.findings)} findings.", style="red" if run.findings else "green")
    for finding in run.findings[:FINDINGS_SHOWN]:
        whose = "" if finding.number is None else f"{finding.number} ({finding.kind}): "
        console.print(f"- {whose}{finding.what}", markup=False)
    if len(run.findings) > FINDINGS_SHOWN:
        console.print(f"- and {len(run.findings) - FINDINGS_SHOWN} more (--json FILE has them all)")


def _number(name: str) -> Column:
    return Column(name, justify="right")


def _row(name: str, outcomes: list[Outcome]) -> tuple[str, ...]:
    codes = Counter(code for one in outcomes for code in one.codes)
    return (
        name,
        str(len(outcomes)),
        f"{sum(one.sent_bytes for one in outcomes) / MEGABYTE:.0f}",
        f"{_most(one.seconds for one in outcomes):.2f}",
        f"{_most(one.more_bytes for one in outcomes) / MEGABYTE:.0f}",
        "  ".join(f"{code}: {times}" for code, times in codes.most_common()),
    )


def _most(figures: Iterable[float]) -> float:
    return max(figures, default=0)


def as_json(run: Run) -> str:
    """Everything, by kind and not only by family, with each finding."""
    kinds = {
        kind: _figures([one for one in run.outcomes if one.kind == kind])
        for kind in sorted({one.kind for one in run.outcomes})
    }
    content = {
        "seed": run.seed,
        "complete": run.complete,
        "bodies": len(run.outcomes),
        "undecided": run.undecided,
        "seconds": round(run.seconds, 1),
        "level_bytes": run.level_bytes,
        "kept_bytes": run.kept_bytes,
        "all": _figures(run.outcomes),
        "kinds": kinds,
        "findings": [asdict(finding) for finding in run.findings],
    }
    return json.dumps(content, indent=2)


def _figures(outcomes: list[Outcome]) -> dict[str, Any]:
    slowest = max(outcomes, key=lambda one: one.seconds, default=None)
    largest = max(outcomes, key=lambda one: one.more_bytes, default=None)
    return {
        "bodies": len(outcomes),
        "seconds": round(sum(one.seconds for one in outcomes), 2),
        "codes": Counter(str(code) for one in outcomes for code in one.codes),
        "slowest": slowest and {"number": slowest.number, "seconds": round(slowest.seconds, 3)},
        "largest": largest and {"number": largest.number, "more_bytes": largest.more_bytes},
    }
