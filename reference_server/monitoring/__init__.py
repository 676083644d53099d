"""Counts and logs requests."""
