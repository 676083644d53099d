"""What the pages tell a reader to type exists: commands, options, links, files, names to import."""

import ast
import importlib
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest

from calibration import claims
from calibration.asking import adapters
from calibration.judging.requirements import standard_names
from verikit.cli import main

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    page
    for pattern in ("*.md", "docs/**/*.md", "examples/*.md", "datasets/*.md", "tests/mutation/*.md")
    for page in ROOT.glob(pattern)
)
FENCE = re.compile(r"^( *)```(\w*)[^\n]*\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)#\s]+)[^)]*\)")
CODE = re.compile(r"`([^`\n]+)`")
FOLDERS = (
    "benchmarks|calibration|conformance|datasets|deploy|docs|examples|loadtests|reference_server"
    "|tests|tools|training|verikit"
)
FILE = re.compile(rf"(?<![\w./-])(?:{FOLDERS})/[\w./*-]*")
MODULE = re.compile(r"python\s+-m\s+((?:benchmarks|tests|tools|training)[\w.]*\w)")
TO_BE_MADE = {
    "datasets/mine/dataset.yaml",
    "loadtests/profiles/morning.yaml",
    "datasets/NAME/",
    "calibration/published/my-vendor.yaml",
}


def blocks(page: Path, *languages: str) -> Iterator[str]:
    """The fenced blocks in these languages."""
    for _, language, text in FENCE.findall(page.read_text(encoding="utf-8")):
        if language in languages:
            yield text


def prose(page: Path) -> str:
    return FENCE.sub("", page.read_text(encoding="utf-8"))


def commands(text: str) -> Iterator[list[str]]:
    """The calls of verikit in a block of shell, or of a session after its prompts."""
    lines = text.replace("\\\n", " ").splitlines()
    if any(line.startswith("$ ") for line in lines):
        lines = [line[2:] for line in lines if line.startswith("$ ")]
    for line in lines:
        lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
        lexer.whitespace_split = True
        yield from _calls(list(lexer))


def _calls(words: list[str]) -> Iterator[list[str]]:
    """What follows the word verikit, up to a pipe, a redirection or the like."""
    for place, word in enumerate(words):
        if word == "verikit":
            rest = words[place + 1 :]
            ends = [n for n, each in enumerate(rest) if set(each) <= set("|&;<>()")]
            if call := rest[: min(ends, default=len(rest))]:
                yield call


def parse(words: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Have click read a call as if to run it; files need not be there.

    Raises:
        ClickException: there is no such command or option, or a value makes no sense.
    """
    for kind in (click.Path, click.File):
        monkeypatch.setattr(kind, "convert", lambda self, value, param, ctx: value)
    monkeypatch.setattr("verikit.cli._read_settings", lambda ctx, param, value: value)
    command: click.Command = main
    context: click.Context | None = None
    name: str | None = "verikit"
    while True:
        try:
            context = command.make_context(name, words, parent=context)
        except click.exceptions.Exit:  # --help and --version say what they say, and leave
            return
        if not isinstance(command, click.Group):
            return
        name, found, words = command.resolve_command(context, _left(context))
        assert found is not None
        command = found


def _left(context: click.Context) -> list[str]:
    return [*context._protected_args, *context.args]


CALLS = [
    pytest.param(words, id=f"{page.relative_to(ROOT)}: {' '.join(words)}")
    for page in PAGES
    for block in blocks(page, "", "sh", "console", "bash")
    for words in commands(block)
]


@pytest.mark.parametrize("words", CALLS)
def test_every_command_is_understood(words: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    parse(words, monkeypatch)


@pytest.mark.parametrize(
    "line",
    [
        "verikit chek http://127.0.0.1:3000",
        "verikit check http://127.0.0.1:3000 --profil=x",
        "verikit load http://127.0.0.1:3000 --users none",
        "verikit datasets find lfw",
        "verikit verify one.jpg two.jpg three.jpg",
        "verikit --key secret serve",
    ],
)
def test_a_wrong_command_is_noticed(line: str, monkeypatch: pytest.MonkeyPatch) -> None:
    (words,) = commands(line)
    with pytest.raises(click.ClickException):
        parse(words, monkeypatch)


def test_pipes_prompts_and_comments_are_no_part_of_a_command() -> None:
    text = "$ KEY=x verikit check URL -k 'a b' | tee log  # all\nverikit is quoted here\n"
    assert list(commands(text)) == [["check", "URL", "-k", "a b"]]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_commands_and_options_in_the_text_exist(page: Path) -> None:
    for code in CODE.findall(prose(page)):
        words = shlex.split(code) if code.startswith("verikit ") else []
        known: dict[str, Any] = {"verikit": main}
        for word in words[1:]:
            command = known["verikit"]
            options = {name for param in command.params for name in param.opts}
            if word.startswith("-"):
                assert word.partition("=")[0] in {*options, "--help", "-h"}, code
            elif isinstance(command, click.Group) and word.islower():
                found = command.get_command(click.Context(command), word)
                assert found is not None, code
                known["verikit"] = found


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_relative_links_lead_somewhere(page: Path) -> None:
    targets = [target for target in LINK.findall(prose(page)) if "://" not in target]
    assert [target for target in targets if not (page.parent / target).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_named_files_exist(page: Path) -> None:
    named = set(FILE.findall(page.read_text(encoding="utf-8"))) - TO_BE_MADE
    assert [name for name in sorted(named) if not any(ROOT.glob(name.rstrip("/.")))] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_named_sessions_exist(page: Path) -> None:
    sessions = re.findall(r"^def (\w+)\(session", (ROOT / "noxfile.py").read_text(), re.MULTILINE)
    named = re.findall(r"\bnox -s (\w+)", page.read_text(encoding="utf-8"))
    assert set(named) <= set(sessions)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_named_modules_exist(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    named = {name.replace(".", "/") for name in MODULE.findall(text)}
    there = {name for name in named if (ROOT / f"{name}.py").exists()} | {
        name for name in named if (ROOT / name / "__main__.py").exists()
    }
    assert named == there


@pytest.mark.parametrize("name", [*claims.names(), *standard_names(), *adapters.NAMES])
def test_what_calibrate_knows_by_name_is_documented(name: str) -> None:
    assert f"`{name}`" in (ROOT / "docs/reference/calibration.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_python_can_be_imported_as_shown(page: Path) -> None:
    for block in blocks(page, "python", "py"):
        for node in ast.walk(ast.parse(block)):
            if isinstance(node, ast.ImportFrom) and node.module:
                module = importlib.import_module(node.module)
                assert all(hasattr(module, alias.name) for alias in node.names), block
