"""A rule from its writing to its effect, in a real browser: tried, switched on, found, decided, read, undone."""

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import (
    PHONE,
    Product,
    assert_accessible,
    assert_fits,
    demo_with_room,
    join,
    wait_in_page,
)

FOUND_SECONDS = 60


@pytest.fixture
def slug(product: Product) -> str:
    return demo_with_room(product)


def write_rule(page: Page, slug: str) -> None:
    """One condition more than there is at first, by keyboard alone."""
    page.goto(f"/studies/{slug}/quality/rules")
    page.get_by_label("Name", exact=True).focus()
    page.keyboard.type("Quick and of few words")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    condition = page.locator("#conditions > li").first
    condition.locator("select[name=signal]").select_option("active_seconds")
    expect(condition).to_contain_text("seconds")
    condition.locator("input[name=value]").fill("900")
    page.get_by_role("button", name="Add a condition").press("Enter")
    second = page.locator("#conditions > li").nth(1)
    expect(second.locator("select[name=signal]")).to_be_focused()
    second.locator("select[name=signal]").select_option("n_words")
    second.locator("input[name=value]").fill("6")
    page.get_by_label("What the person reads").fill("Please tell us a little more about what you see.")
    page.get_by_role("button", name="Save and try on past answers").press("Enter")


def test_a_rule_from_its_writing_to_its_effect(product: Product, admin_page: Page, browser: Browser, slug: str) -> None:
    page = admin_page
    write_rule(page, slug)
    rule = page.locator("section.rule")
    expect(rule.locator(".trial-sentence")).to_contain_text("It would have flagged", timeout=90_000)
    expect(rule.locator(".trial-sentence")).to_contain_text("honest minority")
    assert_accessible(page)
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    assert_fits(page)
    assert_accessible(page)
    rule.get_by_role("button", name="Switch on").press("Enter")
    expect(rule.locator(".badge", has_text=re.compile("^on$"))).to_be_visible()

    person = browser.new_context(base_url=product.address).new_page()
    join(person, slug)
    expect(person.locator("main img").first).to_be_visible()
    person.keyboard.press("2")
    person.keyboard.type("so very green")
    person.keyboard.press("Enter")
    expect(person.locator("#saving-text")).to_have_text("Saved")

    item = page.locator(".review-list > li").first
    page.goto(f"/studies/{slug}/quality")
    is_listed = "async words => (await (await fetch(location.href)).text()).includes(words)"
    wait_in_page(page, is_listed, "so very green", FOUND_SECONDS)
    page.reload()
    expect(item).to_contain_text("so very green")
    expect(item).to_contain_text("Length: at most 6 words")
    assert_fits(page)
    assert_accessible(page)
    item.get_by_role("button", name="Set aside, ask another person").press("Enter")
    expect(page.get_by_text("is open for another person")).to_be_visible()
    expect(page.get_by_text("Nothing waits for you")).to_be_visible()
    assert_accessible(page)

    person.reload()
    expect(person.locator("#quality-notice")).to_contain_text("a little more about what you see")
    assert_accessible(person)
    person.get_by_role("link", name="Read it, and write back").press("Enter")
    expect(person.get_by_text("is kept, but not counted")).to_be_visible()
    person.get_by_label("Your words").fill("It was green, that is all I felt.")
    person.get_by_role("button", name="Send").press("Enter")
    expect(person.get_by_text("Not answered yet.")).to_be_visible()
    person.set_viewport_size(PHONE)  # type: ignore[arg-type]
    assert_fits(person)
    assert_accessible(person)

    page.reload()
    expect(page.get_by_text("It was green, that is all I felt.")).to_be_visible()
    page.get_by_role("button", name=re.compile("^Undo")).first.press("Enter")
    expect(page.get_by_text("The answer counts again.")).to_be_visible()
    page.goto(f"/studies/{slug}/quality/rules")
    rule.get_by_role("button", name="Remove").press("Enter")
    expect(page.get_by_text("No rules yet")).to_be_visible()
    person.context.close()
