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
from tests.strength.specimen import FAULTS

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
