"""Importing this package registers every legal variant."""

from tests.strength.variants import answers, photos, readings, requests, servers

__all__ = ["answers", "photos", "readings", "requests", "servers"]
