"""The shell that the reports of check, calibrate, load and the demo share; see ``shell``."""
