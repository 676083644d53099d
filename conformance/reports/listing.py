"""Lists all requirements and their cases, as text or JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.console import Group
from rich.text import Text

from conformance.case import Case
from conformance.catalogue import Catalogue
from verikit.plural import counted


def as_data(catalogue: Catalogue, cases: Sequence[Case]) -> dict[str, Any]:
    """All requirements and cases as plain values for JSON."""
    return {
        "release": catalogue.release,
        "requirements": [
            {
                "id": requirement.id,
                "since": requirement.since,
                "level": str(requirement.level),
                "heading": requirement.heading,
                "text": requirement.text,
                "covers": requirement.covers,
                "untestable": requirement.untestable or None,
                "cases": [case.id for case in cases if requirement.id in case.requires],
            }
            for requirement in catalogue.requirements.values()
        ],
        "cases": [
            {
                "id": case.id,
                "since": case.since,
                "title": case.title,
                "group": case.group,
                "requires": case.requires,
                "needs": case.needs,
            }
            for case in cases
        ],
    }


def as_text(catalogue: Catalogue, cases: Sequence[Case]) -> Group:
    """Requirements in the page's order, each with its cases."""
    parts: list[Text] = []
    for requirement in catalogue.requirements.values():
        parts.append(Text.assemble((f"{requirement.level} {requirement.id}", "bold")))
        parts.append(Text(f"  {requirement.text}"))
        if requirement.untestable:
            parts.append(Text(f"  untestable: {requirement.untestable}", "yellow"))
        of = [case for case in cases if requirement.id in case.requires]
        parts += [Text(f"    {case.id:38} {case.title}", "dim") for case in of]
    kinds = (counted(len(catalogue.requirements), "requirement"), counted(len(cases), "case"))
    return Group(*parts, Text(f"\n{', '.join(kinds)}, release {catalogue.release}"))
