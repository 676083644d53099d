"""How onnxruntime is used: it keeps little memory, and tells nobody what it runs."""

import os
import subprocess
import sys
from pathlib import Path

from reference_server.faces.detection.mtcnn_networks import to_onnx
from reference_server.faces.runtime import session

ASK = """
from pathlib import Path
import reference_server.faces.occlusion as occlusion
from reference_server.faces.runtime import session

session((Path(occlusion.__file__).parents[1] / "models" / "occlusion.onnx"))
"""


def test_onnxruntime_leaves_no_id_of_the_machine(tmp_path: Path) -> None:
    """It makes one at home before it sends anything; in CI it keeps silent by itself."""
    environment = {name: value for name, value in os.environ.items() if name != "CI"}
    environment |= {"HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    subprocess.run([sys.executable, "-c", ASK], env=environment, check=True)  # noqa: S603
    assert not [path for path in tmp_path.rglob("*") if "onnxruntime" in path.name]


def test_no_session_keeps_what_a_large_picture_took() -> None:
    assert not session(to_onnx("pnet")).get_session_options().enable_cpu_mem_arena
