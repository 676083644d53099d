"""Every report in a browser: no barrier, no request, no sideways scroll, keys alone."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from conformance.mock.faults import FAULTS
from conformance.mock.server import serving
from tests.support.needs import missing
from verikit.cli import main
from verikit.commands.demo import write_index
from verikit.exit_codes import Exit

axe = pytest.importorskip(
    "axe_playwright_python.sync_playwright",
    reason=missing("axe-playwright-python", "nox -s browser"),
)

pytestmark = [pytest.mark.live, pytest.mark.browser]

PAGES = ("check.html", "load.html", "rates/report.html", "index.html", "demo.html")
SIZES = {"desktop": (1200, 900), "phone": (390, 844)}


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One of each, the check with failures."""
    folder = tmp_path_factory.mktemp("reports")
    call = CliRunner().invoke
    with serving(FAULTS["second-photo-ignored"].judge) as url:
        words = ("--html", f"{folder}/check.html", "--json", f"{folder}/check.jsonl")
        call(main, ["check", url, "-k", "second-*-wrong", "-k", "first-missing", *words])
        load = ("load", url, "--duration", "2", "--warm-up", "0", "--html", f"{folder}/load.html")
        # In a process of its own: gevent changes the one that it is in.
        subprocess.run([sys.executable, "-m", "verikit", *load], check=False, timeout=120)  # noqa: S603
    rows = [f"{n}.jpg,{n + 1}.jpg,0.{n % 60:02},{n % 7 == 0}" for n in range(3000)]
    (folder / "scores.csv").write_text("\n".join(["first,second,score,mated", *rows]))
    call(main, ["calibrate", f"{folder}/scores.csv", "--out", f"{folder}/rates"])
    call(main, ["reports", str(folder)])
    write_index(
        folder / "demo.html",
        "http://127.0.0.1:3000",
        "http://127.0.0.1:3001",
        Exit.PASSED,
        Exit.FAILED,
    )
    return folder


@pytest.fixture(params=["light", "dark"])
def look(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", PAGES)
def test_a_report_works_for_everybody(
    reports: Path, browser: Any, name: str, size: str, look: str
) -> None:
    width, height = SIZES[size]
    context = browser.new_context(
        viewport={"width": width, "height": height}, color_scheme=look, is_mobile=size == "phone"
    )
    page, asked, said = context.new_page(), [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: said.append(message.text))
    page.goto((reports / name).as_uri())
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []
    assert [url for url in asked if url.startswith("file:")] == [(reports / name).as_uri()]
    assert said == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    found = axe.Axe().run(page).response["violations"]
    assert [(one["id"], one["nodes"][0]["html"]) for one in found] == []
    context.close()


@pytest.mark.parametrize("name", ["load.html", "rates/report.html", "demo.html"])
def test_charts_fit_a_phone_without_shrinking(reports: Path, browser: Any, name: str) -> None:
    page = browser.new_page(viewport={"width": 390, "height": 844})
    page.goto((reports / name).as_uri())
    charts = page.evaluate(
        """[...document.querySelectorAll("figure svg")].map(chart =>
           [chart.viewBox.baseVal.width, chart.getBoundingClientRect().width,
            chart.parentElement.scrollWidth - chart.parentElement.clientWidth])"""
    )
    assert charts
    for drawn, shown, hidden in charts:
        assert shown > 0.98 * drawn, "or its labels are smaller than they were drawn"
        assert hidden == 0
    page.close()


def test_a_link_opens_the_case_that_it_names(reports: Path, browser: Any) -> None:
    page = browser.new_page()
    page.goto((reports / "check.html").as_uri())
    link = page.locator(".chips a[href^='#case-']").first
    case = page.locator(f"id={link.get_attribute('href').removeprefix('#')}")
    assert not case.is_visible()
    link.focus()
    page.keyboard.press("Enter")
    case.locator("summary").wait_for(state="visible")
    page.close()


def test_a_filter_shows_what_it_names_alone(reports: Path, browser: Any) -> None:
    page = browser.new_page()
    page.goto((reports / "check.html").as_uri())
    page.get_by_role("searchbox").fill("first-missing")
    shown = page.locator("[id^='case-']:visible")
    shown.first.wait_for()
    assert [shown.nth(n).get_attribute("id") for n in range(shown.count())] == [
        "case-first-missing"
    ]
    page.close()


def test_the_index_links_what_is_there(reports: Path, browser: Any) -> None:
    page = browser.new_page()
    page.goto((reports / "index.html").as_uri())
    page.get_by_role("link", name="check.html").click()
    page.wait_for_url("**/check.html")
    assert json.loads((reports / "check.jsonl").read_text().splitlines()[-1])["exit_code"] == 1
    page.close()
