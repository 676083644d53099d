"""The command line over all parts of the kit."""
