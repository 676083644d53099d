import os
import subprocess
import sys
from errno import ENOSPC
from pathlib import Path

import pytest

from verikit.exit_codes import Exit


@pytest.mark.parametrize("arguments", [["datasets", "list"], ["--help"]], ids=" ".join)
def test_a_full_disk_is_one_sentence_and_no_verdict(
    arguments: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PYTHONUNBUFFERED", raising=False)
    with Path("/dev/full").open("w") as full:
        result = subprocess.run(  # noqa: S603 - our own command
            [sys.executable, "-m", "verikit", *arguments],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert result.returncode == Exit.NO_VERDICT
    assert result.stderr == f"Error: {os.strerror(ENOSPC)}: free some, then run it again.\n"
