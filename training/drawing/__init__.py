"""Draws on photos of bare faces what covers a face, such as masks and hands, and what does not."""
