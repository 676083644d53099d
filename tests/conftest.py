"""Settings of all tests, and what several parts of them use."""

import runpy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

# A machine may be slow or busy; no test is timed.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

SERVER_TESTS = Path(__file__).with_name("server")


@pytest.fixture(scope="session")
def fake_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """The real HTTP side in gunicorn, with an engine that answers at once; has url and port."""
    started = runpy.run_path(str(SERVER_TESTS / "conftest.py"))
    server = started["Live"](tmp_path_factory.mktemp("fake"), started["fake"]())
    try:
        yield server
    finally:
        server.stop()
