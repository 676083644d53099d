"""Options for checking a server with ``pytest --pyargs conformance --server-url URL``.

Loaded by every pytest that finds the kit installed, so it imports nothing else of the kit.
"""

from __future__ import annotations

import pytest

_OPTIONS = {
    "--server-url": "the server to check, as in http://127.0.0.1:3000",
    "--key": "the server's key, if not the documented default",
    "--iv": "the server's IV, if not the documented default",
    "--server-profile": "what is known of the server: a file, or 'reference'",
    "--server-photos": "photos of your own, a folder for each person",
    "--server-waivers": "known failures: case, reason, until",
    "--server-release": "the frozen set of cases, by default the newest",
}


def pytest_addoption(parser: pytest.Parser) -> None:
    """What ``verikit check`` takes too."""
    group = parser.getgroup("verikit", "checking a face-verification server")
    for name, text in _OPTIONS.items():
        group.addoption(name, help=text)
    group.addoption("--fuzz-seed", type=int, default=0, help="repeats an earlier fuzzing")
    group.addoption("--fuzz-examples", type=int, default=60, help="depth of the fuzzing")


def pytest_configure(config: pytest.Config) -> None:
    """A marker for each level, as in ``-m MUST``."""
    for level in ("MUST", "SHOULD", "MAY"):
        config.addinivalue_line("markers", f"{level}: a case of this level (verikit)")
