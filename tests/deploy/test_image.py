"""The Dockerfile: what it is made of, who runs it, what it is asked."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from hatchling.builders.wheel import WheelBuilder

from verikit.cli import main
from verikit.contract import load_contract

CONTRACT = load_contract()
ROOT = Path(__file__).parents[2]
Instruction = tuple[str, str]


@pytest.fixture(scope="module")
def instructions(deploy: Path) -> list[Instruction]:
    lines = (deploy / "Dockerfile").read_text().splitlines()
    text = "\n".join(line for line in lines if not line.lstrip().startswith("#"))
    whole = text.replace("\\\n", " ").splitlines()
    return [(name, rest) for name, _, rest in (line.partition(" ") for line in whole) if name]


def of(instructions: list[Instruction], name: str) -> list[str]:
    return [rest.strip() for found, rest in instructions if found == name]


def test_the_linter_finds_nothing(deploy: Path, lint: Callable[..., str]) -> None:
    assert lint("hadolint", deploy / "Dockerfile") == ""


def test_the_base_is_pinned_by_its_tag(instructions: list[Instruction]) -> None:
    defaults = dict(argument.split("=") for argument in of(instructions, "ARG"))
    for base in of(instructions, "FROM"):
        _, _, tag = base.replace("${PYTHON}", defaults["PYTHON"]).split(" ")[0].partition(":")
        assert re.fullmatch(r"3\.\d+-slim-[a-z]+", tag)


def test_nobody_runs_it_as_root(instructions: list[Instruction]) -> None:
    *_, last = of(instructions, "USER")
    assert all(int(number) > 0 for number in last.split(":"))
    names = [name for name, _ in instructions]
    assert "RUN" not in names[names.index("USER") :]


def test_it_is_asked_on_the_port_and_a_path_that_the_server_has(
    instructions: list[Instruction], has_path: Callable[[str], bool]
) -> None:
    assert of(instructions, "EXPOSE") == [str(CONTRACT.port)]
    (check,) = of(instructions, "HEALTHCHECK")
    found = re.search(r"http://127\.0\.0\.1:(\d+)(/\w+)", check)
    assert found
    assert int(found[1]) == CONTRACT.port
    assert has_path(found[2])
    assert json.loads(check.partition("CMD ")[2])[0] == "python"


def test_what_it_runs_is_a_command(instructions: list[Instruction]) -> None:
    (entry,), (words,) = of(instructions, "ENTRYPOINT"), of(instructions, "CMD")
    assert json.loads(entry) == ["verikit"]
    name, *options = json.loads(words)
    command = main.get_command(main.make_context("verikit", [name]), name)
    assert command is not None
    assert command.make_context(name, options).params["host"] == "0.0.0.0"  # noqa: S104


def test_no_layer_holds_a_secret(deploy: Path, instructions: list[Instruction]) -> None:
    secrets = CONTRACT.encryption
    built_with = " ".join(of(instructions, "ARG") + of(instructions, "ENV"))
    assert "KEY" not in built_with
    text = (deploy / "Dockerfile").read_text()
    assert secrets.default_key not in text
    assert secrets.default_iv not in text


def test_every_package_is_checked_by_its_hash(instructions: list[Instruction]) -> None:
    (settings,) = [text for text in of(instructions, "ENV") if "UV_CONSTRAINT" in text]
    assert "UV_CONSTRAINT=requirements.lock" in settings
    assert "UV_BUILD_CONSTRAINT=requirements.lock" in settings
    installing = [run for run in of(instructions, "RUN") if "pip install" in run]
    assert installing
    assert all("/opt/uv/bin/uv pip install" in run for run in installing)


def test_only_what_an_image_needs_is_sent_to_the_engine() -> None:
    first, *kept = [
        line
        for line in (ROOT / ".dockerignore").read_text().splitlines()
        if line and not line.startswith(("#", "**"))
    ]
    assert first == "*"
    assert all(line.startswith("!") and (ROOT / line[1:]).exists() for line in kept)
    wheel = WheelBuilder(str(ROOT)).config
    shipped = (ROOT / path for path in (*wheel.only_include, *wheel.force_include))
    assert {f"!{path.relative_to(ROOT)}" for path in shipped} <= set(kept)
