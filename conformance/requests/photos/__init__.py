"""Photos for the cases: two public-domain portraits, derived on the fly, or a vendor's own."""
