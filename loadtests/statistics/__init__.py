"""Computes figures from counts, without Locust, HTTP or a clock."""
