"""Settings of all tests."""

from hypothesis import settings

# A machine may be slow or busy; no test is timed.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")
