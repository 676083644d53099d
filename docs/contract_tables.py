"""The directive ``contract-table``: a table of openapi.yaml, so that no page repeats it."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective
from sphinx.util.typing import ExtensionMetadata

from verikit.contract import load_contract

CONTRACT = load_contract()
Rows = Iterable[tuple[object, ...]]


def parameters() -> Rows:
    """What a request holds."""
    yield "Parameter", "Type", "Required", "Default"
    for entry in CONTRACT.parameters.values():
        default = "" if entry.default is None else str(entry.default).lower()
        yield entry.name, entry.type, "yes" if entry.required else "no", default


def codes() -> Rows:
    """The system codes of refusals."""
    yield "Code", "Message", "Name", "HTTP status", "Meaning"
    for name in CONTRACT.check_order:
        entry = CONTRACT.codes[name]
        yield entry.code, entry.message, name, entry.status, entry.description


def statuses() -> Rows:
    """The HTTP statuses."""
    yield "HTTP status", "Reason", "Meaning"
    answers = CONTRACT.document["paths"][CONTRACT.path][CONTRACT.method.lower()]["responses"]
    for status, entry in CONTRACT.statuses.items():
        yield status, entry.reason or "", answers[str(status)]["description"]


def error_rates() -> Rows:
    """The documented table."""
    yield "Score at least", "Error rate"
    for threshold, rate in CONTRACT.error_rates.rows:
        yield f"{threshold:g}", f"1 in {1 / rate:,.0f}"


TABLES: dict[str, Callable[[], Rows]] = {
    table.__name__: table for table in (parameters, codes, statuses, error_rates)
}


class Table(SphinxDirective):
    """A table whose rows, the head first, are made where the page is built."""

    def rows(self) -> Rows:
        """The rows."""
        raise NotImplementedError

    def run(self) -> list[nodes.Node]:
        """The table as nodes."""
        head, *body = self.rows()
        group = nodes.tgroup(cols=len(head))
        group += [nodes.colspec(colwidth=1) for _ in head]
        group += nodes.thead("", _row(head))
        group += nodes.tbody("", *map(_row, body))
        return [nodes.table("", group, classes=["contract"])]


class ContractTable(Table):
    """``{contract-table} codes``."""

    required_arguments = 1

    def rows(self) -> Rows:
        """The table of this name."""
        return TABLES[self.arguments[0]]()


def _row(cells: tuple[object, ...]) -> nodes.row:
    texts = [nodes.paragraph(text=str(cell)) for cell in cells]
    return nodes.row("", *[nodes.entry("", text) for text in texts])


def setup(app: Sphinx) -> ExtensionMetadata:
    """Sphinx calls this."""
    app.add_directive("contract-table", ContractTable)
    return {"version": "1", "parallel_read_safe": True}
