"""Looks at this machine and says what keeps verikit from working, and what to do."""
