"""``verikit reports``: an index over a folder of runs."""
