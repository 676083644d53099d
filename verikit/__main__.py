"""Lets ``python -m verikit`` be the command."""

from verikit.cli import main

main()
