"""Importing this package registers every mutant."""

from tests.mutation.mutants import (
    clients,
    comparison,
    crossed,
    encryption,
    faces,
    files,
    forms,
    framing,
    http,
    left_over,
    limits,
    normal,
    parameters,
    readings,
    refusals,
    request_ids,
)
from tests.mutation.registry import MUTANTS

from tests.mutation.mutants import conditional  # isort: skip  (made of the others)

__all__ = [
    "MUTANTS",
    "clients",
    "comparison",
    "conditional",
    "crossed",
    "encryption",
    "faces",
    "files",
    "forms",
    "framing",
    "http",
    "left_over",
    "limits",
    "normal",
    "parameters",
    "readings",
    "refusals",
    "request_ids",
]
