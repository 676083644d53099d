"""Where comparisons come from: score files, templates, and labelled photos to ask about."""
