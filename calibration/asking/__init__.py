"""Queries a server about labelled pairs: the run, its stored answers, and the APIs."""
