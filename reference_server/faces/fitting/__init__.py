"""Fits cohort and score map of a model to labelled people, and checks them on others.

The server imports nothing from here.
"""
