"""Counts of comparisons: blocks of any number of scores, in bounded memory."""
