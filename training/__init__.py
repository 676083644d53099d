"""Makes the network that finds covered parts of a face; the server imports nothing from here."""
