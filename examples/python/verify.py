"""Ask a server whether two photos show one person.

Key and IV are read from PARAM_DECRYPT_KEY and PARAM_DECRYPT_IV. Needs requests and cryptography.
"""

import argparse
import base64
import os
import sys
from pathlib import Path

import requests
from cryptography.hazmat.primitives.ciphers.aead import AESGCM


def seal(photo: Path) -> str:
    """The photo file, encrypted and written in Base64."""
    cipher = AESGCM(os.environ["PARAM_DECRYPT_KEY"].encode())
    sealed = cipher.encrypt(os.environ["PARAM_DECRYPT_IV"].encode(), photo.read_bytes(), None)
    return base64.b64encode(sealed).decode()


def main() -> int:
    """Print the server's answer; 0 if it holds a score."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("first", type=Path)
    parser.add_argument("second", type=Path)
    parser.add_argument("url")
    parser.add_argument("--auto-rotate", action="store_true")
    parser.add_argument("--check-quality", action="store_true")
    asked = parser.parse_args()
    form = {
        "first_encrypted_image": seal(asked.first),
        "second_encrypted_image": seal(asked.second),
        "auto_rotate": str(asked.auto_rotate).lower(),
        "check_quality": str(asked.check_quality).lower(),
    }
    try:
        answer = requests.post(asked.url, data=form, timeout=30)
    except requests.RequestException as error:
        sys.exit(f"No response from {asked.url}: {error}")
    print(answer.text)
    return 0 if answer.ok else 1


if __name__ == "__main__":
    sys.exit(main())
