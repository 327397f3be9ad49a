"""A newcomer's way in a real browser: practice with feedback, questions, the first real image, a check of attention."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Product, assert_accessible, assert_fits, demo_slug
from tests.browser.taking_part import answer, expect_saved, wait_for_image

SET_UP = """
from annotation.models import Stimulus, Study
from annotation.services.caps import set_limits
from annotation.training.change_practice import add_check, add_item, save_training
study = Study.objects.get(slug={slug!r})
first = Stimulus.objects.filter(study=study).order_by("pk").first()
add_item(study=study, stimulus_name=first.key, visible_words="lake, sky, light",
         feedback="People feel in many ways here. A good explanation **names what you see**.")
save_training(study=study, training={{"names_visible": True, "questions": [dict(
    question="Is there a right feeling?", right="No, feelings differ", wrong=["Yes, the one most people have"],
    explanation="People feel differently about the same image.")]}})
add_check(study=study, instruction="To show that this page is read: choose the first option and write the word blue.",
          wanted={{study.steps[1]["name"]: "blue"}})
set_limits(study=study, limits={{"attention_every": 5, "most_per_hour": 50}})
"""
TAKE_DOWN = """
from annotation.models import AttentionCheck, PracticeItem, Study
from annotation.services.caps import set_limits
study = Study.objects.get(slug={slug!r})
PracticeItem.objects.filter(study=study).delete()
AttentionCheck.objects.filter(study=study).delete()
set_limits(study=study, limits={{"attention_every": None, "most_per_hour": None}})
Study.objects.filter(pk=study.pk).update(training={{}})
"""


@pytest.mark.timeout(400)
def test_a_newcomer_practises_answers_and_reaches_the_first_real_image(page: Page, product: Product) -> None:
    slug = demo_slug(product)
    product.manage("shell", "-v0", "-c", SET_UP.format(slug=slug))
    try:
        newcomer(page, product, slug)
    finally:
        product.manage("shell", "-v0", "-c", TAKE_DOWN.format(slug=slug))


def newcomer(page: Page, product: Product, slug: str) -> None:
    page.goto(f"/s/{slug}/")
    page.get_by_role("button", name="I agree and take part").click()
    page.wait_for_url("**/instructions")
    expect(page.get_by_text("At most 50 images in an hour.")).to_be_visible()
    page.get_by_role("link", name="Begin with the practice").click()
    page.wait_for_url("**/practice")
    expect(page.locator("html")).to_have_attribute("data-ready", "yes")
    assert_accessible(page)
    assert_fits(page)
    # nothing chosen: the page says so and sends nothing
    page.get_by_role("button", name="Send").click()
    expect(page.locator("#step-emotion-error")).to_have_text("Choose one option.")
    page.keyboard.press("2")
    expect(page.get_by_role("radio").nth(1)).to_be_checked()
    page.get_by_role("textbox").fill("it just makes me feel warm inside somehow")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Name something that can be seen in the image")).to_be_visible()
    expect(page.get_by_text("People feel in many ways here.")).to_be_visible()
    expect(page.locator("html")).to_have_attribute("data-ready", "yes")
    # her words are still there to be changed
    expect(page.get_by_role("textbox")).to_have_value("it just makes me feel warm inside somehow")
    page.get_by_role("textbox").fill("the light over the lake makes me feel warm")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Go on")).to_be_visible()
    assert_accessible(page)
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_role("heading", name="A few questions")).to_be_visible()
    assert_accessible(page)
    page.get_by_label("Yes, the one most people have").check()
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_text("People feel differently about the same image.")).to_be_visible()
    page.get_by_label("No, feelings differ").check()
    page.get_by_role("button", name="Send").click()
    page.wait_for_url("**/task")
    wait_for_image(page)
    # within the first stretch of five answers the check comes, where an image would stand
    check = page.get_by_text("To show that this page is read")
    for number in range(7):
        if check.is_visible():
            break
        answer(page, f"real answer {number}: the sky is wide and calm")
        expect_saved(page)
    expect(check).to_be_visible()
    page.keyboard.press("1")
    page.get_by_role("textbox").fill("blue is the word I was asked for")
    page.keyboard.press("Enter")
    expect(check).to_be_hidden()
    expect_saved(page)
    said = product.manage(
        "shell", "-v0", "-c",
        "from annotation.models import AttentionAnswer, PracticeAnswer; "
        f"of_study = dict(participation__study__slug={slug!r}); "
        "print(AttentionAnswer.objects.filter(passed=True, **of_study).count(), "
        "PracticeAnswer.objects.get(**of_study).n_tries)",
    )  # fmt: skip
    assert said.split() == ["1", "2"]
