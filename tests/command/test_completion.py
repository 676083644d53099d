import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from verikit.cli import PARTS, main
from verikit.completion import SHELLS

COMPLETE = "_VERIKIT_COMPLETE"


@pytest.mark.parametrize("shell", SHELLS)
def test_the_script_asks_verikit(call: Callable[..., Result], shell: str) -> None:
    if shell == "bash" and not shutil.which("bash"):
        pytest.skip("bash is not installed")
    done = call("completion", shell)
    assert done.exit_code == 0
    assert f"{COMPLETE}={shell}_complete" in done.output


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("verikit ", list(PARTS)),
        ("verikit ch", ["check"]),
        ("verikit verify --auto", ["--auto-rotate"]),
        ("verikit datasets f", ["fetch"]),
    ],
)
def test_names_are_completed(typed: str, expected: list[str]) -> None:
    environment = {
        COMPLETE: "bash_complete",
        "COMP_WORDS": typed,
        "COMP_CWORD": str(typed.count(" ")),
    }
    done = CliRunner().invoke(main, prog_name="verikit", env=environment)
    assert [line.partition(",")[2] for line in done.output.splitlines()] == expected


def test_completing_a_command_imports_no_part(tmp_path: Path) -> None:
    code = (
        "import sys, atexit, verikit.cli as c\n"
        "atexit.register(lambda: print('conformance' in sys.modules, 'flask' in sys.modules))\n"
        "c.main(prog_name='verikit')"
    )
    words = {COMPLETE: "bash_complete", "COMP_WORDS": "verikit ", "COMP_CWORD": "1"}
    done = subprocess.run(  # noqa: S603 - this very interpreter
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env=os.environ | words,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines()[-1] == "False False"


def test_a_part_without_its_libraries_completes_to_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def missing(name: str) -> None:
        raise ModuleNotFoundError(f"No module named {name!r}", name="flask")

    monkeypatch.setattr("verikit.cli.importlib.import_module", missing)
    words = {COMPLETE: "bash_complete", "COMP_WORDS": "verikit serve --p", "COMP_CWORD": "2"}
    done = CliRunner().invoke(main, prog_name="verikit", env=words)
    assert (done.exit_code, "Error" in done.output) == (0, False)
