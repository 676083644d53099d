"""The try-it page in a real browser, against the real server."""

import io
import json
import re
import subprocess
import sys
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageFilter

from tests.support.needs import missing, needs
from verikit.contract import load_contract
from verikit.portraits import head, jpeg

sync_api = pytest.importorskip(
    "playwright.sync_api", reason=missing("playwright", "nox -s browser")
)

pytestmark = [pytest.mark.live, pytest.mark.browser]

expect = sync_api.expect

CONTRACT = load_contract()
SECRETS = CONTRACT.encryption
STANDARDS = CONTRACT.photo_standards
FIRST, SECOND = (name for name, entry in CONTRACT.parameters.items() if entry.type == "string")

Page = Any
Visit = Callable[..., Page]
Photo = Callable[..., dict[str, Any]]


@pytest.fixture
def page(visit: Visit) -> Page:
    return visit(permissions=["clipboard-read", "clipboard-write"])


JUNK = {"name": "junk.jpg", "mimeType": "image/jpeg", "buffer": bytes(9)}


def pick_large(page: Page, count: int, *places: int) -> None:
    """Picks files of so many bytes, made in the browser: bringing them there takes seconds."""
    for place in places:
        page.locator("input[type=file]").nth(place).evaluate(
            """(input, count) => {
              const holder = new DataTransfer();
              holder.items.add(new File([new Uint8Array(count)], "large.jpg"));
              input.files = holder.files;
              input.dispatchEvent(new Event("change"));
            }""",
            count,
        )


def compare(page: Page, *photos: dict[str, Any]) -> None:
    for place, photo in zip(page.locator("input[type=file]").all(), photos, strict=False):
        place.set_input_files([photo])
    page.get_by_role("button", name="Compare").click()


def verdict(page: Page) -> Any:
    return expect(page.locator("#verdict"))


def blamed(page: Page) -> list[str | None]:
    return [card.get_attribute("data-name") for card in page.locator(".photo.refused").all()]


def row(page: Page) -> list[str]:
    return page.locator('#rates [aria-current="true"] th').all_inner_texts()


def test_two_photos_of_one_person(page: Page, photo: Photo) -> None:
    compare(page, photo(), photo(mirror=True, brightness=1.2))
    verdict(page).to_contain_text("Same person")
    answer = json.loads(page.locator("#answer").inner_text())
    score = answer["verification_score"]
    assert page.locator("#score").inner_text() == f"{int(score * 1000) / 1000:.3f}"
    threshold, rate = max(row for row in CONTRACT.error_rates.rows if row[0] <= score)
    assert row(page) == [str(threshold)]
    verdict(page).to_contain_text(f"score {threshold} or more is 1 in {round(1 / rate):,}.")
    expect(page.locator("#numbers")).to_contain_text(answer["request_id"])
    expect(page.locator("#numbers")).to_contain_text(re.compile(r"Response time\d+(\.\d)? m?s"))


def test_photos_of_two_people(page: Page, photo: Photo) -> None:
    compare(page, photo(), photo(of="hopper"))
    verdict(page).to_contain_text("Not the same person")
    verdict(page).to_contain_text("below 0.7")
    score = json.loads(page.locator("#answer").inner_text())["verification_score"]
    assert row(page) == [str(t) for t in CONTRACT.error_rates.thresholds if t <= score][-1:]


def test_two_photos_dropped_at_once(page: Page, photo: Photo) -> None:
    names = [photo(of=name)["name"] for name in ("collins", "hopper")]
    files = [b64encode(photo(of=name)["buffer"]).decode() for name in ("collins", "hopper")]
    transfer = page.evaluate_handle(
        """([names, files]) => {
          const transfer = new DataTransfer();
          files.forEach((text, i) => {
            const bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
            transfer.items.add(new File([bytes], names[i], {type: "image/jpeg"}));
          });
          return transfer;
        }""",
        [names, files],
    )
    page.locator("h1").dispatch_event("drop", {"dataTransfer": transfer})
    for card, name in zip(page.locator(".photo").all(), names, strict=True):
        expect(card).to_contain_text(name)
        expect(card.locator("img")).to_be_visible()
    compare(page)
    verdict(page).to_contain_text("Not the same person")


def choose_another(page: Page, photo: Photo) -> None:
    page.get_by_label("Second photo").first.set_input_files([photo(of="hopper")])


def remove(page: Page, _: Photo) -> None:
    page.get_by_role("button", name="Remove the first photo").click()


def switch(page: Page, _: Photo) -> None:
    page.get_by_label("check_quality").check()


def type_a_key(page: Page, _: Photo) -> None:
    page.get_by_text("Key and IV").click()
    page.get_by_label("Key").fill("k")


CHANGES = pytest.mark.parametrize("change", [choose_another, remove, switch, type_a_key])


@CHANGES
def test_a_verdict_goes_with_what_it_was_about(page: Page, photo: Photo, change: Any) -> None:
    compare(page, photo(), photo())
    verdict(page).to_contain_text("Same person")
    change(page, photo)
    verdict(page).to_have_text(re.compile(r"^\s*$"))
    expect(page.locator("#exchange")).to_be_hidden()
    assert row(page) == []


@CHANGES
def test_an_answer_about_what_is_no_longer_chosen_is_not_shown(
    page: Page, photo: Photo, change: Any
) -> None:
    page.route(f"**{CONTRACT.path}", lambda _: None)  # it answers never
    with page.expect_request(f"**{CONTRACT.path}"):
        compare(page, photo(), photo())
    with page.expect_event("requestfailed"):
        change(page, photo)
    expect(page.locator("#compare")).not_to_have_attribute("aria-disabled", "true")
    verdict(page).to_have_text(re.compile(r"^\s*$"))
    expect(page.locator("#exchange")).to_be_hidden()


NOBODY, COVERED, SMALL = {"of": "nobody"}, {"cover": "mask"}, {"width": 20, "height": 64}


@pytest.mark.parametrize(
    ("first", "second", "switches", "name", "which"),
    [
        ({}, NOBODY, [], "DETECTION_FAILED", SECOND),
        (NOBODY, JUNK, [], "INVALID_IMAGE_TYPE", SECOND),
        (SMALL, JUNK, [], "INVALID_IMAGE_TYPE", SECOND),
        (SMALL, NOBODY, [], "INVALID_IMAGE_SIZE", FIRST),
        ({}, COVERED, ["check_quality"], "FACE_OCCLUSION", SECOND),
    ],
    ids=["no-face", "wrong-type", "size-and-type", "size-and-no-face", "covered"],
)
def test_refusals_in_words(  # noqa: PLR0917 - a row of the table and fixtures
    page: Page, photo: Photo, first: Any, second: Any, switches: list[str], name: str, which: str
) -> None:
    for switch in switches:
        page.get_by_label(switch).check()
    compare(page, *(file if "buffer" in file else photo(**file) for file in (first, second)))
    entry = CONTRACT.codes[name]
    verdict(page).to_contain_text(entry.description)
    verdict(page).to_contain_text(which)
    expect(page.locator("#numbers")).to_contain_text(f"HTTP {entry.status}, code {entry.code}")
    assert blamed(page) == [which]


def test_a_key_of_someone_else(page: Page, photo: Photo) -> None:
    page.get_by_text("Key and IV").click()
    page.get_by_label("Key").fill("k" * SECRETS.key_characters)
    compare(page, photo(), photo())
    verdict(page).to_contain_text(CONTRACT.codes["INVALID_ARGUMENT"].description)
    verdict(page).to_contain_text("the server probably has a different key or IV")
    verdict(page).not_to_contain_text("First photo")
    expect(page.locator("#secrets")).to_have_attribute("open", "")
    expect(page.get_by_label("Key")).to_have_attribute("aria-invalid", "true")
    expect(page.locator(".photo.refused")).to_have_count(0)


def test_a_file_that_is_too_large(page: Page, photo: Photo) -> None:
    pick_large(page, STANDARDS.max_file_bytes + 1, 0)
    page.get_by_label("Second photo").first.set_input_files([photo()])
    compare(page)
    verdict(page).to_contain_text(CONTRACT.codes["INVALID_CONTENT_LENGTH"].description)
    assert blamed(page) == [FIRST]


def test_a_body_beyond_what_the_server_takes(page: Page) -> None:
    pick_large(page, STANDARDS.max_body_bytes * 3 // 8, 0, 1)
    compare(page)
    verdict(page).to_contain_text("The request body is larger than the server accepts.")
    expect(page.locator("#numbers")).to_contain_text("HTTP 413")


def test_a_server_that_is_gone(page: Page, photo: Photo) -> None:
    page.route(f"**{CONTRACT.path}", lambda route: route.abort())
    compare(page, photo(), photo())
    verdict(page).to_contain_text("The server did not respond.")


def test_a_photo_that_is_gone_is_said(page: Page, photo: Photo, tmp_path: Path) -> None:
    for place, label in enumerate(["First photo", "Second photo"]):
        file = tmp_path / f"{place}.jpg"
        file.write_bytes(photo()["buffer"])
        page.get_by_label(label).first.set_input_files(file)
    file.unlink()
    compare(page)
    verdict(page).to_contain_text("A photo could not be read.")
    verdict(page).to_contain_text("Choose it again")


@pytest.mark.parametrize("body", ["null", "[]", "7", "<html>"])
def test_an_answer_that_is_no_object_is_told_by_its_status(
    page: Page, photo: Photo, body: str
) -> None:
    page.route(f"**{CONTRACT.path}", lambda route: route.fulfill(status=502, body=body))
    compare(page, photo(), photo())
    verdict(page).to_contain_text("The server answered HTTP 502.")
    assert page.locator("#answer").inner_text() == body


@pytest.mark.parametrize("status", [500, 503])
def test_a_busy_server_is_not_a_broken_one(page: Page, photo: Photo, status: int) -> None:
    busy = {
        "status": status,
        "headers": {"Retry-After": "7"},
        "json": {"code": status, "message": "the server is busy", "request_id": "x"},
    }
    page.route(f"**{CONTRACT.path}", lambda route: route.fulfill(**busy))
    compare(page, photo(), photo())
    verdict(page).to_contain_text("The server is busy.")
    verdict(page).to_contain_text("the server is busy")
    verdict(page).to_contain_text("Ask again in 7 seconds.")


def test_a_clipboard_that_refuses_is_said(page: Page, photo: Photo) -> None:
    compare(page, photo(), photo())
    verdict(page).to_contain_text("Same person")
    page.evaluate("void (navigator.clipboard.writeText = () => Promise.reject())")
    page.get_by_role("button", name="Copy curl").click()
    expect(page.locator("#copied")).to_have_text("The browser does not allow this page to copy.")
    expect(page.locator("#copied")).not_to_have_class("visually-hidden")


@pytest.mark.parametrize(
    ("field", "value", "complaint"),
    [
        ("First photo", None, "Choose the first photo."),
        ("Second photo", None, "Choose the second photo."),
        ("Key", "short", f"Key must be {SECRETS.key_characters} ASCII characters."),
        (
            "IV",
            "ü" * SECRETS.iv_characters,
            f"IV must be {SECRETS.iv_characters} ASCII characters.",
        ),
    ],
)
def test_what_is_missing_or_wrong_is_said_before_anything_is_sent(
    page: Page, photo: Photo, field: str, value: str | None, complaint: str
) -> None:
    for label in {"First photo", "Second photo"} - {field}:
        page.get_by_label(label).first.set_input_files([photo()])
    if value is not None:
        page.get_by_text("Key and IV").click()
        page.get_by_label(field, exact=True).fill(value)
        page.get_by_text("Key and IV").click()
    compare(page)
    expect(page.get_by_role("alert").and_(page.locator("#complaint"))).to_contain_text(complaint)
    expect(page.get_by_label(field).first).to_be_focused()
    expect(page.locator("#exchange")).to_be_hidden()


def test_key_and_iv_are_neither_sent_nor_stored(page: Page, photo: Photo) -> None:
    sent: list[str] = []
    page.on("request", lambda request: sent.append(f"{request.url} {request.post_data}"))
    compare(page, photo(), photo())
    verdict(page).to_contain_text("Same person")
    assert any(FIRST in request for request in sent)
    for secret in (SECRETS.default_key, SECRETS.default_iv):
        assert not any(secret in request for request in sent)
    assert page.evaluate("[localStorage.length, sessionStorage.length, document.cookie]") == [
        0,
        0,
        "",
    ]


def copied(page: Page, photo: Photo, label: str) -> tuple[str, float]:
    """What the button copies of a comparison, and the score the page shows."""
    large = photo(width=1200, height=1200)
    compare(page, large, photo(of="hopper"))
    page.get_by_role("button", name=f"Copy {label}").click()
    expect(page.get_by_role("button", name=f"Copy {label}")).to_have_text("Copied")
    answer = json.loads(page.locator("#answer").inner_text())
    shown = page.locator(f"#{label.lower()}").inner_text()
    text = page.evaluate("navigator.clipboard.readText()")
    assert "more characters" in shown
    assert (len(shown) < 2000, len(text) > 100_000) == (True, True)
    return text, answer["verification_score"]


@needs("curl")
def test_the_copied_curl_repeats_the_request(page: Page, photo: Photo) -> None:
    script, score = copied(page, photo, "curl")
    ended = subprocess.run(
        ["/bin/sh"], input=script, capture_output=True, text=True, timeout=60, check=True
    )
    assert json.loads(ended.stdout)["verification_score"] == score


@needs("javac")
def test_the_copied_java_repeats_the_request(page: Page, photo: Photo, tmp_path: Path) -> None:
    source, score = copied(page, photo, "Java")
    program = tmp_path / "Verify.java"
    program.write_text(source)
    ended = subprocess.run(  # noqa: S603 - what the page wrote
        ["java", "-XX:TieredStopAtLevel=1", str(program)],  # noqa: S607 - wherever the JDK is
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    assert json.loads(ended.stdout)["verification_score"] == score


STREAMS = """
const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
window.streams = [];
navigator.mediaDevices.getUserMedia = async (wanted) => {
  const stream = await ask(wanted);
  streams.push(stream);
  return stream;
};
void 0;
"""


@pytest.mark.parametrize(("button", "taken"), [("Take the photo", True), ("Cancel", False)])
def test_the_camera_is_stopped_when_done(page: Page, button: str, taken: bool) -> None:
    page.evaluate(STREAMS)
    page.get_by_role("button", name="Camera for the second photo").click()
    page.get_by_role("dialog").get_by_role("button", name=button).click()
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(page.locator(".photo.filled")).to_have_count(int(taken))
    states = page.evaluate("streams.flatMap((s) => s.getTracks().map((t) => t.readyState))")
    assert states == ["ended"]


def test_a_camera_that_is_denied_is_said(page: Page) -> None:
    page.evaluate("void (navigator.mediaDevices.getUserMedia = () => Promise.reject())")
    page.get_by_role("button", name="Camera for the first photo").click()
    expect(page.locator("#complaint")).to_contain_text("The camera is not available")
    page.get_by_role("button", name="Two people").click()
    expect(page.locator("#complaint")).to_be_empty()


def test_samples_of_one_person_and_of_two(page: Page) -> None:
    page.get_by_role("button", name="One person").click()
    expect(page.locator(".photo").nth(1)).to_contain_text("mirrored.jpg")
    page.get_by_role("button", name="Compare").click()
    verdict(page).to_contain_text("Same person")
    page.get_by_role("button", name="Two people").click()
    expect(page.locator(".photo").nth(1)).to_contain_text("hopper.jpg")
    page.get_by_role("button", name="Compare").click()
    verdict(page).to_contain_text("Not the same person")


def test_what_the_server_looked_at_is_drawn(page: Page, photo: Photo) -> None:
    compare(page, photo(), photo(cover="mask"))
    first, second = page.locator("#seen figure").all()
    expect(first).to_contain_text("One face.")
    expect(second.locator(".warning").first).to_contain_text("Covered: ")
    drawn = (
        "canvas => canvas.getContext('2d').getImageData(0, 0, canvas.width, 1).data.some(x => x)"
    )
    assert first.locator("canvas").evaluate(drawn)


def test_a_photo_of_a_group_is_warned_of(page: Page, photo: Photo) -> None:
    group = Image.new("RGB", (800, 400))
    group.paste(head("collins", 400), (0, 0))
    group.paste(head("hopper", 320), (440, 40))
    file = {"name": "group.jpg", "mimeType": "image/jpeg", "buffer": jpeg(group)}
    compare(page, file, photo())
    warning = page.locator("#seen figure").first.locator(".warning")
    expect(warning).to_contain_text("2 faces: only the largest is compared.")


def test_a_refusal_says_which_photo_and_what_to_do(page: Page, photo: Photo) -> None:
    compare(page, photo(), photo(of="nobody"))
    verdict(page).to_contain_text("Second photo: ")
    verdict(page).to_contain_text("Use a photo in which the face is larger")
    expect(page.locator("#seen figure").nth(1)).to_contain_text("no face")
    expect(page.locator("#seen canvas").nth(1)).to_be_hidden()


def test_the_copied_python_repeats_the_request(page: Page, photo: Photo, tmp_path: Path) -> None:
    compare(page, photo(), photo(of="hopper"))
    page.get_by_role("button", name="Copy Python").click()
    script = tmp_path / "verify.py"
    script.write_text(page.evaluate("navigator.clipboard.readText()"))
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, check=True)  # noqa: S603
    score = json.loads(page.locator("#answer").inner_text())["verification_score"]
    assert json.loads(done.stdout)["verification_score"] == score


def test_a_poor_photo_is_told_with_its_cause(page: Page, photo: Photo) -> None:
    sharp = Image.open(io.BytesIO(photo()["buffer"]))
    file = io.BytesIO()
    sharp.filter(ImageFilter.GaussianBlur(sharp.width / 60)).save(file, "JPEG")
    compare(page, photo(), {**photo(), "buffer": file.getvalue()})
    first, second = page.locator("#seen figure").all()
    expect(second.locator(".warning").last).to_contain_text("Too blurred")
    expect(first.locator(".warning")).to_have_count(0)
