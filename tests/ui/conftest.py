"""The real server, started once, and a real browser in front of it."""

import io
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from conformance.requests.photos.portraits import draw
from conformance.requests.recipe import Photo
from tests.support.needs import missing

CHROMIUM = shutil.which("chromium")
ELSEWHERE = "page-of-no-secure-context.test"
SERVE = (
    *("-m", "verikit", "serve", "--port", "0", "--workers", "1"),
    *("--allowed-host", ELSEWHERE),
)
SWITCHES = (
    "--no-sandbox",  # root may not have one
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
    f"--host-resolver-rules=MAP {ELSEWHERE} 127.0.0.1",
)

WATCH = """
window.violations = [];
document.addEventListener("securitypolicyviolation",
  (event) => violations.push(`${event.violatedDirective} ${event.blockedURI}`));
"""


@pytest.fixture(scope="package")
def server() -> Iterator[str]:
    """The address of a server with the real engine."""
    with subprocess.Popen(  # noqa: S603 - our own command
        [sys.executable, *SERVE], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        try:
            assert process.stdout is not None
            said = [process.stdout.readline() for _ in range(3)]
            yield said[2].removeprefix("Try it: ").strip()
        finally:
            process.terminate()


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Ends with its file: as long as it runs, nothing else in this process can run asyncio."""
    if CHROMIUM is None:
        pytest.skip(missing("chromium"))
    from playwright.sync_api import expect, sync_playwright  # noqa: PLC0415 - else none are skipped

    expect.set_options(timeout=60_000)  # the machine may be busy
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=CHROMIUM, args=list(SWITCHES))
        yield running
        running.close()


@pytest.fixture
def visit(server: str, browser: Any) -> Iterator[Callable[..., Any]]:
    """Opens a page of the server; afterwards nothing may have gone elsewhere or been forbidden."""
    opened: list[tuple[Any, list[str], list[str]]] = []

    def open_page(path: str = "", host: str = "127.0.0.1", **how: Any) -> Any:
        context = browser.new_context(**how)
        context.add_init_script(WATCH)
        page, asked, failed = context.new_page(), [], []
        opened.append((page, asked, failed))
        page.on("request", lambda request: asked.append(request.url))
        page.on("pageerror", lambda error: failed.append(str(error)))
        page.goto(server.replace("127.0.0.1", host) + path)
        return page

    yield open_page
    for page, asked, failed in opened:
        origin = page.evaluate("origin")
        assert [url for url in asked if not url.startswith((f"{origin}/", "blob:"))] == []
        assert page.evaluate("violations") == []
        assert failed == []
        page.context.close()


@pytest.fixture(scope="session")
def photo() -> Callable[..., dict[str, Any]]:
    """A portrait as a browser picks it, by the words of a conformance recipe."""

    def make(**how: Any) -> dict[str, Any]:
        file = io.BytesIO()
        draw(Photo(**how)).save(file, "JPEG", quality=92)
        name = "-".join(map(str, how.values())) or "collins"
        return {"name": f"{name}.jpg", "mimeType": "image/jpeg", "buffer": file.getvalue()}

    return make
