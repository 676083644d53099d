"""Writes the weights of MTCNN as numpy reads them: python -m training.mtcnn_weights

The package mtcnn keeps them as pickles, which run code as they are read; these are the ones known.
"""

from __future__ import annotations

import hashlib
import importlib.util
from io import BytesIO
from pathlib import Path

import joblib
import numpy as np
from numpy.typing import NDArray

from reference_server.faces.detection.mtcnn_networks import WEIGHTS

SHA256 = {
    "pnet": "ea6b0c3e685ebee3165326ad6484acc95f2ef78f1c94fbf40a55704fa989f7b5",
    "rnet": "cb00e6460f3c98b0bfafaba3c0a0ded4bdf6e62cee7174d969e8670d7e757fee",
    "onet": "94f6ea2f4cf985275ee958cdd762d17b6009348a4fb9d8c6be39ba73ffd22ca3",
}


def packaged() -> dict[str, NDArray[np.float32]]:
    """The arrays in the package, by network and place.

    Raises:
        ValueError: the package is missing, or a file is not the one known.
    """
    spec = importlib.util.find_spec("mtcnn")
    if spec is None or spec.origin is None:
        raise ValueError("the package mtcnn is not installed")
    folder = Path(spec.origin).parent / "assets" / "weights"
    arrays = {}
    for name, digest in SHA256.items():
        content = (folder / f"{name}.lz4").read_bytes()
        if hashlib.sha256(content).hexdigest() != digest:
            raise ValueError(f"{name}.lz4 in {folder} is not the file known")
        for place, array in enumerate(joblib.load(BytesIO(content))):
            arrays[f"{name}_{place:02}"] = np.asarray(array, np.float32)
    return arrays


if __name__ == "__main__":
    np.savez_compressed(WEIGHTS, **packaged())  # type: ignore[arg-type]
