"""The directive ``load-table``: the load profiles and the gates, from where they are defined."""

from __future__ import annotations

from collections.abc import Callable

from contract_tables import Rows, Table
from sphinx.application import Sphinx
from sphinx.util.typing import ExtensionMetadata

from loadtests.profile import load_profile, profile_names
from loadtests.statistics.gates import LIMITS


def profiles() -> Rows:
    """The profiles that come with the kit."""
    yield "Profile", "Model", "What it is for"
    for name in profile_names():
        profile = load_profile(name)
        yield name, profile.model, profile.about


def gates() -> Rows:
    """The gates."""
    yield "Gate", "Limit on"
    for name, limit in LIMITS.items():
        yield name, f"{limit.about}, {'at most' if limit.at_most else 'at least'}"


TABLES: dict[str, Callable[[], Rows]] = {table.__name__: table for table in (profiles, gates)}


class LoadTable(Table):
    """``{load-table} profiles``."""

    required_arguments = 1

    def rows(self) -> Rows:
        """The table of this name."""
        return TABLES[self.arguments[0]]()


def setup(app: Sphinx) -> ExtensionMetadata:
    """Sphinx calls this."""
    app.add_directive("load-table", LoadTable)
    return {"version": "1", "parallel_read_safe": True}
