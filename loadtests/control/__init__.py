"""Controls a load test, from a profile to an outcome."""
