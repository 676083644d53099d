"""Files that hold scores, pairs or templates, as the field writes them."""
