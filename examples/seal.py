"""Print a photo the way the API takes it: python examples/seal.py photo.jpg

Key and IV are read from PARAM_DECRYPT_KEY and PARAM_DECRYPT_IV.
"""

import base64
import os
import sys
from pathlib import Path

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

key = os.environ["PARAM_DECRYPT_KEY"].encode()
iv = os.environ["PARAM_DECRYPT_IV"].encode()
photo = Path(sys.argv[1]).read_bytes()
print(base64.b64encode(AESGCM(key).encrypt(iv, photo, None)).decode())
