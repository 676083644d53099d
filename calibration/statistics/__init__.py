"""The statistics: arrays in, numbers out, without files, network, clock or other modules."""
