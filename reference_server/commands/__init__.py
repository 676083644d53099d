"""The commands of the server: ``verikit serve``."""
