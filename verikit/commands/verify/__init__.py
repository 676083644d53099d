"""``verikit verify``: two photos, or the pairs of a list."""
