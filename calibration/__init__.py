"""Tests error rates: from labelled pairs to a verdict.

``statistics`` and ``counting`` take arrays and return numbers; files, network and clock are
elsewhere.
"""
