"""Importing this package registers every legal variant."""

from tests.mutation.registry import VARIANTS
from tests.mutation.variants import answers, photos, readings, requests, servers, silent

__all__ = ["VARIANTS", "answers", "photos", "readings", "requests", "servers", "silent"]
