"""Finds what keeps verikit from working on this machine, and how to fix it."""
