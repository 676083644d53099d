"""Readers of files of scores, pairs and people in the formats of the field."""
