"""From counts to findings: the audit, the rows with their verdicts, and what is required."""
