import os
import pty
import select
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tests.support.needs import missing
from verikit.cli import PARTS, main
from verikit.commands.completion import SHELLS

COMPLETE = "_VERIKIT_COMPLETE"
PATH = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"


@pytest.mark.parametrize("shell", SHELLS)
def test_the_script_asks_verikit(call: Callable[..., Result], shell: str) -> None:
    if shell == "bash" and not shutil.which("bash"):
        pytest.skip(missing("bash"))
    done = call("completion", shell)
    assert done.exit_code == 0
    assert f"{COMPLETE}={shell}_complete" in done.output


def installed(shell: str) -> str:
    return shutil.which(shell) or pytest.skip(missing(shell))


def screen_after(shell: list[str], lines: list[str], wanted: str) -> str:
    """What an interactive shell shows once ``wanted`` is there, or after a while."""
    try:
        pid, terminal = pty.fork()
    except OSError as error:
        pytest.skip(f"no terminal to type at: {error}")
    if not pid:
        os.execve(shell[0], shell, {**os.environ, "PATH": PATH, "TERM": "dumb", "PS1": "> "})  # noqa: S606 - the shell is what is tested
    try:
        seen = ""
        for line in lines:
            os.write(terminal, line.encode())
        deadline = time.monotonic() + 30
        while wanted not in seen and time.monotonic() < deadline:
            if select.select([terminal], [], [], 1)[0]:
                seen += os.read(terminal, 4096).decode(errors="replace")
        return seen
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        os.close(terminal)


@pytest.mark.parametrize(
    ("shell", "options", "before"),
    [
        ("bash", ["--norc", "-i"], ""),
        ("zsh", ["-f", "-i"], "autoload -Uz compinit; compinit -u -D; "),
    ],
)
def test_a_shell_completes_at_the_tab(shell: str, options: list[str], before: str) -> None:
    lines = [before + f'eval "$(verikit completion {shell})"\n', "verikit cali\t"]
    assert "calibrate" in screen_after([installed(shell), *options], lines, "calibrate")


def test_fish_completes(tmp_path: Path) -> None:
    fish, environment = installed("fish"), {"HOME": str(tmp_path), "PATH": PATH}
    folder = tmp_path / ".config/fish/completions"
    folder.mkdir(parents=True)
    script = CliRunner().invoke(main, ["completion", "fish"]).output
    (folder / "verikit.fish").write_text(script)
    command = [fish, "-c", 'complete -C "verikit cali"']
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)  # noqa: S603 - the shell is what is tested
    assert done.stdout.startswith("calibrate\t")


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
