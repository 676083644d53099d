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


def pytest_itemcollected(item: pytest.Function) -> None:
    """Who asks one of these servers is live."""
    if {"good_url", "bad_url"} & set(item.fixturenames):
        item.add_marker("live")
