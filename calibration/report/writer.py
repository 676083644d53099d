"""Writes the report: report.html, report.json, report.csv and look.csv in one folder."""

from __future__ import annotations

import base64
import csv
import io
import json
import math
from collections.abc import Callable
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any

from PIL import Image, ImageOps

from calibration.adjudication import write_look
from calibration.combining import Combined
from calibration.evaluation import Evaluation
from calibration.files import writing
from calibration.judging.by_group import matrix
from calibration.judging.findings import Findings, Listed
from calibration.report import numbers, words
from calibration.sources.degradations import EVERY
from calibration.sources.photos import FORMATS, Photos
from calibration.statistics.dependence import LEAST_PEOPLE
from calibration.statistics.det import overlap
from calibration.statistics.verdicts import Verdict
from verikit.contract import Contract
from verikit.errors import WrongUse
from verikit.reports import shell
from verikit.reports.shell import Head, Tone, Word

_VERDICTS = {
    Verdict.PASS: Word(
        word="PASS", tone=Tone.GOOD,
        meaning="The rate is shown to be at most {tolerance} times the claim, or at most a limit.",
    ),
    Verdict.FAIL: Word(
        word="FAIL", tone=Tone.BAD, meaning="The rate is shown to be above the claim or limit."
    ),
    Verdict.INCONCLUSIVE: Word(
        word="INCONCLUSIVE", tone=Tone.OPEN,
        meaning="The evidence shows neither, which is neither good nor bad.",
    ),
}  # fmt: skip
_FILTERS = {
    name: getattr(module, name)
    for module, names in (
        (words, ("more_needed", "people", "apart", "required_more")),
        (
            numbers,
            (
                *("rate", "beside", "one_in", "one_in_between", "percent_between", "about"),
                *("measured_as_required", "ratio_between", "difference_between"),
                *("factor_between", "share_of", "latency"),
            ),
        ),
    )
    for name in names
}
_SHOWN = 24
_SIDE = 96


def write(
    folder: Path,
    findings: Findings,
    evaluation: Evaluation,
    contract: Contract,
    *,
    thumbnails: bool,
) -> Path:
    """Write the report's files; the path of the page.

    Only their owner can read them. ``thumbnails``: the page contains photos.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with writing(folder / "report.json") as file:
        file.write(as_json(findings, evaluation).encode())
    with writing(folder / "report.csv") as file:
        file.write(_as_csv(findings).encode())
    if findings.review is None:
        write_look(folder / "look.csv", evaluation.measurement)
    page = folder / "report.html"
    photos = evaluation.photos if thumbnails else None
    with writing(page) as file:
        file.write(_page(findings, evaluation, contract, photos).encode())
    return page


def as_json(findings: Findings, evaluation: Evaluation) -> str:
    """The findings and their provenance; a rate that was not measured is null."""
    document = {
        "title": evaluation.title,
        "axis": evaluation.axis,
        **_plain(findings),
        "provenance": _plain(dict(evaluation.provenance)),
    }
    return json.dumps(document, indent=2) + "\n"


def combined_as_json(combined: Combined) -> str:
    """The result of several runs together."""
    return json.dumps(_plain(combined), indent=2) + "\n"


def _as_csv(findings: Findings) -> str:
    """One line for each row of the documented table."""
    lines = [_flat(_plain(row)) for row in findings.rows]
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=list(dict.fromkeys(k for ln in lines for k in ln)))
    writer.writeheader()
    writer.writerows(lines)
    return text.getvalue()


def _page(
    findings: Findings, evaluation: Evaluation, contract: Contract, photos: Photos | None
) -> str:
    return shell.page(
        "calibration.report",
        "page.html.j2",
        _head(findings, evaluation),
        filters=_FILTERS,
        findings=findings,
        same_group=words.of_same_group(findings),
        alike=words.look_alikes(findings),
        evaluation=evaluation,
        summary=_summary(findings),
        answered=words.answered(findings),
        causes=words.causes(findings),
        interval=words.interval_of(findings),
        levels=words.levels(findings),
        refusals=evaluation.measurement.tells_refusals,
        tones={verdict: word.tone for verdict, word in _VERDICTS.items()},
        plots=_plots(findings, evaluation),
        settings=len(EVERY),
        uncompared=words.uncompared,
        worst_photos=words.worst_photos(findings),
        claim_ends=words.where_the_claim_ends(findings.degraded),
        groups_are=words.groups_are(findings),
        clusters=words.clusters(findings),
        group_matrix=matrix(findings.groups),
        least_people=LEAST_PEOPLE,
        highest=_with_photos(findings.highest_non_mated, photos),
        lowest=_with_photos(findings.lowest_mated, photos),
        codes={entry.code: entry.message for entry in contract.codes.values()},
    )


def _head(findings: Findings, evaluation: Evaluation) -> Head:
    tolerance = f"{findings.rule.tolerance:g}"
    shown = findings.supports_rates
    failing = words.failing_groups(findings) if shown else ""
    differing = words.differing_groups(findings) if shown else ""
    sentence = words.decision(findings) if shown else _summary(findings)
    return Head(
        kind="Calibration",
        subject=f"{evaluation.title}, judged against {evaluation.claims.title}"
        f"{', impostors of the same group' if words.of_same_group(findings) else ''}",
        tone=_VERDICTS[findings.verdict].tone,
        verdict=f"{findings.verdict} overall" if failing else findings.verdict,
        sentence=" ".join(part for part in (failing, differing, sentence) if part),
        facts=evaluation.provenance,
        legend=[
            replace(word, meaning=word.meaning.format(tolerance=tolerance))
            for word in _VERDICTS.values()
        ],
        notes=[remark for remark in findings.remarks if remark not in _summary(findings)],
    )


def _summary(findings: Findings) -> str:
    return words.required_summary(findings) if findings.required else words.summary(findings)


def _plots(findings: Findings, evaluation: Evaluation) -> dict[str, str | None]:
    """Only those that there is something to draw for."""
    if not findings.supports_rates:
        return {}
    from calibration.report import plots  # noqa: PLC0415 - Matplotlib is slow to import

    non_mated, mated = evaluation.measurement.kinds
    at_random = not words.look_alikes(findings)
    wanted: dict[str, tuple[Any, Callable[[], str]]] = {
        "claimed": (
            non_mated.histogram.n,
            lambda: plots.claimed_against_measured(findings, evaluation),
        ),
        "det": (
            at_random and overlap(non_mated.histogram, mated.histogram),
            lambda: plots.detection_error_tradeoff(findings, evaluation),
        ),
        "histograms": (
            at_random and non_mated.histogram.n,
            lambda: plots.score_histograms(findings, evaluation),
        ),
        "trace": (
            at_random and evaluation.in_random_order and non_mated.trace.moments,
            lambda: plots.sequential_trace(findings, evaluation),
        ),
        "tail": (findings.tail, lambda: plots.tail_fit(findings, evaluation)),
        "degraded": (findings.degraded, lambda: plots.degraded(findings)),
        "rejected": (
            findings.quality and findings.quality.n,
            lambda: plots.error_against_reject(findings),
        ),
        "groups": (findings.groups, lambda: plots.groups(findings, findings.operating)),
    }
    return {name: draw() if there else None for name, (there, draw) in wanted.items()}


def _with_photos(listed: list[Listed], photos: Photos | None) -> list[dict[str, Any]]:
    return [
        {"pair": pair, "photos": [_thumbnail(photos, name) for name in (pair.first, pair.second)]}
        for pair in listed[:_SHOWN]
    ]


def _thumbnail(photos: Photos | None, name: str) -> str | None:
    """The photo, small; None where it is wanted by nobody, is not there or is no image."""
    if photos is None:
        return None
    buffer = io.BytesIO()
    try:
        with Image.open(io.BytesIO(photos.read(name)), formats=FORMATS) as picture:
            ImageOps.fit(picture.convert("RGB"), (_SIDE, _SIDE)).save(buffer, "JPEG", quality=70)
    except (WrongUse, OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None
    return "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode()


def _plain(value: Any) -> Any:
    """Dataclasses as dictionaries; without NaN and infinity, which JSON does not know."""
    if is_dataclass(value):
        value = {field.name: getattr(value, field.name) for field in fields(value)}
    if isinstance(value, dict):
        return {str(key): _plain(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(entry) for entry in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _flat(value: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, entry in value.items():
        if isinstance(entry, dict):
            flat |= _flat(entry, f"{prefix}{name}_")
        else:
            flat[prefix + name] = entry
    return flat
