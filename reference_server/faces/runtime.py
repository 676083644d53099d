"""Settings of onnxruntime: one thread that never spins, because each worker has one core."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import onnxruntime


def session(model: bytes | Path) -> onnxruntime.InferenceSession:
    """A session over an ONNX file; it may be shared by threads and survives a fork."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    # An arena keeps the most that any picture ever took: MTCNN's is hundreds of megabytes.
    options.enable_cpu_mem_arena = False
    options.log_severity_level = 3
    with _file(model) as path:
        return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


@contextmanager
def _file(model: bytes | Path) -> Iterator[str]:
    """A path to the model, in memory if need be: a session over bytes would keep them for good."""
    if isinstance(model, Path):
        yield str(model)
        return
    with os.fdopen(os.memfd_create("model.onnx"), "wb") as file:
        file.write(model)
        file.flush()
        yield f"/proc/self/fd/{file.fileno()}"
