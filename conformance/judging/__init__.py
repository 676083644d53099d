"""What is wrong with an answer, which outcomes are right, and verdicts."""
