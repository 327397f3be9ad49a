"""From a study's page to a trained speaker, its words about a picture, three people who judge them, and the report."""

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import PHONE, Product, assert_accessible, assert_fits, demo_with_room, join, wait_in_page
from tests.browser.taking_part import wait_for_image
from tests.browser.test_whole_loop import pictures

TRAINED = """async ([slug, task]) => {
  const networks = (await (await fetch(`/api/v1/studies/${slug}/networks`)).json()).networks;
  return networks.some(network => network.task === task);
}"""
TITLE = "Who wrote this?"


def train(page: Page, slug: str, task: str) -> None:
    page.goto(f"/studies/{slug}/networks")
    page.locator(f"input[name=task][value={task}]").check()
    page.get_by_label("Epochs, at most").fill("1")
    with page.expect_navigation():
        page.locator("form:has(input[name=task]) button[type=submit]").first.click()
    wait_in_page(page, TRAINED, [slug, task], seconds=300)


@pytest.mark.timeout(900)
def test_a_speaker_is_trained_asked_and_judged(admin_page: Page, product: Product, browser: Browser) -> None:
    page, slug = admin_page, demo_with_room(product)
    for task in ("image_emotion", "speaker"):
        train(page, slug, task)

    # its words about a picture that nobody has seen
    page.goto(f"/studies/{slug}/feel")
    page.locator("input[type=file]").set_input_files(pictures()[0])
    page.get_by_role("button", name="Ask").click()
    expect(page.get_by_role("heading", name="Machine-written")).to_be_visible(timeout=60_000)
    expect(page.locator(".explanation.machine p").first).not_to_be_empty()
    assert_accessible(page)

    # a study out of its test split
    page.goto(f"/studies/{slug}/judged")
    page.get_by_label("Images, at most").fill("3")
    page.get_by_label("Title of the new study").fill(TITLE)
    page.get_by_role("button", name="Let the speaker write, and make the study").click()
    made = page.get_by_role("link", name=TITLE)
    expect(made).to_be_visible(timeout=180_000)
    judging = (made.get_attribute("href") or "").split("/")[2]
    trials = product.manage(
        "shell",
        "-v0",
        "-c",
        f"from annotation.models import Stimulus; rows = Stimulus.objects.filter(study__slug='{judging}'); "
        "print([(row.metadata, row.open_slots) for row in rows])",
    )
    assert trials.count("origins") == 3, trials
    page.goto(f"/studies/{judging}/setup")
    with page.expect_navigation():
        page.get_by_role("button", name=re.compile("^Open")).click()

    for number, viewport in enumerate((None, None, PHONE)):
        more = {"viewport": viewport, "has_touch": True} if viewport else {}
        context = browser.new_context(base_url=product.address, **more)  # type: ignore[arg-type]
        judge(context.new_page(), judging, "1234"[number])
        context.close()

    page.goto(f"/studies/{judging}/judged")
    page.get_by_role("button", name="Count the judgements").click()
    figure = page.get_by_role("figure").filter(has_text="Who passes for a person")
    expect(figure).to_be_visible(timeout=120_000)
    expect(page.get_by_text(re.compile("9 judgements of 3 trials on 3 images by 3 people"))).to_be_visible()
    assert_accessible(page)
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    assert_fits(page)


def judge(page: Page, slug: str, key: str) -> None:
    """Every trial, by one key and Enter."""
    join(page, slug)
    for number in range(3):
        wait_for_image(page)
        texts = page.locator(".step-texts dd")
        expect(texts).to_have_count(2)
        assert all(text.strip() for text in texts.all_inner_texts())
        if not number:
            assert_accessible(page)
            assert_fits(page)
        page.keyboard.press(key)
        page.keyboard.press("Enter")
        if number < 2:
            expect(page.locator("#saving-text")).to_have_text("Saved", timeout=60_000)
    page.wait_for_url("**/end")
