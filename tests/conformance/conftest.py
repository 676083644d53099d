"""A server that keeps the contract, without the reference server's libraries."""

from collections.abc import Iterator

import pytest

from conformance.mock.faults import FAULTS
from conformance.mock.server import serving


@pytest.fixture(scope="session")
def good_url() -> Iterator[str]:
    with serving() as url:
        yield url


@pytest.fixture(scope="session")
def bad_url() -> Iterator[str]:
    with serving(FAULTS["second-photo-ignored"].judge) as url:
        yield url
