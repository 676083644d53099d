"""An outcome as text, HTML and JSON."""
