"""A server that keeps the contract, without the reference server's libraries."""

from collections.abc import Iterator

import pytest

from conformance.canary.server import serving
from conformance.canary.verifier import verify


@pytest.fixture(scope="session")
def good_url() -> Iterator[str]:
    with serving(verify) as url:
        yield url
