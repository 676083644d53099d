"""The sources of comparisons: score files, templates, and labelled photos."""
