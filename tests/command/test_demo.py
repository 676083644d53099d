from __future__ import annotations

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from tests.support.serving import serving
from verikit.commands import claimed
from verikit.commands.demo import _is_ready, write_index
from verikit.contract import load_contract
from verikit.exit_codes import Exit


class _Healthy(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def url() -> Iterator[str]:
    with serving(HTTPServer(("127.0.0.1", 0), _Healthy)) as server:
        yield f"http://127.0.0.1:{server.server_port}"


def test_readiness_is_asked_past_any_proxy(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    assert _is_ready(url)


def test_the_page_draws_the_claims_of_the_contract_beside_what_was_measured(tmp_path: Path) -> None:
    rows = claimed.curve().rows
    assert [(row.threshold, row.claimed) for row in rows] == list(load_contract().error_rates.rows)
    assert all(row.low <= row.median <= row.high for row in rows)
    places = [claimed.height_of(rate) for row in rows for rate in (row.claimed, row.low, row.high)]
    assert all(0 < place < claimed.HEIGHT - claimed.BOTTOM for place in places)
    write_index(
        tmp_path / "index.html",
        "http://127.0.0.1:1",
        "http://127.0.0.1:2",
        Exit.PASSED,
        Exit.FAILED,
    )
    page = (tmp_path / "index.html").read_text()
    assert page.count("<circle") == len(rows)
    assert "claimed 1 in 10,000, measured" in page
    assert "verikit mock --fault everybody-the-same --port 2<" in page
    assert f"verikit verify {tmp_path}/photos/collins.jpg" in page


@pytest.mark.parametrize(
    ("good", "bad", "word"),
    [
        (Exit.PASSED, Exit.FAILED, "As expected"),
        (Exit.PASSED, Exit.PASSED, "Not as expected"),
        (Exit.FAILED, Exit.FAILED, "Not as expected"),
    ],
)
def test_the_page_says_whether_all_went_as_expected(
    tmp_path: Path, good: Exit, bad: Exit, word: str
) -> None:
    write_index(tmp_path / "index.html", "http://127.0.0.1:1", "http://127.0.0.1:2", good, bad)
    assert f">{word}</span>" in (tmp_path / "index.html").read_text()
