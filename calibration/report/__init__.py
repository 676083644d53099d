"""One self-contained page, and the same findings as JSON and CSV."""
