"""From a profile to an outcome: what the process that directs a load test does."""
