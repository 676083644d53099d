"""From requests to answers: what one process that makes requests does."""
