"""The pages for every way to use a browser: keys, a phone, at night, read aloud."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.support.needs import missing

sync_api = pytest.importorskip(
    "playwright.sync_api", reason=missing("playwright", "nox -s browser")
)
axe = pytest.importorskip(
    "axe_playwright_python.sync_playwright",
    reason=missing("axe-playwright-python", "nox -s browser"),
)

pytestmark = [pytest.mark.live, pytest.mark.browser]

expect = sync_api.expect

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
ELSEWHERE = "page-of-no-secure-context.test"

Page = Any
Visit = Callable[..., Page]
Photo = Callable[..., dict[str, Any]]


def compare(page: Page, *photos: dict[str, Any]) -> None:
    page.locator("input[type=file]").first.set_input_files(photos)  # both at once
    page.get_by_role("button", name="Compare").click()
    expect(page.locator("#answer")).not_to_be_empty()


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def focused(page: Page) -> str:
    """Name of what has the focus, as a screen reader would say it."""
    return str(
        page.evaluate(
            """() => { const at = document.activeElement;
              return at.getAttribute("aria-label") ?? (at.labels?.[0] ?? at).innerText.trim() }"""
        )
    )


def test_keys_are_enough(visit: Visit, photo: Photo) -> None:
    page = visit()
    files = iter([photo(), photo(of="nobody")])
    page.on("filechooser", lambda chooser: chooser.set_files([next(files)]))
    press(page, "Tab")
    assert focused(page) == "Skip to the content"
    press(page, "Enter", "Tab")
    assert "First photo" in focused(page)
    press(page, "Enter")
    expect(page.locator(".photo.filled")).to_have_count(1)
    order = []
    for _ in range(3):
        press(page, "Tab")
        order.append(focused(page))
    assert order[:2] == ["Camera for the first photo", "Remove the first photo"]
    assert "Second photo" in order[2]
    press(page, "Enter")
    expect(page.locator(".photo.filled")).to_have_count(2)
    press(page, "Tab", "Tab", "Tab")
    assert focused(page) == "One person"
    press(page, "Tab", "Tab")
    assert focused(page).startswith("auto_rotate")
    press(page, "Space", "Tab", "Tab", "Tab")
    assert focused(page) == "Compare"
    press(page, "Enter")
    expect(page.get_by_role("status").first).to_contain_text("No face was found")
    expect(page.locator("#curl")).to_contain_text("auto_rotate=true")
    assert focused(page) == "Compare"


def test_a_closed_camera_gives_the_focus_back(visit: Visit) -> None:
    page = visit()
    camera = page.get_by_role("button", name="Camera for the first photo")
    camera.focus()
    press(page, "Enter")
    expect(page.get_by_role("dialog")).to_be_visible()
    press(page, "Escape")
    expect(camera).to_be_focused()
    expect(page.locator(".photo.filled")).to_have_count(0)


@pytest.mark.parametrize(
    ("scheme", "rules"), [("light", {}), ("dark", {"runOnly": ["color-contrast"]})]
)
def test_no_barrier_is_found(
    visit: Visit, photo: Photo, scheme: str, rules: dict[str, list[str]]
) -> None:
    page = visit(color_scheme=scheme, reduced_motion="reduce")
    page.get_by_text("Key and IV").click()
    compare(page, photo(), photo())
    expect(page.locator("#exchange")).to_be_visible()
    found = barriers(page, rules)
    compare(page, photo(), photo(of="nobody"))
    found += barriers(page, rules)
    found += barriers(visit("docs", color_scheme=scheme), rules)
    assert found == []


def barriers(page: Page, rules: dict[str, list[str]]) -> list[str]:
    """What axe finds, by rule and place."""
    results = axe.Axe().run(page, options=rules).response
    assert results["passes"]
    return [
        f"{violation['id']}: {node['target']}"
        for violation in results["violations"]
        for node in violation["nodes"]
    ]


@pytest.mark.parametrize("path", ["", "docs"])
def test_a_phone_never_scrolls_sideways(visit: Visit, photo: Photo, path: str) -> None:
    page = visit(path, **PHONE)
    assert overflow(page) == 0
    if not path:
        page.get_by_text("Key and IV").tap()
        compare(page, photo(), photo(of="hopper"))
        assert overflow(page) == 0
        expect(page.locator("#headline")).to_be_in_viewport()


def overflow(page: Page) -> int:
    # innerWidth would not do: phones zoom out until everything fits
    return int(page.evaluate("document.documentElement.scrollWidth - screen.width"))


def test_the_night_is_dark(visit: Visit) -> None:
    page = visit(color_scheme="light")
    by_day = brightness(page)
    page.emulate_media(color_scheme="dark")
    assert (by_day > 240, brightness(page) < 40) == (True, True)


def test_forced_colours_still_tell_on_from_off_and_mark_the_row(visit: Visit, photo: Photo) -> None:
    page = visit(forced_colors="active")
    switch = page.get_by_label("check_quality")
    off = switch.screenshot()
    switch.evaluate("(box) => void (box.checked = true)")
    assert switch.screenshot() != off
    switch.evaluate("(box) => void (box.checked = false)")
    compare(page, photo(), photo())
    outline = "(row) => getComputedStyle(row).outlineStyle"
    assert page.locator('#rates [aria-current="true"]').evaluate(outline) == "solid"


def brightness(page: Page) -> float:
    colour = page.evaluate("getComputedStyle(document.body).backgroundColor.match(/\\d+/g)")
    return sum(map(int, colour[:3])) / 3


def test_where_browsers_do_not_encrypt_the_page_says_so(visit: Visit) -> None:
    page = visit(host=ELSEWHERE)
    assert not page.evaluate("isSecureContext")
    expect(page.get_by_role("alert").first).to_contain_text("Browsers encrypt only")
    expect(page.get_by_role("button", name="Compare")).to_be_disabled()
    expect(page.get_by_role("button", name="Camera for the first photo")).to_be_hidden()
