"""The pairs of photos that are asked about, and their order: at random, or impostors by choice."""
