"""After an answer, what a network wrote: one person is shown it and rates it, another is held out and sees nothing."""

import json
import re
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from tests.browser.conftest import PHONE, Product, assert_accessible, assert_fits, join
from tests.browser.taking_part import AWAY, expect_saved, on_stage, wait_for_image, write
from tests.browser.test_care import in_database, make

# every image gets a text for every label, as a speaker's job would have written them, and the study shows them
WRITE = """
from annotation.models import Study
from annotation.services.keep_machine_texts import Writer, keep_machine_texts
from annotation.services.set_machine_texts import set_machine_texts
study = Study.objects.get(slug={slug!r})
rows = [(s.pk, l["id"], f"the water looks so still that it gives {{l['id']}}") for s in study.stimuli.all()
        for l in study.labels]
keep_machine_texts(study=study, writer=Writer(1, 2, "grounded", True), texts=rows)
set_machine_texts(study=study, changes=dict(is_on=True, people_are_told=True, held_out_share=0.5))
"""
# the lot, until it falls so that the first of the two is shown texts and the other is held out
DRAW = """
from annotation.machine_texts.lot import drawn_share
from annotation.models import Study
study = Study.objects.get(slug={slug!r})
seed = next(seed for seed in range(1000) if drawn_share(seed, {shown!r}) >= 0.5 > drawn_share(seed, {held_out!r}))
study.machine_texts = dict(study.machine_texts, seed=seed)
study.save()
"""


def pseudonym(page: Page) -> str:
    return str(json.loads(str(page.locator("#config").text_content()))["participant"])


def turns(product: Product, person: str) -> list[list[Any]]:
    """[is shown, rating, whether she has answered] of each answer of hers, in order."""
    found: list[list[Any]] = in_database(
        product,
        "[[t.is_shown, t.rating, t.answered_at is not None] for t in MachineTextTurn.objects.filter("
        f"participation__annotator__pseudonym='{person}').order_by('pk')]",
    )
    return found


def n_answers(product: Product, person: str) -> int:
    return int(in_database(product, f"Response.objects.filter(participation__annotator__pseudonym='{person}').count()"))


def answer_and_see(page: Page) -> tuple[str, Locator]:
    """Answers what is on the stage; the key of its stimulus, and the window that then opens."""
    key = wait_for_image(page)
    dialog = page.get_by_role("dialog", name="Written by a computer")
    expect(dialog).to_be_hidden()
    write(page)
    page.keyboard.press("Enter")
    expect(dialog).to_be_visible(timeout=30_000)
    return key, dialog


def goes_on(page: Page, key: str) -> None:
    """The next image comes, and all that was given is brought home."""
    page.wait_for_function("key => document.querySelector('[data-frame]').dataset.stimulus !== key", arg=key)
    expect_saved(page)


@pytest.fixture
def phone(browser: Browser, product: Product) -> Any:
    context: BrowserContext = browser.new_context(base_url=product.address, viewport=PHONE, has_touch=True)  # type: ignore[arg-type]
    yield context.new_page()
    context.close()


def test_one_is_shown_what_a_network_wrote_and_another_is_held_out(
    phone: Page, admin_page: Page, browser: Browser, product: Product
) -> None:
    slug = make(product, "After an answer", n=6)
    product.manage("shell", "-v0", "-c", WRITE.format(slug=slug))
    context = browser.new_context(base_url=product.address)
    shown = context.new_page()
    join(shown, slug)
    join(phone, slug)
    anna, bo = pseudonym(shown), pseudonym(phone)
    product.manage("shell", "-v0", "-c", DRAW.format(slug=slug, shown=anna, held_out=bo))

    # only after the answer is saved; by keys
    assert "looks so still" not in shown.content()
    key, dialog = answer_and_see(shown)
    assert n_answers(product, anna) == 1
    expect(dialog).to_contain_text("A program, not a person, wrote this about the image and the feeling “Awe”")
    expect(dialog.get_by_role("blockquote")).to_have_text("the water looks so still that it gives awe")
    expect(dialog).to_contain_text("It has learned from answers of which some were simulated")
    assert on_stage(shown) == key
    assert_accessible(shown)
    shown.keyboard.press("Enter")
    expect(dialog).to_be_visible()  # nothing is chosen yet
    shown.keyboard.press("4")
    expect(dialog.get_by_role("radio", name="Largely")).to_be_checked()
    shown.keyboard.press("Enter")
    expect(dialog).to_be_hidden()
    goes_on(shown, key)
    assert turns(product, anna) == [[True, 4, True]]

    # the network goes away while she looks at it: the rating waits on the device
    _, dialog = answer_and_see(shown)
    context.set_offline(True)
    shown.keyboard.press("2")
    shown.keyboard.press("Enter")
    expect(shown.locator("#saving-text")).to_contain_text(AWAY)
    assert turns(product, anna)[1] == [True, None, False]
    context.set_offline(False)
    expect_saved(shown)
    assert turns(product, anna) == [[True, 4, True], [True, 2, True]]

    # passed over
    key, dialog = answer_and_see(shown)
    shown.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    goes_on(shown, key)
    assert turns(product, anna)[2] == [True, None, True]
    assert n_answers(product, anna) == 3

    # by touch, on a phone
    key, dialog = answer_and_see(shown)
    shown.set_viewport_size(PHONE)  # type: ignore[arg-type]
    assert_fits(shown)
    assert_accessible(shown)
    dialog.get_by_text("Fully").click()
    dialog.get_by_role("button", name="Rate it and go on").click()
    expect(dialog).to_be_hidden()
    goes_on(shown, key)
    assert turns(product, anna)[3] == [True, 5, True]

    # who is held out goes on at once, and nothing tells her
    for number in range(3):
        key = wait_for_image(phone)
        write(phone)
        phone.keyboard.press("Enter")
        goes_on(phone, key)
        expect(phone.locator("#machine-text")).to_be_hidden()
        assert len(turns(product, bo)) == number + 1
    assert turns(product, bo) == [[False, None, False]] * 3
    context.close()

    # what the researcher reads of it
    admin_page.goto(f"/studies/{slug}/rated-explanations")
    admin_page.get_by_role("button", name="Count the ratings").click()
    expect(admin_page.get_by_role("heading", name="Does seeing them change later answers?")).to_be_visible(
        timeout=120_000
    )
    expect(admin_page.get_by_text("So far nothing can be told")).to_be_visible()
    figure = admin_page.get_by_role("figure").filter(has_text=re.compile("How plausible: version 2"))
    expect(figure).to_contain_text("3.67")
    assert_accessible(admin_page)
    admin_page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    assert_fits(admin_page)
