"""Fits cohort and score map of a model to the templates of labelled people.

The server imports nothing from here.
"""
