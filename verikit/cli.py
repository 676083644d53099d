"""The ``verikit`` command: finds the part that does the work and loads no other."""

from __future__ import annotations

import importlib
import os
import sys
import traceback
from dataclasses import dataclass
from typing import Any, NoReturn

import click


@dataclass(frozen=True)
class Part:
    """A subcommand: where it lives, the extra that brings its libraries, and a line of help."""

    target: str
    extra: str
    help: str


PARTS = {
    "demo": Part("verikit.demo:demo", "all", "Start the reference server and check it."),
    "serve": Part("reference_server.cli:serve", "server", "Start the reference server."),
    "check": Part("conformance.cli:check", "conformance", "Check a server against the contract."),
    "calibrate": Part(
        "conformance.calibration.cli:calibrate",
        "conformance",
        "Judge a server's error-rate table by labelled pairs.",
    ),
    "datasets": Part(
        "conformance.calibration.cli:datasets", "conformance", "List and fetch labelled pairs."
    ),
    "load": Part("loadtests.cli:load", "load", "Find a server's limit and judge it."),
    "inspect": Part(
        "reference_server.inspect_cli:inspect", "server", "Show what the server sees in a photo."
    ),
    "fit": Part(
        "reference_server.fit_cli:fit", "fit", "Fit the score of a model to labelled people."
    ),
}


class _Parts(click.Group):
    """A group that imports a subcommand only when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(PARTS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        part = PARTS.get(cmd_name)
        return _load(cmd_name, part) if part else None

    def main(self, *args: Any, **kwargs: Any) -> Any:
        """Run; a defect of ours gets an exit code of its own, never the one of a failed server."""
        try:
            return super().main(*args, **kwargs)
        except Exception:
            traceback.print_exc()
            sys.exit(os.EX_SOFTWARE)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, part.help) for name, part in PARTS.items()])


def _load(name: str, part: Part) -> click.Command:
    module, _, attribute = part.target.partition(":")
    try:
        command = getattr(importlib.import_module(module), attribute)
    except ModuleNotFoundError as error:
        _refuse(name, part, error)
    assert isinstance(command, click.Command)  # noqa: S101 - tells the type checker
    return command


def _refuse(name: str, part: Part, error: ModuleNotFoundError) -> NoReturn:
    raise click.UsageError(
        f"`verikit {name}` needs {error.name}, which is not installed: "
        f"pip install 'verikit[{part.extra}]'"
    ) from error


@click.group(cls=_Parts, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="verikit")
def main() -> None:
    """Settle whether a face-verification server keeps its documented contract.

    \b
    Example:
      verikit serve                        start the reference server
      verikit check http://127.0.0.1:3000  check it, or any other server
    """
