import os
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import click
import pytest
from click.testing import Result
from hypothesis import given
from hypothesis import strategies as st

from verikit import cli, options, secret_files, settings
from verikit.cli import PARTS
from verikit.contract import load_contract

SECRETS = load_contract().encryption
KEY = "k" * SECRETS.key_characters
Call = Callable[..., Result]


@click.command()
@click.argument("url", required=False)
@click.option("--port", type=click.IntRange(1), default=1)
@click.option("--dry-run", is_flag=True)
@click.option("--gate", multiple=True)
def shown(**given: object) -> None:
    """Prints what it was given."""
    key = options.secrets().get("key", os.environ.get(SECRETS.key_variable))
    click.echo(f"{given['url']} {given['port']} {given['dry_run']} {given['gate']} {key}")


@pytest.fixture(autouse=True)
def part(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(PARTS, "show", cli.Part("shown:shown", None, "Show."))
    monkeypatch.setitem(sys.modules, "shown", SimpleNamespace(shown=shown))


def written(folder: Path, text: str) -> None:
    (folder / "verikit.toml").write_text(text)


def test_the_file_gives_every_kind_of_value(folder: Path, call: Call) -> None:
    written(folder, '[show]\nurl="u"\nport = 7\ndry-run = true\ngate = ["a=1", "b=2"]')
    assert call("show").output == "u 7 True ('a=1', 'b=2') None\n"


def test_flags_win_over_the_environment_and_that_over_the_file(
    folder: Path, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    written(folder, "[show]\nport = 2\ndry_run = true")
    assert call("show").output.split()[1:3] == ["2", "True"]
    monkeypatch.setenv("VERIKIT_SHOW_PORT", "3")
    monkeypatch.setenv("VERIKIT_SHOW_DRY_RUN", "0")
    assert call("show").output.split()[1:3] == ["3", "False"]
    assert call("show", "--port", "4").output.split()[1] == "4"


def test_another_file_may_be_named(folder: Path, call: Call, monkeypatch: Any) -> None:
    written(folder, "[show]\nport = 2")
    (folder / "other.toml").write_text("[show]\nport = 5")
    assert call("--config", "other.toml", "show").output.split()[1] == "5"
    monkeypatch.setenv("VERIKIT_CONFIG", "other.toml")
    assert call("show").output.split()[1] == "5"


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("[show", "verikit.toml cannot be read: Expected ']'"),
        ("port = 1", "verikit.toml has no option port: "),
        ("[shw]", "verikit.toml has no option shw: did you mean show?"),
        ("[show]\nprot = 1", "verikit.toml: show has no option prot: did you mean port?"),
        ("[show]\nhelp = true", "verikit.toml: show has no option help"),
        ("show = 1", "verikit.toml: show must be a table of options."),
        ("[show]\nport = 'many'", "verikit.toml: show port: 'many' is not a valid"),
        ("[show]\nport = 0", "verikit.toml: show port: 0 is not in the range"),
        ("[show]\nport = true", "verikit.toml: show port must be a string or a number."),
        ("[show]\nport = [1]", "verikit.toml: show port must be a string or a number."),
        ("[show]\nport = 2020-01-01", "verikit.toml: show port must be a string or a number."),
        ("[show]\ndry-run = 'yes'", "verikit.toml: show dry-run must be true or false."),
        ("[show]\ngate = [{}]", "verikit.toml: show gate must be a string or a number."),
        (f"[show]\nkey = '{KEY}'", "verikit.toml must not hold the key itself"),
        (f"[other.deeper]\nIV = '{KEY}'", "verikit.toml must not hold the IV itself"),
    ],
)
def test_what_makes_no_sense_is_refused_in_a_sentence(
    folder: Path, call: Call, text: str, complaint: str
) -> None:
    written(folder, text)
    refused = call("show")
    assert refused.exit_code == 2
    assert refused.output.splitlines()[-1].startswith(f"Error: {complaint}")
    assert KEY not in refused.output


def test_a_command_below_another_has_a_table_of_its_own(folder: Path, call: Call) -> None:
    written(folder, '[datasets.check]\nphotos = "nowhere"')
    refused = call("datasets", "check", "sample")
    assert (refused.exit_code, "nowhere" in refused.output) == (2, True), refused.output
    written(folder, '[datasets.check]\nphoto = "nowhere"')
    refused = call("datasets", "check", "sample")
    complaint = "verikit.toml: datasets check has no option photo: did you mean photos?"
    assert refused.output.splitlines()[-1] == f"Error: {complaint}"


def test_a_file_that_was_named_must_be_there(call: Call) -> None:
    refused = call("--config", "nowhere.toml", "show")
    assert refused.exit_code == 2
    assert "nowhere.toml cannot be read" in refused.output


def test_help_is_shown_whatever_the_file_says(folder: Path, call: Call) -> None:
    written(folder, "[")
    assert call("--help").exit_code == 0


def test_the_key_comes_from_the_environment_or_a_file_or_a_named_file(
    folder: Path, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("f", "g"):
        (folder / name).write_text(name * SECRETS.key_characters + "\n")
    written(folder, 'key-file = "f"')
    assert call("show").output.split()[-1] == "f" * SECRETS.key_characters
    monkeypatch.setenv(SECRETS.key_variable, KEY)
    assert call("show").output.split()[-1] == KEY
    assert call("--key-file", "g", "show").output.split()[-1] == "g" * SECRETS.key_characters


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"short", "key must be 32 ASCII characters, but has 5 bytes."),
        (KEY.encode() + b"\nmore", "key must be 32 ASCII characters, but has 4 bytes."),
        (KEY.encode() + b"\n\nmore", "key has 3 lines: the secret, and at most the one before it."),
        (bytes(32), "key must be 32 ASCII characters, but has zeros."),
        ("é".encode() * 16, "key must be 32 ASCII characters, but has others."),
        (None, "key cannot be read: no such file or directory."),
    ],
)
def test_a_file_without_a_key_is_refused_and_not_shown(
    folder: Path, call: Call, content: bytes | None, complaint: str
) -> None:
    if content is not None:
        (folder / "key").write_bytes(content)
    refused = call("--key-file", "key", "show")
    assert refused.exit_code == 2
    assert complaint in refused.output
    assert KEY not in refused.output


def test_a_key_comes_through_a_named_pipe(folder: Path, call: Call) -> None:
    os.mkfifo("pipe")
    writer = threading.Thread(target=Path("pipe").write_text, args=(KEY + "\n",))
    writer.start()
    try:
        assert call("--key-file", "pipe", "show").output.split()[-1] == KEY
    finally:
        writer.join(10)


def test_a_pipe_that_nobody_writes_to_is_not_waited_for_for_ever(
    folder: Path, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    os.mkfifo("pipe")
    monkeypatch.setattr(secret_files, "WAIT_SECONDS", 0.01)
    refused = call("--key-file", "pipe", "show")
    assert refused.exit_code == 2
    assert "pipe cannot be read: nobody wrote to it for 0.01 seconds" in refused.output


TOML = st.recursive(
    st.booleans() | st.integers() | st.floats() | st.text() | st.datetimes(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@given(st.dictionaries(st.sampled_from(["url", "port", "dry-run", "gate", "x"]), TOML))
def test_any_table_is_taken_or_refused(table: dict[str, object]) -> None:
    try:
        taken = settings.defaults(shown, table, "here")
    except click.UsageError:
        return
    assert set(taken) <= {"url", "port", "dry_run", "gate"}


def test_only_the_file_here_is_read(
    folder: Path, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    written(folder, "[show]\nport = 2")
    (folder / "deeper").mkdir()
    monkeypatch.chdir(folder / "deeper")
    assert call("show").output.split()[1] == "1"


def test_of_two_keys_in_a_file_the_first_one_encrypts(folder: Path, call: Call) -> None:
    (folder / "f").write_bytes(KEY.encode() + b"\r\n" + b"o" * 32 + b"\r\n")
    assert call("--key-file", "f", "show").output.split()[-1] == KEY


def test_a_key_from_a_file_is_not_put_into_the_environment(folder: Path, call: Call) -> None:
    (folder / "f").write_text(KEY)
    assert call("--key-file", "f", "show").output.split()[-1] == KEY
    assert SECRETS.key_variable not in os.environ
