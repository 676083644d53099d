import importlib
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from errno import EACCES, EFBIG, EISDIR
from pathlib import Path
from types import SimpleNamespace

import click
import pytest
from click.testing import CliRunner

from verikit.cli import PARTS, main
from verikit.errors import Unreachable, WrongUse
from verikit.exit_codes import MEANINGS, Exit
from verikit.options import Grouped


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
    """All but those that serve, write files, print a script, or leave it to a command below."""
    others = {
        "serve",
        "mock",
        "profile",
        "demo",
        "completion",
        "datasets",
        "samples",
        "fit",
        "reports",
    }
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
    assert "is not a file: put the URL first" in answer.output


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
    assert "in verikit's folder, run: pip install '.[server]'" in answer.output


@pytest.mark.parametrize("error", [ZeroDivisionError, EOFError])
def test_a_defect_of_ours_is_no_verdict_on_a_server(
    monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    @click.command()
    def broken() -> None:
        raise error

    module = SimpleNamespace(check=broken)
    monkeypatch.setattr(importlib, "import_module", lambda name: module)
    assert CliRunner().invoke(main, ["check"]).exit_code == os.EX_SOFTWARE


@pytest.mark.parametrize(
    ("raised", "code", "said"),
    [
        (WrongUse("The file is empty"), Exit.WRONG_USE, "Error: The file is empty."),
        (Unreachable("No server answers."), Exit.NO_VERDICT, "Error: No server answers."),
        (OSError(EFBIG, "File too large"), Exit.NO_VERDICT, "Error: File too large: free some"),
        (
            PermissionError(EACCES, "Permission denied", "scores.csv"),
            Exit.WRONG_USE,
            "Error: scores.csv: permission denied.",
        ),
        (
            IsADirectoryError(EISDIR, "Is a directory", b"\x1b[2Jscores"),
            Exit.WRONG_USE,
            "Error: \\x1b[2Jscores: is a directory.",
        ),
    ],
)
def test_what_kept_a_command_from_a_verdict_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch, raised: Exception, code: Exit, said: str
) -> None:
    @click.command()
    def ended() -> None:
        raise raised

    monkeypatch.setattr(importlib, "import_module", lambda name: SimpleNamespace(check=ended))
    answer = CliRunner().invoke(main, ["check"])
    assert answer.exit_code == code
    assert answer.output.splitlines()[-1].startswith(said)


def test_a_store_on_a_full_disk_is_no_defect_of_ours(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with sqlite3.connect(tmp_path / "store") as store:
        store.execute("pragma page_size = 512")
        store.execute("create table answers (text)")
        store.execute("pragma max_page_count = 3")

        def fill() -> None:
            try:
                store.execute("insert into answers values (?)", ("x" * 10_000,))
            except sqlite3.Error as error:
                raise RuntimeError("the run ended") from error

        command = click.command(fill)
        module = SimpleNamespace(check=command)
        monkeypatch.setattr(importlib, "import_module", lambda name: module)
        answer = CliRunner().invoke(main, ["check"])
    store.close()
    assert answer.exit_code == Exit.NO_VERDICT
    assert answer.output == "Error: No space left on device: free some space, then run it again.\n"


def test_a_mistyped_command_is_put_right() -> None:
    answer = CliRunner().invoke(main, ["chek"])
    assert answer.exit_code == Exit.WRONG_USE
    assert "No such command 'chek': did you mean check?" in answer.output


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


@pytest.mark.parametrize("words", [["plan", "--people", "300"], ["completion", "bash"]])
def test_output_that_nobody_reads_is_no_failed_server(tmp_path: Path, words: list[str]) -> None:
    read, written = os.pipe()
    os.close(read)
    done = subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-m", "verikit", *words],
        cwd=tmp_path,
        stdout=written,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    os.close(written)
    assert (done.returncode, done.stderr) == (Exit.NO_VERDICT, "")


def test_only_the_wanted_part_is_loaded(tmp_path: Path) -> None:
    code = "import sys, verikit.cli; print({'flask', 'locust', 'numpy'} & set(sys.modules))"
    done = subprocess.run(  # noqa: S603 - this very interpreter
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "set()"


GROUPED = [command for command in every_command(main) if isinstance(command, Grouped)]


@pytest.mark.parametrize("command", GROUPED, ids=lambda command: command.name)
def test_options_are_listed_by_group(command: Grouped) -> None:
    grouped = [name for names in command.groups.values() for name in names]
    assert len(grouped) == len(set(grouped))
    shown = command.get_help(click.Context(command))
    assert all(f"\n{title}:\n" in shown for title in command.groups)
    flags = [flag for option in command.params for flag in option.opts if flag.startswith("--")]
    assert [flag for flag in flags if shown.count(f"  {flag}") + shown.count(f", {flag}") < 1] == []


def test_commands_of_many_options_group_them() -> None:
    many = {command.name for command in every_command(main) if len(command.params) > 18}
    assert many <= {command.name for command in GROUPED}


def test_every_option_has_help() -> None:
    silent = {
        f"{command.name} {option.opts[-1]}"
        for command in every_command(main)
        for option in command.params
        if isinstance(option, click.Option) and not option.help
    }
    assert silent == set()


def test_no_command_tells_the_number_of_an_error_of_the_operating_system(folder: Path) -> None:
    """A folder where a file should be: nobody may read it, root included."""
    (folder / "claims.yaml").mkdir()
    (folder / "scores.csv").write_text("first,second,mated,score\na,b,0,0.1\n")
    for words in (
        ["calibrate", "scores.csv", "--claims", "claims.yaml"],
        ["threshold", "scores.csv", "--fmr", "1e-3", "--claims", "claims.yaml"],
        ["calibrate", "scores.csv", "--out", "scores.csv"],
        ["plan", "--people", "50", "--standard", "claims.yaml"],
        ["check", "http://127.0.0.1:1", "--profile", "claims.yaml"],
        ["templates", "claims.yaml", "--out", "scores.csv/t.npz"],
        ["samples", "scores.csv/samples"],
        ["encrypt", "scores.csv", "--out", "claims.yaml"],
        ["verify", "scores.csv", "scores.csv", "--header-file", "claims.yaml"],
    ):
        refused = CliRunner().invoke(main, words)
        assert refused.exit_code == Exit.WRONG_USE, (words, refused.output)
        assert "Errno" not in refused.output
