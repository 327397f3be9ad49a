"""The pages beside the way, in each language: questions about oneself, practice, being sent away, no, a closed study.

Whatever stands there in English, too, was forgotten: only the study's own texts, all marked here, may be the same.
"""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.conftest import PHONE, Product
from tests.browser.test_every_page import look

OWN = "own text"  # the mark of what the study itself says, which nobody has translated
LANGUAGES = ("en", "fr", "es", "zh-hans", "ar")
MAKE = f"""
from annotation.models import PracticeItem, Stimulus, Study, StudyTexts
from annotation.people.demographics import set_demographics
from annotation.services.change_state import change_state
from annotation.services.create_study import create_study
from annotation.services.study_languages import change_languages
from annotation.training.change_practice import save_training
study = create_study(template="affective_explanation", title="{OWN} title", wanted_responses=60)
study = change_languages(study=study, own="en", others={LANGUAGES[1:]!r})
Stimulus.objects.create(study=study, key="k", name="{OWN}", source_dataset="words", rank=1, wanted=60, open_slots=60)
PracticeItem.objects.create(study=study, name="{OWN} to practise", feedback="{OWN} of feedback")
save_training(study=study, training={{"tries": 1, "screened_out": "{OWN} of thanks", "questions": [dict(
    question="{OWN}: which?", right="{OWN} right", wrong=["{OWN} wrong"], explanation="{OWN} why")]}})
set_demographics(study=study, is_on=True, moment="before", consent="{OWN} of consent",
                 questions=[{{"ready": "gender"}}, {{"ready": "education"}}])
print(change_state(study=study, state="open").slug)
"""
# What is read: pieces of text of two words and more.
TEXTS = """() => {
  const walker = document.createTreeWalker(document.querySelector('main'), NodeFilter.SHOW_TEXT);
  const found = [];
  while (walker.nextNode()) {
    const text = walker.currentNode.textContent.trim().replace(/\\s+/g, ' ');
    const isSpoken = !walker.currentNode.parentElement.closest('script, style, select, [lang]:not(html)');
    if (isSpoken && /\\p{L}{2}.*\\s.*\\p{L}{2}/u.test(text)) found.push(text);
  }
  return found;
}"""


@pytest.fixture(scope="module")
def slug(product: Product) -> str:
    return product.manage("shell", "-v0", "-c", MAKE).strip().splitlines()[-1]


@pytest.fixture(scope="module")
def in_english(browser: Browser, product: Product, slug: str) -> dict[str, set[str]]:
    return walk(browser, product, slug, "en")


@pytest.fixture
def open_again(product: Product, slug: str) -> Iterator[None]:
    yield
    set_state(product, slug, "open")


@pytest.mark.parametrize("language", LANGUAGES[1:])
@pytest.mark.usefixtures("open_again")
def test_nothing_is_left_in_english(
    browser: Browser, product: Product, slug: str, in_english: dict[str, set[str]], language: str
) -> None:
    read = walk(browser, product, slug, language)
    assert read.keys() == in_english.keys()
    left = {name: sorted(text for text in read[name] & texts if OWN not in text) for name, texts in in_english.items()}
    assert not any(left.values()), left


def walk(browser: Browser, product: Product, slug: str, language: str) -> dict[str, set[str]]:
    """{page: the texts on it}; every page is searched by axe, and none is wider than a phone."""
    context = browser.new_context(base_url=product.address, viewport=PHONE, has_touch=True)  # type: ignore[arg-type]
    page = context.new_page()
    wrong: list[str] = []
    found: dict[str, set[str]] = {}

    def read(name: str) -> None:
        expect(page.locator("html")).to_have_attribute("lang", language)
        found[name] = set(page.evaluate(TEXTS))
        look(page, f"{name} in {language}", "phone", wrong, picture=False)

    def send(css: str) -> None:
        page.locator(f"main {css}").first.click()

    page.goto(f"/s/{slug}/")
    page.locator(f".language-choice button[value={language}]").click()
    send("button[name=answer][value=no]")
    read("declined")
    page.goto(f"/s/{slug}/")
    send("button[name=answer][value=yes]")
    page.wait_for_url("**/about-you")
    read("about you")
    send("button[name=answer][value=no]")
    page.wait_for_url("**/instructions")
    read("instructions")
    page.goto(f"/s/{slug}/practice")
    expect(page.locator("html")).to_have_attribute("data-ready", "yes")
    read("practice")
    page.keyboard.press("2")
    page.get_by_role("textbox").fill(f"{OWN}: the calm water")
    send("#submit")
    read("feedback")
    send("[data-takes-focus]")
    read("questions")
    page.get_by_label(f"{OWN} wrong").check()
    send("form button[type=submit]")
    read("screened out")
    page.goto(f"/s/{slug}/my-data")
    read("my data")
    set_state(product, slug, "paused")
    context.clear_cookies(name=re.compile("^participation_"))
    page.goto(f"/s/{slug}/")
    read("paused")
    set_state(product, slug, "closed")
    page.goto(f"/s/{slug}/")
    read("closed")
    set_state(product, slug, "open")
    context.close()
    assert not wrong, "\n".join(wrong)
    return found


def set_state(product: Product, slug: str, state: str) -> None:
    script = (
        "from annotation.models import Study; from annotation.services.change_state import change_state; "
        f"study = Study.objects.get(slug={slug!r}); "
        f"study.state == {state!r} or change_state(study=study, state={state!r})"
    )
    product.manage("shell", "-v0", "-c", script)
