"""Every page around the images by keyboard alone: agreeing, about oneself, practice, care, second thoughts, leaving."""

from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.by_keyboard import focused, press, tab_to
from tests.browser.conftest import DESKTOP, Product
from tests.browser.taking_part import TEXT, expect_saved, on_stage, wait_for_image
from tests.browser.test_care import in_database, make, responses

SET_UP = """
from annotation.models import Stimulus, Study
from annotation.people.demographics import set_demographics
from annotation.training.change_practice import add_item, save_training
study = Study.objects.get(slug={slug!r})
set_demographics(
    study=study, is_on=True, moment="before", consent="We want to know whom we reached.",
    questions=[{{"ready": "gender"}}, {{"ready": "country"}}, {{"text": "Do you paint?", "options": ["yes", "no"]}}],
)
last = Stimulus.objects.filter(study=study).order_by("pk").last()
add_item(study=study, stimulus_name=last.key, feedback="People feel in many ways here.")
save_training(study=study, training={{"questions": [dict(
    question="Is there a right feeling?", right="No, feelings differ", wrong=["Yes, the one most people have"],
    explanation="People feel differently about the same image.")]}})
"""


@pytest.fixture
def study(product: Product) -> str:
    """With everything that a study may put before, between and after the images."""
    slug = make(
        product,
        "By keyboard alone",
        n=7,
        images={"0": {"strength_rated": 0.9}},
        others=["fear", "awe", "awe"],
        ask_mood=True,
        blur_strong=True,
        show_others=True,
        show_map=True,
        debriefing="We studied **calm**.",
        help_lines=[{"name": "Listening ear", "phone": "+44 (0)116 123", "place": "English"}],
    )
    product.manage("shell", "-v0", "-c", SET_UP.format(slug=slug))
    return slug


def ready(page: Page) -> None:
    expect(page.locator("html")).to_have_attribute("data-ready", "yes")


@pytest.mark.timeout(500)
def test_the_whole_way_by_keyboard_alone(page: Page, product: Product, study: str, browser: Browser) -> None:
    before_the_images(page, study)
    the_images(page, study)
    stopping_and_changing_ones_mind(page, product, study)
    coming_back_with_the_code(browser, product, study)


def before_the_images(page: Page, slug: str) -> None:
    page.goto(f"/s/{slug}/")
    press(page, "I agree and take part")
    page.wait_for_url("**/about-you")
    tab_to(page, "I would rather not say")
    page.keyboard.press("ArrowDown")
    expect(page.get_by_label("woman", exact=True)).to_be_checked()
    tab_to(page, "In which country")
    page.keyboard.type("Portu")
    expect(page.get_by_label("In which country")).to_have_value("PT")
    tab_to(page, "I would rather not say")
    page.keyboard.press("ArrowUp")
    expect(page.get_by_label("no", exact=True)).to_be_checked()
    press(page, "I agree; save my answers")
    page.wait_for_url("**/instructions")
    press(page, "Begin with the practice")

    page.wait_for_url("**/practice")
    ready(page)
    page.keyboard.press("2")
    expect(page.get_by_role("textbox")).to_be_focused()
    page.keyboard.type(TEXT)
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Go on")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="A few questions")).to_be_visible()
    tab_to(page, "feelings differ|most people")
    page.keyboard.press("Space")
    if "feelings differ" not in focused(page)["name"]:
        page.keyboard.press("ArrowDown")
    expect(page.get_by_label("No, feelings differ")).to_be_checked()
    press(page, "Send", "Space")

    page.wait_for_url("**/mood")
    tab_to(page, "very unpleasant")
    for _ in range(4):
        page.keyboard.press("ArrowRight")
    expect(page.get_by_label("very pleasant", exact=True)).to_be_checked()
    tab_to(page, "very calm")
    page.keyboard.press("Space")
    press(page, "Save and go on")
    page.wait_for_url("**/task")


def answer_and_see_how_others_felt(page: Page, emotion: str) -> str:
    page.keyboard.press(emotion)
    expect(page.get_by_role("textbox")).to_be_focused()
    page.keyboard.type(TEXT)
    key = on_stage(page)
    page.keyboard.press("Enter")
    others = page.get_by_role("dialog", name="How others felt")
    expect(others).to_be_visible()
    assert focused(page)["isShown"]
    page.keyboard.press("Enter")
    expect(others).to_be_hidden()
    next_image(page, key)
    return key


def next_image(page: Page, before: str) -> None:
    page.wait_for_function("key => document.querySelector('[data-frame]').dataset.stimulus !== key", arg=before)
    wait_for_image(page)


def the_images(page: Page, slug: str) -> None:
    ready(page)
    # the strong one is veiled, and what has the focus is the button to look at it
    expect(page.locator("#care-look")).to_be_focused()
    assert focused(page)["isShown"]
    page.keyboard.press("Enter")
    expect(page.locator("#care-veil")).to_be_hidden()
    wait_for_image(page)
    answer_and_see_how_others_felt(page, "3")

    key = on_stage(page)
    page.keyboard.press("Alt+k")
    dialog = page.get_by_role("dialog", name="Skip this image")
    expect(dialog).to_be_visible()
    press(page, "Stay here")
    expect(dialog).to_be_hidden()
    assert on_stage(page) == key
    page.keyboard.press("Alt+k")
    expect(page.get_by_label("did not load")).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(page.get_by_label("It is too upsetting")).to_be_checked()
    press(page, "^Skip")
    next_image(page, key)

    key = on_stage(page)
    page.keyboard.press("Alt+n")
    next_image(page, key)
    answer_and_see_how_others_felt(page, "2")

    page.keyboard.press("Alt+p")
    expect(page.locator("#revising")).to_be_visible()
    page.keyboard.press("Alt+g")
    expect(page.locator("#revising")).to_be_hidden()
    page.keyboard.press("Alt+p")
    expect(page.locator("#revising")).to_be_visible()
    page.keyboard.press("Alt+7")
    press(page, "Save the change")
    expect_saved(page)
    assert len(responses(page, slug)) == 2


def stopping_and_changing_ones_mind(page: Page, product: Product, slug: str) -> None:
    page.keyboard.press("Alt+q")
    page.wait_for_url("**/debriefing*")
    tab_to(page, "116 123")
    press(page, "I would rather not say")
    expect(page.get_by_role("heading", name="How do you feel now?")).to_have_count(0)
    press(page, "Copy the code")
    press(page, "Look at my answers")
    page.wait_for_url("**/answers")

    take_back = page.get_by_role("button", name="Take back Answer 2")
    tab_to(page, "^Take back$")
    expect(take_back).to_be_focused()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="Take back this answer?")
    expect(dialog).to_be_visible()
    press(page, "Keep it")
    expect(dialog).to_be_hidden()
    expect(take_back).to_be_focused()
    page.keyboard.press("Enter")
    expect(dialog.get_by_role("button", name="Take back")).to_be_focused()
    assert focused(page)["isShown"]
    page.keyboard.press("Enter")
    expect(page.locator("#taken-back")).to_be_focused()
    assert len(responses(page, slug)) == 1

    tab_to(page, "Messages", key="Shift+Tab")
    page.keyboard.press("Enter")
    page.wait_for_url("**/messages")
    page.go_back()
    press(page, "My data")
    page.wait_for_url("**/my-data")
    press(page, "Delete these answers")
    expect(page.get_by_text("What you said about yourself is deleted.")).to_be_visible()
    hers = f"DemographicAnswers.objects.filter(participation__study__slug={slug!r})"
    assert "PT" not in str(in_database(product, f"list({hers}.values_list('answers', flat=True))"))
    page.goto(f"/s/{slug}/end")
    press(page, "Look at more images")
    page.wait_for_url("**/task")


def coming_back_with_the_code(browser: Browser, product: Product, slug: str) -> None:
    last = f"Participation.objects.filter(study__slug={slug!r}).order_by('-pk')"
    code = in_database(product, f"{last}.first().withdrawal_code")
    context = browser.new_context(base_url=product.address, viewport=DESKTOP)  # type: ignore[arg-type]
    page = context.new_page()
    page.goto(f"/s/{slug}/return")
    tab_to(page, "Your code")
    page.keyboard.type(code)
    page.keyboard.press("Enter")
    page.wait_for_url("**/answers")
    press(page, "Take back everything …")
    expect(page.get_by_role("dialog", name="Take back all your answers?")).to_be_visible()
    expect(page.get_by_label("Yes, I want to take back")).to_be_focused()
    page.keyboard.press("Space")
    press(page, "^Take back everything$")
    farewell = page.get_by_role("heading", name="You took back everything")
    expect(farewell).to_be_focused()
    press(page, "What stays")
    page.wait_for_url("**/my-data")
    standing: Any = in_database(product, f"{last}.first().responses.filter(status='accepted').count()")
    assert standing == 0
    context.close()


def test_whoever_does_not_want_to_says_so_by_keyboard(page: Page, product: Product) -> None:
    slug = make(product, "No, thank you", n=2)
    page.goto(f"/s/{slug}/")
    press(page, "No, thank you")
    expect(page.get_by_role("button", name="I agree and take part")).to_have_count(0)
    assert in_database(product, f"Participation.objects.filter(study__slug={slug!r}).count()") == 0
