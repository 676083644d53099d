"""Asking a server about labelled pairs: the run, what it keeps, and how a server is asked."""
