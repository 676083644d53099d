import importlib
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import click
import pytest
from click.testing import CliRunner

from verikit.cli import PARTS, main


def test_help_lists_every_part() -> None:
    shown = CliRunner().invoke(main, ["--help"]).output
    assert all(name in shown for name in PARTS)


@pytest.mark.parametrize("name", PARTS)
def test_every_part_has_help_with_an_example(name: str) -> None:
    answer = CliRunner().invoke(main, [name, "--help"])
    assert answer.exit_code == 0
    assert f"verikit {name}" in answer.output


def test_a_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> None:
        raise ModuleNotFoundError(f"No module named {name!r}", name="flask")

    monkeypatch.setattr(importlib, "import_module", missing)
    answer = CliRunner().invoke(main, ["serve"])
    assert answer.exit_code == 2
    assert "needs flask" in answer.output
    assert "pip install 'verikit[server]'" in answer.output


def test_a_defect_of_ours_is_no_verdict_on_a_server(monkeypatch: pytest.MonkeyPatch) -> None:
    @click.command()
    def broken() -> None:
        raise ZeroDivisionError

    module = SimpleNamespace(check=broken)
    monkeypatch.setattr(importlib, "import_module", lambda name: module)
    assert CliRunner().invoke(main, ["check"]).exit_code == os.EX_SOFTWARE


def test_the_module_is_the_command(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "verikit", "--version"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "verikit" in done.stdout
    assert "version" in done.stdout


def test_only_the_wanted_part_is_loaded(tmp_path: Path) -> None:
    code = "import sys, verikit.cli; print({'flask', 'locust', 'numpy'} & set(sys.modules))"
    done = subprocess.run(  # noqa: S603 - this very interpreter
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "set()"
