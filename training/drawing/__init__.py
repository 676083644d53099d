"""Draws what covers a face, and what does not: masks, hands, glasses, hair, on photos of bare faces."""
