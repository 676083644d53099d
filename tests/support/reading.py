"""Whether the reference server reads a photo file."""

from reference_server.refusals import UnreadablePhoto
from reference_server.request.photo import read_photo
from verikit.contract import load_contract

STANDARDS = load_contract().photo_standards


def is_read(file: bytes) -> bool:
    """By the contract's standards; a wrong size is an error."""
    try:
        read_photo(file, STANDARDS)
    except UnreadablePhoto:
        return False
    return True
