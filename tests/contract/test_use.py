"""Nothing in the contract is there for nobody."""

import ast
import dataclasses
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from verikit.contract import Contract, load_contract, values

ROOT = Path(__file__).parents[2]
OURS = re.compile("/x-(?!www)")
READERS = ("reference_server", "conformance", "loadtests", "verikit")
KINDS = (
    Contract,
    values.Parameter,
    values.SystemCode,
    values.HttpStatus,
    values.Encryption,
    values.ErrorRates,
    values.PhotoStandards,
)


class Watched(dict[str, Any]):
    """A mapping that remembers which of its keys were read."""

    def __init__(self, entries: dict[str, Any]) -> None:
        super().__init__({key: watched(entry) for key, entry in entries.items()})
        self.read: set[str] = set()

    def __getitem__(self, key: str) -> Any:
        self.read.add(key)
        return super().__getitem__(key)

    def get(self, key: str, default: Any = None) -> Any:
        self.read.add(key)
        return super().get(key, default)


def watched(entry: Any) -> Any:
    if isinstance(entry, dict):
        return Watched(entry)
    return [watched(item) for item in entry] if isinstance(entry, list) else entry


def unread(entry: Any, where: str = "") -> Iterator[str]:
    """Our own keys (x-... and all below them) that nobody has read, as JSON pointers."""
    items = enumerate(entry) if isinstance(entry, list) else entry.items()
    for key, value in items:
        place = f"{where}/{key}"
        ours = OURS.search(place) and not place.endswith(("/x-heading", "/heading", "/description"))
        if ours and isinstance(entry, Watched) and key not in entry.read:
            yield place
        elif isinstance(value, dict | list):
            yield from unread(value, place)


def test_every_extension_of_the_document_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    document = watched(yaml.safe_load(load_contract().source.read_text()))
    monkeypatch.setattr(yaml, "load", lambda *_: document)
    load_contract.__wrapped__()
    assert list(unread(document)) == []


@cache
def attributes_read() -> set[str]:
    files = [file for part in READERS for file in (ROOT / part).rglob("*.py")]
    nodes = [node for file in files for node in ast.walk(ast.parse(file.read_text()))]
    return {node.attr for node in nodes if isinstance(node, ast.Attribute)}


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_value_is_used_by_somebody(kind: Any) -> None:
    assert {field.name for field in dataclasses.fields(kind)} - attributes_read() == set()
