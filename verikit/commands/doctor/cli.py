"""The command ``verikit doctor``."""

from __future__ import annotations

import json as json_format
from collections.abc import Iterator
from dataclasses import asdict

import click
from rich.console import Console
from rich.markup import escape

from verikit import options
from verikit.commands.doctor import machine
from verikit.commands.doctor.data import data
from verikit.commands.doctor.engine import engine
from verikit.commands.doctor.finding import Finding, State
from verikit.commands.doctor.installation import extras, python
from verikit.commands.doctor.secrets import secrets
from verikit.contract import load_contract
from verikit.exit_codes import Exit

COLOURS = {State.OK: "green", State.NOTE: "yellow", State.WRONG: "bold red"}


@click.command()
@click.option(
    "--port",
    type=click.IntRange(1, 65535),
    default=load_contract().port,
    show_default=True,
    help="The port for the server.",
)
@click.option("--json", is_flag=True, help="Print JSON.")
@click.pass_context
def doctor(ctx: click.Context, /, port: int, json: bool) -> None:
    """Find what keeps verikit from working on this machine, and how to fix it.

    \b
    Examples:
      verikit doctor
      verikit doctor --json

    Exit codes: 0 no problem (notes do not count), 1 a problem.
    """
    with Console(stderr=True).status("Checking; the engine takes some seconds"):
        findings = list(look(port))
    good = all(finding.state is not State.WRONG for finding in findings)
    if json:
        click.echo(
            json_format.dumps({"good": good, "findings": [asdict(found) for found in findings]})
        )
    else:
        show(findings)
    ctx.exit(Exit.PASSED if good else Exit.FAILED)


def look(port: int) -> Iterator[Finding]:
    """All checks, the cheapest first."""
    yield python()
    yield from extras()
    yield from secrets(options.secrets())
    yield machine.port(port)
    yield machine.processors()
    yield machine.memory()
    yield machine.folder()
    yield from data()
    yield from engine()


def show(findings: list[Finding]) -> None:
    """A line for each finding, advice below it, and a sentence."""
    console = Console(highlight=False)
    width = max(len(finding.check) for finding in findings)
    for finding in findings:
        state = f"[{COLOURS[finding.state]}]{finding.state:5}[/]"
        # Paths and commands are to be copied: the terminal breaks lines, not we.
        line = f"{state}  {finding.check:{width}}  {escape(finding.found)}"
        console.print(line, soft_wrap=True)
        if finding.advice:
            console.print(f"{'':{width + 9}}-> {escape(finding.advice)}", soft_wrap=True)
    wrong = [finding.check for finding in findings if finding.state is State.WRONG]
    console.print(
        f"\n[bold red]Problems: {', '.join(wrong)}.[/]" if wrong else "\nNo problems found."
    )
