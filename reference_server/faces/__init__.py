"""Faces: detection, alignment, recognition and scoring; the only part that uses DeepFace."""

import os

# Since 1.29 onnxruntime's releases for Linux send Microsoft what they run, and keep an id of the
# machine on disk, unless this is set before it is loaded.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
