"""The commands `verikit serve`, `verikit fit` and `verikit inspect`."""
