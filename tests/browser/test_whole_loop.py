"""The loop of a study in a browser: make, upload, annotate, watch, train, see, export, import elsewhere, compare."""

import io
import json
import re
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import (
    ADMIN_PASSWORD,
    PHONE,
    Product,
    choose_own_password,
    join,
    sign_in,
    start_product,
)

TITLE = "Colours and feelings"
N_IMAGES = 24
WORKING_SECONDS = 240_000  # milliseconds Playwright waits for a job


def pictures() -> list[dict[str, Any]]:
    """Plain pictures of two kinds, so that a small network has something to learn."""
    made = []
    for number in range(N_IMAGES):
        colour = (200, 40 + number, 30) if number % 2 else (30, 90 + number, 200)
        out = io.BytesIO()
        Image.new("RGB", (160, 120), colour).save(out, "PNG")
        made.append({"name": f"picture_{number:02d}.png", "mimeType": "image/png", "buffer": out.getvalue()})
    return made


def emotion_for(page: Page) -> str:
    """Red pictures anger, blue ones content: looked up on the screen, as a person would."""
    red = page.evaluate(
        """() => { const image = document.querySelector("main img"); const canvas = document.createElement("canvas");
        canvas.width = canvas.height = 1; const pen = canvas.getContext("2d"); pen.drawImage(image, 0, 0, 1, 1);
        const [r, , b] = pen.getImageData(0, 0, 1, 1).data; return r > b; }"""
    )
    return "5" if red else "3"


def answer_images(page: Page, slug: str, n: int) -> None:
    join(page, slug)
    for _ in range(n):
        image = page.locator("main img").first
        expect(image).to_have_attribute("src", re.compile("^/images/"))
        page.wait_for_function("document.querySelector('main img').complete")
        source = image.get_attribute("src")
        page.keyboard.press(emotion_for(page))
        page.keyboard.type("the plain colour of it fills me, simple as it is")
        page.keyboard.press("Enter")
        # saved: the next image is shown, or the end page after the last
        page.wait_for_function(
            "before => location.pathname.endsWith('/end') || (document.querySelector('main img')"
            " && document.querySelector('main img').getAttribute('src') !== before)",
            arg=source,
        )
        if page.url.endswith("/end"):
            return


def statistics(page: Page, slug: str) -> dict[str, Any]:
    found: dict[str, Any] = page.request.get(f"/api/v1/studies/{slug}/statistics").json()
    return found


def wait_for_responses(page: Page, n: int) -> None:
    """The dashboard shows the number by itself: the page is never reloaded here."""
    expect(page.locator("main")).to_contain_text(re.compile(rf"Responses\s*{n}\s*of {2 * N_IMAGES}"), timeout=30_000)


@pytest.mark.timeout(900)
def test_the_whole_loop(admin_page: Page, product: Product, browser: Browser, tmp_path: Path) -> None:
    page = admin_page

    # a study, made from the template
    page.get_by_role("link", name="New study").click()
    page.get_by_label("Title").fill(TITLE)
    page.get_by_role("button", name="Make the study").click()
    page.wait_for_url(re.compile(r"/studies/colours-and-feelings-\w+/setup"))
    slug = page.url.split("/studies/")[1].split("/")[0]
    page.get_by_label("Responses per image").fill("2")
    with page.expect_navigation():
        page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator("#messages")).to_contain_text("Saved")
    expect(page.get_by_label("Responses per image")).to_have_value("2")

    # its images
    page.goto(f"/studies/{slug}/stimuli")
    page.locator("input[type=file]").first.set_input_files(pictures())
    upload = page.get_by_role("button", name="Upload")
    if upload.is_visible():
        upload.click()
    expect(page.locator("main")).to_contain_text(f"{N_IMAGES} stimuli in this study", timeout=60_000)

    # open it, and watch its dashboard
    page.goto(f"/studies/{slug}/setup")
    with page.expect_navigation():
        page.get_by_role("button", name=re.compile("^Open")).click()
    page.goto(f"/studies/{slug}/")

    # two people, one on a desk, one on a phone
    for number, more in enumerate(({}, {"viewport": PHONE, "has_touch": True}), start=1):
        person = browser.new_context(base_url=product.address, **more)
        answer_images(person.new_page(), slug, N_IMAGES)
        person.close()
        wait_for_responses(page, number * N_IMAGES)
    alpha = statistics(page, slug)

    # learn from it
    page.goto(f"/studies/{slug}/networks")
    page.get_by_label("Epochs, at most").fill("6")
    page.get_by_role("button", name="Freeze and train").click()
    expect(page.locator("main")).to_contain_text("Version 1", timeout=WORKING_SECONDS)

    # what the network feels, beside the people
    stimuli = page.request.get(f"/api/v1/studies/{slug}/stimuli").json()
    key = stimuli["stimuli"][0]["key"]
    asked = page.request.post(
        f"/api/v1/studies/{slug}/predictions",
        data=json.dumps({"task": "image_emotion", "stimuli": [key]}),
        headers={"Content-Type": "application/json", "X-CSRFToken": csrf(page), "Referer": product.address},
        timeout=60_000,
    )
    assert asked.ok, asked.text()
    page.goto(f"/studies/{slug}/stimuli/{key}")
    prediction = page.get_by_role("heading", name="Image to emotions: version 1")
    for _ in range(30):  # the answers to all images are a job of their own
        if prediction.is_visible():
            break
        page.locator("body").evaluate("() => new Promise(done => setTimeout(done, 1000))")
        page.reload()
    expect(prediction).to_be_visible()

    # take everything away
    page.goto(f"/studies/{slug}/exports")
    page.get_by_label("Whole snapshot").check()
    page.get_by_role("button", name="Export", exact=True).click()
    link = page.get_by_role("link", name="Download").first
    expect(link).to_be_visible(timeout=60_000)
    with page.expect_download() as download:
        link.click()
    archive = tmp_path / "study.zip"
    download.value.save_as(archive)
    exported_id = product.manage("verify", str(archive)).strip()

    # an empty installation elsewhere
    elsewhere = start_product(tmp_path / "elsewhere")
    try:
        other = browser.new_context(base_url=elsewhere.address).new_page()
        choose_own_password(other, elsewhere)
        sign_in_if_needed(other)
        other.goto("/studies/import")
        other.locator("input[type=file]").set_input_files(archive)
        other.get_by_role("button", name="Import", exact=True).click()
        opened = other.get_by_role("link", name="Open the study").first
        expect(opened).to_be_visible(timeout=60_000)
        opened.click()
        other.wait_for_url(re.compile(r"/studies/colours-and-feelings-\w+/$"))
        wait_for_responses(other, 2 * N_IMAGES)
        imported = other.url.rstrip("/").rsplit("/", 1)[-1]
        assert elsewhere.manage("snapshot", imported).strip() == exported_id
        assert estimates(statistics(other, imported)) == estimates(alpha)
    finally:
        elsewhere.stop()


def estimates(found: dict[str, Any]) -> dict[str, Any]:
    """The figures themselves, without when and where they were counted."""
    return {name: value for name, value in found.items() if name in ("estimates", "label_totals", "n_responses")}


def csrf(page: Page) -> str:
    return next(cookie["value"] for cookie in page.context.cookies() if cookie["name"] == "csrftoken")


def sign_in_if_needed(page: Page) -> None:
    page.goto("/studies/")
    if "/account/login" in page.url:
        sign_in(page, "admin", ADMIN_PASSWORD)
        page.wait_for_url("**/studies/")
