"""openapi.yaml as tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from verikit.contract import Contract


@dataclass(frozen=True, kw_only=True)
class Row:
    """A name, what kind of thing it is, and what the contract says about it."""

    name: str
    kind: str
    description: str
    required: bool = False


def tables(contract: Contract) -> dict[str, list[Row]]:
    """Every table of the contract by its name."""
    operation = contract.document["paths"][contract.path][contract.method.lower()]
    return {
        "request": list(_fields(contract, "VerificationRequest")),
        "result": list(_fields(contract, "VerificationResult")),
        "abnormal": list(_fields(contract, "AbnormalResponse")),
        "codes": [
            Row(
                name=str(entry.code),
                kind=f"{entry.message}, with HTTP {entry.status}",
                description=entry.description,
            )
            for entry in sorted(contract.codes.values(), key=lambda entry: entry.code)
        ],
        "statuses": [
            Row(name=name, kind=entry.get("x-reason", "OK"), description=entry["description"])
            for name, entry in operation["responses"].items()
        ],
    }


def _fields(contract: Contract, schema: str) -> Iterator[Row]:
    form = contract.document["components"]["schemas"][schema]
    for name, entry in form["properties"].items():
        whole = _resolved(contract, entry)
        yield Row(
            name=name,
            kind=_kind(whole),
            description=whole["description"],
            required=name in form["required"] and schema == "VerificationRequest",
        )


def _resolved(contract: Contract, entry: Mapping[str, Any]) -> dict[str, Any]:
    """An entry with what it refers to; its own words win."""
    if "$ref" not in entry:
        return dict(entry)
    name = entry["$ref"].rpartition("/")[2]
    return {**contract.document["components"]["schemas"][name], **entry}


def _kind(entry: Mapping[str, Any]) -> str:
    if "const" in entry:
        return str(entry["const"])
    if "minimum" in entry:
        return f"{entry['type']}, {entry['minimum']} to {entry['maximum']}"
    if "default" in entry:
        return f"{entry['type']}, default {str(entry['default']).lower()}"
    return str(entry["type"])
