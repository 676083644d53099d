"""Importing this package registers every mutant."""

from tests.mutation.mutants import (
    comparison,
    crossed,
    encryption,
    faces,
    files,
    forms,
    framing,
    http,
    limits,
    normal,
    parameters,
    readings,
    refusals,
    request_ids,
)
from tests.mutation.registry import MUTANTS

__all__ = [
    "MUTANTS",
    "comparison",
    "crossed",
    "encryption",
    "faces",
    "files",
    "forms",
    "framing",
    "http",
    "limits",
    "normal",
    "parameters",
    "readings",
    "refusals",
    "request_ids",
]
