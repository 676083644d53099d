"""From two templates to a score that claims the documented error rates."""
