"""Counts of comparisons: any number of scores, in bounded memory."""
