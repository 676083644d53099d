"""Converts two templates into a score with the documented error rates."""
