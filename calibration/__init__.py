"""Does the documented table threshold -> error rate hold? From labelled pairs to a verdict.

The core takes arrays and returns numbers: histogram, intervals, dependence, sequential, verdicts,
sample_sizes, error_rates, tail. Files, network and clock stand around it.
"""
