"""The try-it page at /, and the contract to be read at /docs."""
