"""Two fingers on the image of the task: Chromium's own touch events, on an emulated phone."""

import math
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, CDPSession, Page, expect

from tests.browser.conftest import PHONE, Product, assert_fits, demo_with_room, join
from tests.browser.taking_part import on_stage, wait_for_image

Points = list[tuple[float, float]]
STEPS = 8


@pytest.fixture
def phone(browser: Browser, product: Product) -> Iterator[Page]:
    context = browser.new_context(base_url=product.address, viewport=PHONE, has_touch=True, is_mobile=True)  # type: ignore[arg-type]
    page = context.new_page()
    join(page, demo_with_room(product))
    wait_for_image(page)
    yield page
    context.close()


def touch(session: CDPSession, kind: str, points: Points) -> None:
    named: list[dict[str, Any]] = [{"x": x, "y": y, "id": number} for number, (x, y) in enumerate(points)]
    session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": named})


def drag(page: Page, start: Points, end: Points) -> None:
    """Fingers go down one after the other, move together in small steps, and go up."""
    session = page.context.new_cdp_session(page)
    for n in range(1, len(start) + 1):
        touch(session, "touchStart", start[:n])
    for step in range(1, STEPS + 1):
        part = step / STEPS
        touch(
            session,
            "touchMove",
            [(a + (c - a) * part, b + (d - b) * part) for (a, b), (c, d) in zip(start, end, strict=True)],
        )
    touch(session, "touchEnd", [])
    session.detach()


def around(x: float, y: float, apart: float) -> Points:
    """Two fingers, so many pixels apart, on a slope."""
    across, down = apart / 2 * math.cos(0.5), apart / 2 * math.sin(0.5)
    return [(x - across, y - down), (x + across, y + down)]


def middle(page: Page, selector: str) -> tuple[float, float]:
    box = page.locator(selector).bounding_box()
    assert box
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def percent(page: Page) -> int:
    return int(str(page.locator("#zoom-level").text_content()).rstrip(" %"))


def page_scale(page: Page) -> float:
    return float(page.evaluate("visualViewport.scale"))


def test_two_fingers_on_the_enlarged_image_enlarge_it_where_they_are(phone: Page) -> None:
    key = on_stage(phone)
    phone.locator("#zoom").tap()
    expect(phone.locator("#picture-area")).to_be_visible()
    x, y = middle(phone, "#picture-area")
    held = (x + 60, y - 40)
    before = phone.locator("#picture-image").bounding_box()
    drag(phone, around(*held, 60), around(*held, 180))
    assert 285 <= percent(phone) <= 315
    after = phone.locator("#picture-image").bounding_box()
    assert before
    assert after
    # the same point of the image lies under the fingers
    assert (held[0] - after["x"]) / after["width"] == pytest.approx((held[0] - before["x"]) / before["width"], abs=0.02)

    drag(phone, [(x, y)], [(x - 90, y)])
    moved = phone.locator("#picture-image").bounding_box()
    assert moved
    assert moved["x"] == pytest.approx(after["x"] - 90, abs=12)
    assert moved["width"] == pytest.approx(after["width"], abs=1), "one finger moves"

    drag(phone, around(x, y, 240), around(x, y, 30))
    assert percent(phone) == 100
    assert page_scale(phone) == 1, "the page itself stays as it is"
    phone.get_by_role("button", name="Close").tap()
    expect(phone.locator("#picture-area")).to_be_hidden()
    assert on_stage(phone) == key


def test_two_fingers_on_the_stage_open_the_enlarged_image(phone: Page) -> None:
    x, y = middle(phone, "[data-frame]")
    drag(phone, around(x, y, 50), around(x, y, 125))
    expect(phone.locator("#picture-area")).to_be_visible()
    assert 230 <= percent(phone) <= 270
    assert page_scale(phone) == 1
    # the fingers are gone: one more moves and does not enlarge
    x, y = middle(phone, "#picture-area")
    before = percent(phone)
    drag(phone, [(x, y)], [(x + 40, y + 30)])
    assert percent(phone) == before
    drag(phone, around(x, y, 200), around(x, y, 40))
    assert percent(phone) == 100
    phone.get_by_role("button", name="Close").tap()
    expect(phone.locator("#picture-area")).to_be_hidden()
    # what was looked at is counted
    phone.get_by_role("radio").first.tap()
    phone.get_by_role("textbox").fill("the light on the water makes me feel calm and awake")
    with phone.expect_request(lambda request: request.method == "POST" and request.url.endswith("/responses")) as sent:
        phone.locator("#submit").tap()
    given = sent.value.post_data_json
    assert given
    assert given["signals"]["zoomed"] == 1


def test_one_finger_on_the_stage_scrolls_the_page_and_opens_nothing(phone: Page) -> None:
    x, y = middle(phone, "[data-frame]")
    phone.set_viewport_size({"width": 360, "height": 480})
    drag(phone, [(x, y)], [(x, y - 100)])
    expect(phone.locator("#picture-area")).to_be_hidden()
    phone.wait_for_function("() => scrollY > 0")
    assert_fits(phone)
