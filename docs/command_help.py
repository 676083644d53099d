"""What the pages say of commands, from the commands themselves, so that no page repeats it.

``command-help`` makes a section for each command, with what its --help prints; ``command-table``
lists the commands, ``exit-codes`` how they end.
"""

from __future__ import annotations

from collections.abc import Iterator

import click
from contract_tables import Table
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective
from sphinx.util.typing import ExtensionMetadata

from verikit.cli import PARTS, main
from verikit.exit_codes import MEANINGS

COLUMNS = 90


class CommandTable(Table):
    """``{command-table}``."""

    def rows(self) -> Iterator[tuple[object, ...]]:
        """Each command: what it does, and what it needs."""
        yield "Command", "What it does", "Installed with"
        for name, part in PARTS.items():
            yield name, part.help, f"verikit[{part.extra}]" if part.extra else "verikit"


class ExitCodes(Table):
    """``{exit-codes}``."""

    def rows(self) -> Iterator[tuple[object, ...]]:
        """Each exit code, and what it says."""
        yield "Code", "What it says"
        for code, meaning in MEANINGS.items():
            yield int(code), meaning


class CommandHelp(SphinxDirective):
    """``{command-help}``."""

    def run(self) -> list[nodes.Node]:
        """A section of each command, those of groups included."""
        return [_section(context) for context in contexts(main, None)]


def contexts(command: click.Command, parent: click.Context | None) -> Iterator[click.Context]:
    """The command, then those below it."""
    name = command.name if parent else "verikit"
    context = click.Context(command, info_name=name, parent=parent, terminal_width=COLUMNS)
    yield context
    if isinstance(command, click.Group):
        for each in command.list_commands(context):
            below = command.get_command(context, each)
            assert below is not None  # noqa: S101 - tells the type checker
            yield from contexts(below, context)


def _section(context: click.Context) -> nodes.section:
    path = context.command_path
    text = context.get_help()
    shown = nodes.literal_block(text, text, language="none")
    return nodes.section("", nodes.title(text=path), shown, ids=[nodes.make_id(path)], names=[path])


def setup(app: Sphinx) -> ExtensionMetadata:
    """Sphinx calls this."""
    app.add_directive("command-help", CommandHelp)
    app.add_directive("command-table", CommandTable)
    app.add_directive("exit-codes", ExitCodes)
    return {"version": "1", "parallel_read_safe": True}
