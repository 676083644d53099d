"""Judges responses: violations, right outcomes, and verdicts."""
