"""The statistics: arrays in, numbers out. No file, no network, no clock, nothing else of ours."""
