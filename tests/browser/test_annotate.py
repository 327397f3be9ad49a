"""A person with a browser: keys, thumbs, bad networks, two tabs; nothing she wrote is lost, nothing is doubled."""

import json
import os
import re
import signal

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.browser.conftest import PHONE, Product, assert_accessible, assert_fits, demo_with_room, join
from tests.browser.taking_part import AWAY, TEXT, answers_of, expect_saved, wait_for_image, write


@pytest.fixture(scope="module")
def slug(product: Product) -> str:
    return demo_with_room(product)


def test_a_whole_answer_by_keyboard_alone(page: Page, slug: str) -> None:
    join(page, slug)
    first = wait_for_image(page)
    page.keyboard.press("2")
    expect(page.get_by_role("radio", name=re.compile("Awe"))).to_be_checked()
    page.keyboard.type(TEXT)
    page.keyboard.press("Enter")
    expect(page.locator("#saving-text")).to_have_text("Saved")
    assert wait_for_image(page) != first
    [saved] = answers_of(page, slug)
    assert saved["answers"] == {"emotion": "awe", "explanation": TEXT}
    assert_accessible(page)


def test_a_whole_answer_on_a_phone_by_touch(browser: Browser, product: Product, slug: str) -> None:
    context = browser.new_context(base_url=product.address, viewport=PHONE, has_touch=True, is_mobile=True)
    page = context.new_page()
    join(page, slug)
    wait_for_image(page)
    assert_fits(page)
    page.get_by_role("radio", name=re.compile("Fear")).tap()
    page.get_by_role("textbox").fill(TEXT)
    page.get_by_role("button", name="Save and go on").tap()
    expect(page.locator("#saving-text")).to_have_text("Saved")
    assert_accessible(page)
    assert len(answers_of(page, slug)) == 1
    context.close()


def test_a_draft_comes_back_after_a_reload(page: Page, slug: str) -> None:
    join(page, slug)
    wait_for_image(page)
    page.keyboard.press("5")
    page.keyboard.type(TEXT)
    page.reload()
    expect(page.get_by_role("textbox")).to_have_value(TEXT)
    expect(page.get_by_role("radio", name=re.compile("Anger"))).to_be_checked()
    assert answers_of(page, slug) == []


def test_an_answer_given_without_a_network_is_sent_later_once(page: Page, slug: str) -> None:
    join(page, slug)
    wait_for_image(page)
    page.keyboard.press("3")
    page.keyboard.type(TEXT)
    page.context.set_offline(True)
    page.keyboard.press("Enter")
    expect(page.locator("#saving-text")).to_contain_text(AWAY)
    page.context.set_offline(False)
    expect(page.locator("#saving-text")).to_have_text("Saved", timeout=40_000)
    assert len(answers_of(page, slug)) == 1


def test_an_answer_whose_reply_was_lost_is_kept_once(page: Page, slug: str) -> None:
    join(page, slug)
    wait_for_image(page)
    lost = []

    def lose_the_first_reply(route: object) -> None:
        if not lost and route.request.method == "POST":  # type: ignore[attr-defined]
            lost.append(route.fetch())  # type: ignore[attr-defined]  # the server has saved it ...
            route.abort()  # type: ignore[attr-defined]  # ... and the page never learns
        else:
            route.continue_()  # type: ignore[attr-defined]

    page.route("**/responses", lose_the_first_reply)
    page.keyboard.press("4")
    page.keyboard.type(TEXT)
    page.keyboard.press("Enter")
    expect(page.locator("#saving-text")).to_have_text("Saved", timeout=40_000)
    assert lost
    assert len(answers_of(page, slug)) == 1


def test_two_tabs_answer_one_image_once(page: Page, slug: str) -> None:
    join(page, slug)
    first = wait_for_image(page)
    other = page.context.new_page()
    other.goto(f"/s/{slug}/task")
    assert wait_for_image(other) == first
    for tab in (page, other):
        tab.bring_to_front()
        write(tab)
    for tab in (page, other):
        tab.bring_to_front()
        tab.keyboard.press("Enter")
        tab.wait_for_function("key => document.querySelector('[data-frame]').dataset.stimulus !== key", arg=first)
        expect_saved(tab)
    images = [answer["stimulus"]["key"] for answer in answers_of(page, slug)]
    assert images == [first]


def test_what_one_tab_has_answered_leaves_the_stage_of_the_other(page: Page, slug: str) -> None:
    join(page, slug)
    first = wait_for_image(page)
    other = page.context.new_page()
    other.goto(f"/s/{slug}/task")
    assert wait_for_image(other) == first
    page.bring_to_front()
    write(page)
    page.keyboard.press("Enter")
    expect(other.locator("[data-frame]")).not_to_have_attribute("data-stimulus", first)


def test_the_last_answer_can_be_changed(page: Page, slug: str) -> None:
    join(page, slug)
    wait_for_image(page)
    page.keyboard.press("6")
    page.keyboard.type(TEXT)
    page.keyboard.press("Enter")
    expect(page.locator("#saving-text")).to_have_text("Saved")
    page.get_by_role("button", name="Back to the last answer").click()
    expect(page.get_by_role("textbox")).to_have_value(TEXT)
    page.get_by_role("textbox").fill(TEXT + ", on second thought")
    page.get_by_role("textbox").press("Enter")
    expect(page.locator("#saving-text")).to_have_text("Saved")
    [saved] = answers_of(page, slug)
    assert saved["revision"] == 1
    assert saved["answers"]["explanation"].endswith("on second thought")  # type: ignore[index]


def test_an_image_can_be_skipped_with_a_reason(page: Page, slug: str) -> None:
    join(page, slug)
    first = wait_for_image(page)
    page.get_by_role("button", name="Skip this image").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    assert_accessible(page)
    page.get_by_role("dialog").get_by_role("radio").first.check()
    page.get_by_role("dialog").get_by_role("button", name=re.compile("Skip")).click()
    expect(page.locator("#saving-text")).to_have_text("Skipped")
    assert wait_for_image(page) != first
    assert answers_of(page, slug) == []


def test_too_short_an_answer_says_so_beside_the_field(page: Page, slug: str) -> None:
    join(page, slug)
    wait_for_image(page)
    page.keyboard.press("1")
    page.keyboard.type("nice")
    page.keyboard.press("Enter")
    expect(page.get_by_text(re.compile("at least 10 characters", re.IGNORECASE)).last).to_be_visible()
    expect(page.get_by_role("textbox")).to_have_value("nice")
    assert_accessible(page)
    assert answers_of(page, slug) == []


def test_killed_servers_cost_no_words(page: Page, product: Product, slug: str) -> None:
    """The web server and the database are killed while she writes; she presses Enter once, and it is saved once."""
    join(page, slug)
    wait_for_image(page)
    page.keyboard.press("2")
    page.keyboard.type(TEXT)
    pids = json.loads((product.data / "run.json").read_text())["pids"]
    for name in ("web", "postgres"):
        os.kill(pids[name], signal.SIGKILL)
    page.keyboard.press("Enter")
    expect(page.locator("#saving-text")).to_have_text("Saved", timeout=90_000)
    [saved] = answers_of(page, slug)
    assert saved["answers"] == {"emotion": "awe", "explanation": TEXT}


def test_words_of_an_input_method_count_once_as_typed(page: Page, product: Product, slug: str) -> None:
    """A phone's keyboard gives a word again with every letter, until it is done."""
    join(page, slug)
    wait_for_image(page)
    page.keyboard.press("2")
    expect(page.get_by_role("textbox")).to_be_focused()
    keyboard = page.context.new_cdp_session(page)
    for so_far in ("w", "wa", "wat", "wate", "water"):
        ends = len(so_far)
        keyboard.send("Input.imeSetComposition", {"text": so_far, "selectionStart": ends, "selectionEnd": ends})
    keyboard.send("Input.insertText", {"text": "water"})
    page.keyboard.type(" makes me feel small and quiet")
    page.keyboard.press("Enter")
    expect_saved(page)
    [saved] = answers_of(page, slug)
    words = saved["answers"]["explanation"]
    assert words == "water makes me feel small and quiet"
    script = (
        "from annotation.models import Response; "
        f"print(Response.objects.get(pk={saved['id']}).signals['explanation_typed_characters'])"
    )
    assert int(product.manage("shell", "-v0", "-c", script)) == len(words)


def test_an_answer_that_was_on_its_way_at_stop_is_sent_from_the_page_behind(page: Page, slug: str) -> None:
    join(page, slug)
    wait_for_image(page)
    write(page)
    never_answered: list[Route] = []
    page.route(
        re.compile("/responses$"), lambda route: route.continue_() if never_answered else never_answered.append(route)
    )
    with page.expect_request(re.compile("/responses$")):
        page.keyboard.press("Enter")
    page.keyboard.press("Alt+q")
    expect(page.get_by_role("heading", name="You can stop here")).to_be_visible()
    expect(page.get_by_text("Your answer is saved, and it counts.")).to_be_visible()
    expect(page.locator("#unsent")).to_be_hidden()
    assert page.url.endswith("/debriefing")
    assert [each["answers"]["explanation"] for each in answers_of(page, slug)] == [TEXT]
