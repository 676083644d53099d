"""Requests as values, the photos in them, their bytes, and how they are sent."""
