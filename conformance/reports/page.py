"""One HTML page that holds everything it needs, and can be mailed or put on a shelf."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import jinja2
from PIL import Image

from conformance.case import Case, Requirement
from conformance.judging.verdicts import Level, Result, Verdict
from conformance.reports.badge import badge
from conformance.reports.evidence import Evidence
from conformance.reports.summary import GRAVITY, requirement_verdicts, sentence
from conformance.requests.photos.files import OWN
from conformance.requests.photos.portraits import draw
from conformance.requests.recipe import Photo
from conformance.run import Run
from verikit.contract import load_contract

_SIDE = 72


@dataclass(frozen=True, kw_only=True)
class CaseRow:
    """A case as the page shows it."""

    case: Case
    result: Result
    level: Level
    proof: Evidence | None
    photos: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class RequirementRow:
    """A requirement, and the results of its cases."""

    requirement: Requirement
    verdict: Verdict
    results: tuple[Result, ...]


def write_page(run: Run, proofs: Mapping[str, Evidence], path: Path) -> None:
    """The report of a run."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(page(run, proofs), encoding="utf-8")


def page(run: Run, proofs: Mapping[str, Evidence]) -> str:
    """The page's text."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("conformance", "reports"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    return environment.get_template("page.html").render(
        run=run,
        contract=load_contract(),
        sentence=sentence(run),
        badge=badge(run),
        verdicts=GRAVITY,
        levels=tuple(Level),
        counts={verdict: run.count(verdict) for verdict in GRAVITY if run.count(verdict)},
        requirements=_requirements(run),
        cases=sorted(_cases(run, proofs), key=lambda row: GRAVITY.index(row.result.verdict)),
    )


def _requirements(run: Run) -> list[RequirementRow]:
    verdicts = requirement_verdicts(run)
    return [
        RequirementRow(
            requirement=requirement,
            verdict=verdicts[requirement.id],
            results=tuple(r for r in run.results if requirement.id in run.cases[r.case].requires),
        )
        for requirement in run.requirements.values()
    ]


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
    """A small picture as a data URI; empty for a vendor's photo and for what is no picture."""
    if photo.of.startswith(OWN) or photo.content != "image":
        return ""
    picture = draw(photo)
    picture.thumbnail((_SIDE, _SIDE), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=70)
    return f"data:image/jpeg;base64,{base64.b64encode(buffer.getvalue()).decode()}"
