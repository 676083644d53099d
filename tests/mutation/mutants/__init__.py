"""Importing this package registers every mutant."""

from tests.mutation.mutants import (
    comparison,
    encryption,
    faces,
    files,
    forms,
    framing,
    http,
    limits,
    normal,
    parameters,
    refusals,
    request_ids,
)
from tests.mutation.registry import MUTANTS

__all__ = [
    "MUTANTS",
    "comparison",
    "encryption",
    "faces",
    "files",
    "forms",
    "framing",
    "http",
    "limits",
    "normal",
    "parameters",
    "refusals",
    "request_ids",
]
