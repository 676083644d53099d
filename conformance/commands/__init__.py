"""The commands of the suite: ``verikit check``, ``profile`` and ``mock``."""
