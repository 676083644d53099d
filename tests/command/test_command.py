import importlib
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import click
import pytest
from click.testing import CliRunner

from verikit.cli import PARTS, main
from verikit.exit_codes import MEANINGS, Exit


def test_help_lists_every_part() -> None:
    shown = CliRunner().invoke(main, ["--help"]).output
    assert all(name in shown for name in PARTS)


@pytest.mark.parametrize("name", PARTS)
def test_every_part_has_help_with_an_example(name: str) -> None:
    answer = CliRunner().invoke(main, [name, "--help"])
    assert answer.exit_code == 0
    assert f"verikit {name}" in answer.output


def every_command(group: click.Group) -> Iterator[click.Command]:
    ctx = click.Context(group)
    for name in group.list_commands(ctx):
        command = group.get_command(ctx, name)
        assert command
        yield command
        if isinstance(command, click.Group):
            yield from every_command(command)


def test_options_are_named_like_their_flags() -> None:
    """So their names in verikit.toml and in the environment can be told from the flags."""
    options = [o for c in every_command(main) for o in c.params if isinstance(o, click.Option)]
    flags = {(o.name, flag) for o in options for flag in o.opts if flag.startswith("--")}
    assert {flag for name, flag in flags if flag != f"--{name}".replace("_", "-")} == set()


def test_what_prints_data_prints_json() -> None:
    """All but those that serve, print a script, or leave their output to another command."""
    others = {"serve", "mock", "demo", "completion", "datasets"}
    without = {
        command.name
        for command in every_command(main)
        if not any("--json" in parameter.opts for parameter in command.params)
    }
    assert without == others


@pytest.mark.parametrize("name", ["check", "load"])
def test_a_url_behind_json_is_no_file(name: str) -> None:
    answer = CliRunner().invoke(main, [name, "--json", "http://127.0.0.1:1"])
    assert answer.exit_code == 2
    assert "is no file: put the URL first" in answer.output


def test_help_tells_every_exit_code() -> None:
    shown = CliRunner().invoke(main, ["--help"]).output
    assert all(f"{code}" in shown and MEANINGS[code] in shown for code in Exit)


def test_an_interrupted_command_gives_no_verdict(monkeypatch: pytest.MonkeyPatch) -> None:
    @click.command()
    def interrupted() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(importlib, "import_module", lambda name: SimpleNamespace(fit=interrupted))
    answer = CliRunner().invoke(main, ["fit"])
    assert (answer.exit_code, answer.output.strip()) == (Exit.NO_VERDICT, "Interrupted.")


def test_a_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> None:
        raise ModuleNotFoundError(f"No module named {name!r}", name="flask")

    monkeypatch.setattr(importlib, "import_module", missing)
    answer = CliRunner().invoke(main, ["serve"])
    assert answer.exit_code == 2
    assert "needs flask" in answer.output
    assert "in verikit's folder: pip install '.[server]'" in answer.output


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


def test_the_docs_tell_every_command_and_exit_code() -> None:
    text = (Path(__file__).parents[2] / "docs/reference/command-line.md").read_text()
    assert all(f"| {code} | {meaning} |" in text for code, meaning in MEANINGS.items())
    for name, part in PARTS.items():
        (row,) = re.findall(rf"^\| `{name}[` ].*$", text, re.MULTILINE)[:1]
        assert row.endswith(f"| `verikit[{part.extra}]` |" if part.extra else "| |")
