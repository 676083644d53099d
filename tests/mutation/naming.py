"""The parameters by role, and how requirement ids name them."""

from verikit.contract import load_contract

FIRST, SECOND, ROTATE, QUALITY = load_contract().parameters
PHOTOS = (FIRST, SECOND)
SWITCHES = (ROTATE, QUALITY)
ABOUT = {FIRST: "first", SECOND: "second", ROTATE: "auto-rotate", QUALITY: "check-quality"}
