"""The commands that belong to no single part of the kit."""
