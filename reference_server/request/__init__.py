"""Parses a request: from the body to parameters and decoded photos."""
