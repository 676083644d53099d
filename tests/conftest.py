"""Settings of all tests, and what several parts of them use."""

from collections.abc import Iterator

import pytest
from hypothesis import settings

from tests.support.live import Live, fake

# A machine may be slow or busy; no test is timed.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


@pytest.fixture(scope="session")
def fake_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """The real HTTP side in gunicorn, with an engine that answers at once; has url and port."""
    server = Live(tmp_path_factory.mktemp("fake"), fake())
    try:
        yield server
    finally:
        server.stop()
