import subprocess
import sys
from pathlib import Path

FOREIGN = {
    *("reference_server", "conformance", "loadtests"),
    *(
        "flask",
        "gunicorn",
        "deepface",
        "dlib",
        "onnxruntime",
        "matplotlib",
        "numpy",
        "PIL",
        "locust",
    ),
}


def test_the_client_brings_nothing_heavy(tmp_path: Path) -> None:
    code = f"import sys, verikit.client; print({FOREIGN!r} & set(sys.modules))"
    done = subprocess.run(  # noqa: S603 - this very interpreter
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "set()"
