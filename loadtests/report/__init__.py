"""The outcome as text, HTML and JSON."""
