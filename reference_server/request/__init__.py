"""A request's way in: from the body to parameters and decoded photos."""
