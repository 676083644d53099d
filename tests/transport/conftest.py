from collections.abc import Callable
from pathlib import Path
from typing import Any

import anyio
import pytest

from tests.support.fronts import Certificates, certificates
from verikit.transport import Access, Address, Answer, Endpoint, Pool, Request
from verikit.transport.async_connection import AsyncPool

Ask = Callable[..., list[Answer]]


def ask_plainly(endpoint: Endpoint, *requests: Request) -> list[Answer]:
    with Pool(endpoint) as pool:
        return [pool.ask(request) for request in requests]


def ask_async(endpoint: Endpoint, *requests: Request) -> list[Answer]:
    async def run() -> list[Answer]:
        async with AsyncPool(endpoint) as pool:
            return [await pool.ask(request) for request in requests]

    return anyio.run(run)


@pytest.fixture(params=[ask_plainly, ask_async], ids=["plain", "async"])
def ask(request: pytest.FixtureRequest) -> Ask:
    """Asks over a pool of either kind, one request after the other."""
    asking: Ask = request.param
    return asking


@pytest.fixture(scope="session")
def files(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return certificates(tmp_path_factory.mktemp("certificates"))


def endpoint(url: str, *, access: Access | None = None, **how: Any) -> Endpoint:
    how = {"timeout": 5, **how}
    return Endpoint(address=Address.of(url), access=access or Access(), **how)


def post(size: int = 3, **how: Any) -> Request:
    how = {"method": "POST", "path": "/x", "content_type": "text/plain", **how}
    return Request(body=b"b" * size, **how)


@pytest.fixture(autouse=True)
def no_surroundings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Neither proxies nor certificates of the environment."""
    for name in ("http", "https", "all", "no"):
        for variable in (f"{name}_proxy", f"{name}_proxy".upper()):
            monkeypatch.delenv(variable, raising=False)
    for variable in ("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUEST_METHOD"):
        monkeypatch.delenv(variable, raising=False)
