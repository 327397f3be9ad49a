"""By keyboard alone, from the welcome to the end; and what the page is for eyes, ears and habits of other kinds."""

import gzip

import pytest
from playwright.sync_api import Browser, Page, Response, expect

from tests.browser.by_keyboard import focused, tab_to
from tests.browser.conftest import PHONE, Product, assert_accessible, assert_fits, demo_with_room, join
from tests.browser.taking_part import TEXT, answer, answers_of, expect_saved, on_stage, wait_for_image, write

MOST_BYTES = 60_000


@pytest.fixture(scope="module")
def slug(product: Product) -> str:
    return demo_with_room(product)


def test_from_the_welcome_to_the_end_by_keyboard_alone(page: Page, slug: str) -> None:
    page.goto(f"/s/{slug}/")
    tab_to(page, "I agree and take part")
    page.keyboard.press("Enter")
    page.wait_for_url("**/instructions")
    tab_to(page, "Show me the first image")
    page.keyboard.press("Enter")
    page.wait_for_url("**/task")

    first = wait_for_image(page)
    assert focused(page)["tag"] == "FIELDSET", "the questions have the focus when an image comes"
    page.keyboard.press("3")
    expect(page.get_by_role("radio", name="Contentment")).to_be_checked()
    page.keyboard.type(TEXT)
    page.keyboard.press("Alt+5")
    expect(page.get_by_role("radio", name="Anger")).to_be_checked()
    page.get_by_role("textbox").press("Enter")
    expect_saved(page)
    assert wait_for_image(page) != first

    # the same once more with nothing but Tab, the arrow keys and Space
    tab_to(page, "Amusement")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("radio", name="Contentment")).to_be_checked()
    tab_to(page, "why|Why")
    page.keyboard.type(TEXT)
    tab_to(page, "Save and go on")
    page.keyboard.press("Space")
    expect_saved(page)
    assert len(answers_of(page, slug)) == 2

    page.keyboard.press("Alt+I")
    expect(page.get_by_role("dialog")).to_be_visible()
    tab_to(page, "My answers")
    page.keyboard.press("Enter")
    page.wait_for_url("**/answers")
    tab_to(page, "Change")
    page.keyboard.press("Enter")
    page.wait_for_url("**/task?revise=*")
    wait_for_image(page)
    expect(page.get_by_role("textbox")).to_have_value(TEXT)
    page.get_by_role("textbox").press("End")
    page.keyboard.type(", and so on")
    page.keyboard.press("Enter")
    page.wait_for_url("**/answers")
    expect(page.get_by_role("main")).to_contain_text("and so on")
    page.goto(f"/s/{slug}/end")
    tab_to(page, "Look at my answers")


def test_tab_goes_through_the_task_in_the_order_in_which_it_is_read(page: Page, slug: str) -> None:
    join(page, slug)
    wait_for_image(page)
    page.locator(".skip-link").focus()
    stops = tab_to(page, "Skip this image")
    names = [stop["name"] for stop in stops]
    order = ["Help", "Enlarge the image", "Amusement", "Save and go on", "Skip this image"]
    places = [next(n for n, name in enumerate(names) if wanted in name) for wanted in order]
    assert places == sorted(places), names


def test_every_key_of_the_page_is_written_where_it_acts(page: Page, slug: str) -> None:
    join(page, slug)
    answer(page)
    expect_saved(page)
    unseen = page.evaluate(
        """() => [...document.querySelectorAll('[data-key], [aria-keyshortcuts]')]
        .filter(each => each.checkVisibility() && !(each.closest('label') ?? each).querySelector('kbd, .option-key'))
        .map(each => each.outerHTML)"""
    )
    assert unseen == []
    letters = page.evaluate(
        """() => [...document.querySelectorAll('[data-key]')].filter(each => each.checkVisibility())
        .map(each => each.dataset.key)"""
    )
    single = [letter for letter in letters if letter.isalpha()]
    assert len(single) == len(set(single)), "two things want the same key"
    assert not set(single) & set("BDEFHSTV"), "Alt with this letter opens a menu of some browser"


def test_the_letters_act_with_alt_in_the_text_box_and_alone_outside(page: Page, slug: str) -> None:
    join(page, slug)
    first = wait_for_image(page)
    page.keyboard.press("k")
    expect(page.get_by_role("dialog", name="Skip this image")).to_be_visible()
    assert_accessible(page)
    page.keyboard.press("3")
    expect(page.get_by_role("radio", name="I cannot say")).to_be_checked()
    page.keyboard.press("Enter")
    expect(page.locator("#saving-text")).to_have_text("Skipped")
    assert wait_for_image(page) != first
    answer(page)
    write(page, "pkz")
    expect(page.get_by_role("textbox")).to_have_value("pkz")
    page.keyboard.press("Alt+P")
    expect(page.get_by_role("textbox")).to_have_value(TEXT)
    page.keyboard.press("Alt+G")
    expect(page.get_by_role("textbox")).to_have_value("pkz")


def test_single_keys_can_be_switched_off(page: Page, slug: str) -> None:
    join(page, slug)
    wait_for_image(page)
    page.keyboard.press("Alt+I")
    page.get_by_label("Digits and letters work without Alt").uncheck()
    page.keyboard.press("Escape")
    page.keyboard.press("k")
    page.keyboard.press("3")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.get_by_role("radio", checked=True)).to_have_count(0)
    page.keyboard.press("Alt+3")
    expect(page.get_by_role("radio", name="Contentment")).to_be_checked()


def test_the_image_is_enlarged_and_moved_by_keys_wheel_and_fingers(page: Page, slug: str) -> None:
    join(page, slug)
    key = wait_for_image(page)
    page.keyboard.press("Alt+Z")
    area = page.locator("#picture-area")
    expect(area).to_be_focused()
    assert focused(page)["isShown"]
    assert_accessible(page)
    page.keyboard.press("+")
    expect(page.locator("#zoom-level")).to_have_text("150 %")
    before = page.locator("#picture-image").bounding_box()
    page.keyboard.press("ArrowRight")
    after = page.locator("#picture-image").bounding_box()
    assert before
    assert after
    assert after["x"] < before["x"]
    page.keyboard.press("-")
    expect(page.locator("#zoom-level")).to_have_text("100 %")
    area.hover()
    page.mouse.wheel(0, -400)
    expect(page.locator("#zoom-level")).to_have_text("272 %")
    page.keyboard.press("0")
    area.dblclick()
    expect(page.locator("#zoom-level")).to_have_text("250 %")
    dragged = page.locator("#picture-image").bounding_box()
    page.mouse.down()
    page.mouse.move(500, 300)
    page.mouse.up()
    assert page.locator("#picture-image").bounding_box() != dragged
    page.keyboard.press("Escape")
    expect(area).to_be_hidden()
    assert on_stage(page) == key


def test_saved_and_waiting_are_announced(page: Page, slug: str) -> None:
    join(page, slug)
    wait_for_image(page)
    status = page.locator("#saving-text")
    expect(status).to_have_attribute("role", "status")
    answer(page)
    expect(status).to_have_text("Saved")
    page.context.set_offline(True)
    expect(status).to_contain_text("No connection")
    answer(page)
    expect(status).to_contain_text("kept on this device: 1.")
    page.context.set_offline(False)
    expect_saved(page)


def test_nothing_moves_where_motion_is_not_wanted_and_the_dark_is_dark(browser: Browser, product: Product) -> None:
    context = browser.new_context(base_url=product.address, reduced_motion="reduce", color_scheme="dark")
    page = context.new_page()
    join(page, demo_with_room(product))
    wait_for_image(page)
    moving = page.evaluate(
        """() => [...document.querySelectorAll('*')].filter(each => {
          const style = getComputedStyle(each);
          return parseFloat(style.transitionDuration) > 0.02 || parseFloat(style.animationDuration) > 0.02;
        }).map(each => each.outerHTML.slice(0, 80))"""
    )
    assert moving == []
    colour = page.evaluate("() => getComputedStyle(document.body).backgroundColor.match(/[0-9.]+/g).map(Number)")
    assert max(colour[:3]) < 60
    assert_accessible(page)
    context.close()


def test_on_an_upright_phone_all_is_in_reach_of_a_thumb(browser: Browser, product: Product, slug: str) -> None:
    context = browser.new_context(base_url=product.address, viewport=PHONE, has_touch=True, is_mobile=True)  # type: ignore[arg-type]
    page = context.new_page()
    join(page, slug)
    wait_for_image(page)
    assert_fits(page)
    image = page.locator("main img").first.bounding_box()
    button = page.locator("#submit").bounding_box()
    assert image
    assert button
    assert image["y"] + image["height"] < PHONE["height"] / 2
    assert button["y"] + button["height"] <= PHONE["height"], "the button is below the screen"
    assert button["y"] > PHONE["height"] / 2
    for target in page.locator("button:visible, a:visible, label.option:visible").all():
        box = target.bounding_box()
        assert box
        if "skip-link" in (target.get_attribute("class") or ""):
            continue
        assert min(box["width"], box["height"]) >= 43.9, (
            f"too small for a finger: {target.evaluate('e => e.outerHTML')}"
        )
    context.close()


def test_script_and_style_of_the_task_page_stay_small(page: Page, slug: str) -> None:
    """Everything that the page loads until it has been used, the worker included, each part compressed by itself."""
    parts: dict[str, int] = {}

    def weigh(response: Response) -> None:
        if response.request.resource_type in ("script", "stylesheet") and response.ok:
            parts[response.url] = len(gzip.compress(response.body(), 9))

    page.context.on("response", weigh)
    join(page, slug)
    parts.clear()
    page.reload()
    answer(page)
    expect_saved(page)
    page.wait_for_load_state("networkidle")
    assert len(parts) > 10
    assert sum(parts.values()) <= MOST_BYTES, parts
