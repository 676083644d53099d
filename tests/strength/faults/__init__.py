"""Importing this package registers every fault."""

from tests.strength.faults import (
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

__all__ = [
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
