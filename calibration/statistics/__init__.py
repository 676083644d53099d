"""The statistics: arrays in, numbers out, without files, network, clock or other modules."""

CONFIDENCE = 0.95
"""That of intervals and verdicts where no other is asked for."""
