"""Importing this package registers every legal variant."""

from tests.strength.specimen import VARIANTS
from tests.strength.variants import answers, photos, readings, requests, servers

__all__ = ["VARIANTS", "answers", "photos", "readings", "requests", "servers"]
