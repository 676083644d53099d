import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

CRASHING = """
from tests.hostile import fuzz_decode
fuzz_decode.VERIFIER._read = lambda file: 1 // 0
fuzz_decode.main()
"""


@pytest.mark.skipif(not find_spec("atheris"), reason="atheris has no wheel here")
def test_what_is_no_refusal_is_a_crash(tmp_path: Path) -> None:
    folder = tmp_path / "seeds"
    command = [sys.executable, "-c", CRASHING, str(folder), "-runs=0"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - ours
    assert done.returncode != 0
    assert "ZeroDivisionError" in done.stderr + done.stdout
    assert len(list(folder.glob("seed-*"))) > 40
