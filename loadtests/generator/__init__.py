"""Generates load: what one process sends and receives."""
