"""Importing this package registers every fault."""

from tests.mutation.mutants import (
    comparison,
    encryption,
    faces,
    files,
    forms,
    http,
    limits,
    normal,
    parameters,
    refusals,
    request_ids,
)
from tests.mutation.registry import FAULTS

__all__ = [
    "FAULTS",
    "comparison",
    "encryption",
    "faces",
    "files",
    "forms",
    "http",
    "limits",
    "normal",
    "parameters",
    "refusals",
    "request_ids",
]
