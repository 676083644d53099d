"""The commands of calibration: ``verikit calibrate``, ``plan``, ``threshold`` and ``datasets``."""
