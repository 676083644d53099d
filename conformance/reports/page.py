"""The HTML report, a self-contained page."""

from __future__ import annotations

import base64
import io
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from pathlib import Path

from PIL import Image

from conformance.case import Case, Requirement
from conformance.judging.verdicts import Level, Result, Verdict
from conformance.reports.causes import causes
from conformance.reports.comparison import Comparison
from conformance.reports.evidence import Evidence
from conformance.reports.summary import GRAVITY, WORDS, requirement_verdicts, sentence
from conformance.requests.photos.files import OWN
from conformance.requests.photos.portraits import draw
from conformance.requests.recipe import Photo
from conformance.run import Run
from verikit.contract import load_contract
from verikit.plural import counted
from verikit.reports import shell
from verikit.reports.shell import Head, Tone

_SIDE = 72
AREAS: Mapping[str, tuple[str, ...]] = {
    "Requests and parameters": ("parameters", "bodies", "http", "methods"),
    "Encryption": ("encryption",),
    "Photos": ("files", "sizes", "rotation"),
    "Faces": ("faces", "quality"),
    "Scores": ("scores", "graded"),
    "Several errors at once": ("crossed", "fuzz"),
    "Concurrency and connections": ("concurrency", "connections"),
    "All responses": ("invariants", "request_ids"),
}
"""Areas of the report, and their groups of cases."""
AREA_OF = {group: title for title, groups in AREAS.items() for group in groups}


@dataclass(frozen=True, kw_only=True)
class CaseRow:
    """A case on the page."""

    case: Case
    result: Result
    level: Level
    proof: Evidence | None
    photos: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Area:
    """The cases of one area."""

    title: str
    rows: Sequence[CaseRow]
    counts: Mapping[Verdict, int]


@dataclass(frozen=True, kw_only=True)
class RequirementRow:
    """A requirement, and the results of its cases."""

    requirement: Requirement
    results: tuple[Result, ...]


def write_page(
    run: Run, proofs: Mapping[str, Evidence], path: Path, since: Comparison | None = None
) -> None:
    """Write the HTML report of a run."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(page(run, proofs, since), encoding="utf-8")


def page(run: Run, proofs: Mapping[str, Evidence], since: Comparison | None = None) -> str:
    """The HTML text; ``since`` is the comparison with an earlier run."""
    rows = {row.case.id: row for row in _cases(run, proofs)}
    return shell.page(
        "conformance.reports",
        "page.html.j2",
        _head(run),
        script=files("conformance.reports").joinpath("page.js").read_text("utf-8"),
        run=run,
        causes=causes(run),
        since=since,
        rows=rows,
        areas=_areas(rows.values()),
        requirements=_requirements(run),
        tones={word.word: word.tone for word in WORDS},
        levels=tuple(Level),
        counts={verdict: run.count(verdict) for verdict in GRAVITY if run.count(verdict)},
    )


def _head(run: Run) -> Head:
    contract = load_contract()
    verdict, _, rest = sentence(run).partition(": ")
    facts = {
        "Server": run.target.url,
        "Contract": f"{contract.document['info']['title']} {contract.version}, "
        f"cases of release {run.release}",
        "Profile": run.profile.name or "none: where the page is silent, nothing is judged",
        "Checked": f"{run.started:%Y-%m-%d %H:%M} UTC, {run.seconds:.1f} s, "
        f"{counted(run.requests, 'request')}, seed {run.seed}",
    }
    if run.self_check:
        facts["Self-check"] = run.self_check
    if run.own_photos:
        facts["Photos"] = (
            "the vendor's own and two public-domain portraits; the vendor's are neither shown "
            "nor stored"
        )
    tone = {0: Tone.GOOD, 1: Tone.BAD}.get(run.exit_code, Tone.OPEN)
    return Head(
        kind="Conformance",
        subject=run.target.url,
        tone=tone,
        verdict=verdict,
        sentence=rest,
        facts=facts,
        legend=WORDS,
        notes=run.target.endpoint.remarks,
    )


def _areas(rows: Iterable[CaseRow]) -> list[Area]:
    """The areas that have cases in this run, in each the worst first."""
    found: defaultdict[str, list[CaseRow]] = defaultdict(list)
    for row in rows:
        found[AREA_OF[row.case.group]].append(row)
    return [
        Area(
            title=title,
            rows=sorted(found[title], key=lambda row: GRAVITY.index(row.result.verdict)),
            counts={
                verdict: number
                for verdict in GRAVITY
                if (number := sum(row.result.verdict is verdict for row in found[title]))
            },
        )
        for title in AREAS
        if found[title]
    ]


def _requirements(run: Run) -> Mapping[str, list[RequirementRow]]:
    """By how they fared, the worst first."""
    cases_of: defaultdict[str, list[Result]] = defaultdict(list)
    for result in run.results:
        for id in run.cases[result.case].requires:
            cases_of[id].append(result)
    found: defaultdict[str, list[RequirementRow]] = defaultdict(list)
    for id, status in requirement_verdicts(run).items():
        row = RequirementRow(requirement=run.requirements[id], results=tuple(cases_of[id]))
        found[status].append(row)
    return {word.word: found[word.word] for word in WORDS if found[word.word]}


def _cases(run: Run, proofs: Mapping[str, Evidence]) -> Iterator[CaseRow]:
    for result in run.results:
        case, proof = run.cases[result.case], proofs.get(result.case)
        shown = proof.finding.exchange.request.photos if proof and proof.finding.exchange else ()
        yield CaseRow(
            case=case,
            result=result,
            level=run.requirements[case.requires[0]].level,
            proof=proof,
            photos=tuple(filter(None, map(thumbnail, shown))),
        )


@lru_cache(maxsize=512)
def thumbnail(photo: Photo) -> str:
    """A small picture as a data URI; empty for a vendor's photo or a file that is no picture."""
    if photo.of.startswith(OWN) or photo.content != "image":
        return ""
    picture = draw(photo)
    picture.thumbnail((_SIDE, _SIDE), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=70)
    return f"data:image/jpeg;base64,{base64.b64encode(buffer.getvalue()).decode()}"
