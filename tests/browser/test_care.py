"""Care in a real browser: what comes before an image, beside it and after it, by keyboard alone."""

import json
import re
from typing import Any

from playwright.sync_api import Browser, Page, Route, expect

from tests.browser.conftest import (
    ADMIN_PASSWORD,
    DESKTOP,
    PHONE,
    Product,
    assert_accessible,
    assert_fits,
    demo_slug,
    sign_in,
    wait_in_page,
)

TEXT = "the calm water makes me feel small and quiet"

# A study with the demo's photographs in the order of their names, and what three people said about each of them.
MAKE = """
import json, uuid
from annotation.models import Annotator, Participation, Stimulus, Study
from annotation.models.study import consent_hash
from annotation.care.strength import mark_strong
from annotation.services.assign import assign_ahead
from annotation.services.change_state import change_state
from annotation.services.create_study import create_study, update_study
from annotation.services.join_study import join_study
from annotation.services.submit_response import submit_response
given = json.loads({given!r})
study = create_study(title=given["title"], template="affective_explanation", wanted_responses=50)
demo = Study.objects.get(is_demo=True)
for number, known in enumerate(demo.stimuli.exclude(image_sha256="").order_by("name")[: given["n"]]):
    stimulus = Stimulus(
        study=study, key=known.key, name=known.name, description=known.description, image_sha256=known.image_sha256,
        width=known.width, height=known.height, rank=number + 1, wanted=50, open_slots=50,
        **given["images"].get(str(number), {{}}),
    )
    stimulus.save()
study = change_state(study=study, state="open")
for feeling in given["others"]:
    person = join_study(study=study, agreed_hash=consent_hash(study.consent), annotator=Annotator.objects.create())
    while held := assign_ahead(participation=person, study=study):
        submit_response(
            study=study, participation=person, assignment_id=held[0].id, client_key=uuid.uuid4(),
            answers={{"emotion": feeling, "explanation": "the wide and quiet water in it"}},
        )
study = update_study(study=study, care=given["care"], order="finish_first")
mark_strong(study)
print(study.slug)
"""


def make(product: Product, title: str, *, n: int = 6, images: Any = None, others: Any = (), **care: Any) -> str:
    """The address of a new study with this care."""
    given = {"title": title, "n": n, "images": images or {}, "others": list(others), "care": care}
    return product.manage("shell", "-v0", "-c", MAKE.format(given=json.dumps(given))).strip().splitlines()[-1]


def responses(page: Page, slug: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = page.request.get(f"/api/v1/studies/{slug}/responses").json()["responses"]
    return found


def in_database(product: Product, expression: str) -> Any:
    """A value out of the product, as JSON."""
    script = f"import json; from annotation.models import *; print(json.dumps({expression}))"
    return json.loads(product.manage("shell", "-v0", "-c", script).strip().splitlines()[-1])


def agree(page: Page, slug: str) -> None:
    page.goto(f"/s/{slug}/")
    page.get_by_role("button", name="I agree and take part").click()
    page.wait_for_url("**/instructions")


def begin(page: Page, slug: str) -> None:
    agree(page, slug)
    page.get_by_role("link", name="Show me the first image").click()
    page.wait_for_url("**/task")
    expect(page.locator("html")).to_have_attribute("data-ready", "yes")


def image_name(page: Page) -> str:
    return str(page.locator("#stage img").get_attribute("src"))


def answer_by_keys(page: Page, digit: str = "2") -> None:
    page.keyboard.press(digit)
    page.keyboard.type(TEXT)
    page.keyboard.press("Enter")


STRONG = {"0": {"strength_rated": 0.9}, "2": {"content_note": "a glass of spirits"}}


def test_a_strong_image_stays_blurred_until_one_looks(page: Page, product: Product) -> None:
    slug = make(product, "Blurred", images=STRONG, blur_strong=True)
    begin(page, slug)
    veil = page.get_by_role("group", name="Do you want to look at this image?")
    expect(veil).to_be_visible()
    expect(page.get_by_role("button", name="Look at the image")).to_be_focused()
    assert "blur" in str(page.locator("#stage img").evaluate("image => getComputedStyle(image).filter"))
    assert_accessible(page)
    assert_fits(page)
    # nothing can be answered, enlarged or read aloud before
    page.keyboard.press("2")
    page.keyboard.press("Alt+z")
    expect(page.get_by_role("radio", name=re.compile("Awe"))).not_to_be_checked()
    expect(page.locator("#picture")).to_be_hidden()
    assert page.locator("[data-frame]").evaluate("frame => frame.inert")
    expect(page.get_by_role("button", name="Look at the image")).to_be_focused()
    page.keyboard.press("Enter")
    expect(veil).to_be_hidden()
    assert page.locator("#stage img").evaluate("image => getComputedStyle(image).filter") == "none"
    answer_by_keys(page)
    expect(page.locator("#saving-text")).to_have_text("Saved")
    [saved] = responses(page, slug)
    signals = in_database(product, f"Response.objects.get(pk={saved['id']}).signals")
    assert (signals["blurred"], signals["revealed"]) == (True, True)
    assert signals["reveal_after_ms"] > 0
    # the next one is mild, and says nothing of it
    expect(veil).to_be_hidden()
    answer_by_keys(page)
    # the third has a note of its own
    expect(veil).to_contain_text("a glass of spirits")
    expect(page.locator("#saving-text")).to_have_text("Saved")
    newest = responses(page, slug)[0]
    assert "blurred" not in in_database(product, f"Response.objects.get(pk={newest['id']}).signals")


def test_not_this_one_is_one_key_and_has_no_consequence(page: Page, product: Product) -> None:
    slug = make(product, "Not this one", images=STRONG, blur_strong=True)
    begin(page, slug)
    expect(page.get_by_role("group", name="Do you want to look at this image?")).to_be_visible()
    first = image_name(page)
    page.keyboard.press("Alt+n")
    expect(page.locator("#stage img")).not_to_have_attribute("src", first)
    second = image_name(page)
    expect(page.locator("#care-veil")).to_be_hidden()
    page.keyboard.press("n")  # outside the text box the letter is enough
    expect(page.locator("#stage img")).not_to_have_attribute("src", second)
    expect(page.locator("#saving-text")).to_have_text("Skipped")
    counted = f"Assignment.objects.filter(study__slug='{slug}', state='skipped', skip_reason='not_this_one').count()"
    assert in_database(product, counted) == 2


def test_the_note_of_a_study_and_of_an_image_come_first(page: Page, product: Product) -> None:
    slug = make(product, "Notes", images={"0": {"content_note": "many acorns"}}, content_note="You may meet *acorns*.")
    page.goto(f"/s/{slug}/")
    expect(page.get_by_role("heading", name="What you may meet")).to_be_visible()
    assert_accessible(page)
    begin(page, slug)
    expect(page.locator("#care-note")).to_have_text("many acorns")
    expect(page.locator("#heard")).to_have_text("many acorns")
    expect(page.locator("#care-veil")).to_be_hidden()
    assert_accessible(page)


def test_a_theme_is_left_out_by_keyboard_in_the_midst_of_an_answer(page: Page, product: Product) -> None:
    slug = make(
        product, "Themes", images={"1": {"themes": ["drinks"]}, "3": {"themes": ["drinks"]}}, theme_opt_out=True
    )
    agree(page, slug)
    expect(page.get_by_role("group", name="Images of these themes shall not come to me:")).to_be_visible()
    assert_accessible(page)
    page.get_by_role("link", name="Show me the first image").click()
    page.wait_for_url("**/task")
    expect(page.locator("html")).to_have_attribute("data-ready", "yes")
    expect(page.locator("#progress-text")).to_have_text(re.compile("0 of about 6"))
    page.keyboard.press("2")
    page.keyboard.type(TEXT)
    page.keyboard.press("Alt+i")
    assert_accessible(page)
    page.get_by_role("checkbox", name="drinks").focus()
    page.keyboard.press("Space")
    page.get_by_role("button", name="Save my choice").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#progress-text")).to_have_text(re.compile("0 of about 4"))
    expect(page.get_by_role("textbox")).to_have_value(TEXT)
    for _ in range(4):
        before = image_name(page)
        page.get_by_role("radio", name=re.compile("Awe")).focus()
        if not page.get_by_role("textbox").input_value():
            answer_by_keys(page)
        else:
            page.get_by_role("button", name="Save and go on").click()
        expect(page.locator(f'#stage img[src="{before}"]')).to_have_count(0)
    page.wait_for_url("**/end")
    names = f"list(Response.objects.filter(study__slug='{slug}').values_list('stimulus__themes', flat=True))"
    assert in_database(product, names) == [[], [], [], []]


def test_strong_images_are_spaced(page: Page, product: Product) -> None:
    strong = {str(number): {"strength_rated": 1} for number in (0, 1)}
    slug = make(product, "Spaced", images=strong, others_between_strong=2)
    begin(page, slug)
    for _ in range(4):
        before = image_name(page)
        answer_by_keys(page)
        expect(page.locator("#stage img")).not_to_have_attribute("src", before)
    expect(page.locator("#saving-text")).to_have_text("Saved")
    seen = in_database(
        product,
        f"[s for s in Response.objects.filter(study__slug='{slug}').order_by('pk')"
        ".values_list('stimulus__is_strong', flat=True)]",
    )
    assert seen == [True, False, False, True]


def test_a_break_is_offered_and_put_off_and_never_stands_in_the_way(page: Page, product: Product) -> None:
    slug = make(product, "Breaks", break_images=1)
    begin(page, slug)
    offer = page.locator("#care-break")
    expect(offer).to_be_hidden()
    answer_by_keys(page)
    expect(offer).to_contain_text("Images since your last break: 1")
    assert_accessible(page)
    first = image_name(page)
    answer_by_keys(page)  # one answers on as if nothing were there
    expect(page.locator("#stage img")).not_to_have_attribute("src", first)
    page.keyboard.press("Alt+x")
    expect(offer).to_be_hidden()
    answer_by_keys(page)
    expect(offer).to_be_visible()
    page.keyboard.press("Alt+y")
    expect(page.get_by_role("dialog", name="Take your time")).to_be_visible()
    assert_accessible(page)
    page.keyboard.press("Enter")
    expect(offer).to_be_hidden()
    expect(page.locator("#saving-text")).to_have_text("Saved")
    uses = f"dict(CareUse.objects.filter(participation__study__slug='{slug}').values_list('kind', 'n'))"
    assert in_database(product, uses) == {"break_offered": 2, "break_postponed": 1, "break_taken": 1}


def test_mood_is_asked_before_and_stop_leads_to_help_and_asks_after(page: Page, product: Product) -> None:
    slug = make(
        product,
        "Mood",
        ask_mood=True,
        debriefing="We studied **calm**.",
        help_lines=[{"name": "Listening ear", "phone": "+44 (0)116 123", "place": "English"}],
    )
    agree(page, slug)
    page.get_by_role("link", name="Show me the first image").click()
    page.wait_for_url("**/mood")
    assert_accessible(page)
    assert_fits(page)
    page.get_by_role("radio", name="rather pleasant").focus()
    page.keyboard.press("Space")
    page.get_by_role("button", name="Save and go on").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/task")
    expect(page.locator("html")).to_have_attribute("data-ready", "yes")
    answer_by_keys(page)
    expect(page.locator("#saving-text")).to_have_text("Saved")
    page.keyboard.press("Alt+q")
    page.wait_for_url("**/debriefing*")
    expect(page.get_by_role("heading", name="You can stop here")).to_be_visible()
    expect(page.locator("#completion-code")).to_be_visible()
    expect(page.get_by_role("link", name="+44 (0)116 123")).to_have_attribute("href", "tel:+44116123")
    assert_accessible(page)
    page.get_by_role("button", name="I would rather not say").click()
    expect(page.get_by_role("heading", name="How do you feel now?")).to_have_count(0)
    assert page.url.endswith("/debriefing")
    asked = f"MoodAnswer.objects.filter(participation__study__slug='{slug}').order_by('pk')"
    moods = f"list({asked}.values_list('moment', 'valence'))"
    assert in_database(product, moods) == [["before", 4], ["after", None]]
    page.get_by_role("link", name="Go on with the images").click()
    page.wait_for_url("**/task")


def test_how_others_felt_comes_after_the_answer_and_marks_a_later_change(page: Page, product: Product) -> None:
    slug = make(product, "Others", n=7, others=["fear", "fear", "awe"], show_others=True, show_map=True)
    requests: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    begin(page, slug)
    first = image_name(page)
    others = page.get_by_role("dialog", name="How others felt")
    expect(others).to_be_hidden()
    assert not [url for url in requests if url.endswith("/others")]
    answer_by_keys(page)
    expect(others).to_be_visible()
    assert image_name(page) == first  # the image one is told about is still there
    expect(others).to_contain_text("3 other people have answered about this image")
    expect(others.get_by_role("listitem").filter(has_text="Fear")).to_contain_text("2")
    expect(others.get_by_role("listitem").filter(has_text="your answer")).to_contain_text("Awe")
    assert_accessible(page)
    page.keyboard.press("Enter")
    expect(others).to_be_hidden()
    expect(page.locator("#stage img")).not_to_have_attribute("src", first)
    page.keyboard.press("Alt+p")  # back to the last answer
    expect(page.locator("#revising")).to_be_visible()
    page.keyboard.press("Alt+7")
    page.get_by_role("button", name="Save the change").click()
    expect(page.locator("#saving-text")).to_have_text("Saved")
    [changed] = responses(page, slug)
    assert in_database(product, f"Response.objects.get(pk={changed['id']}).signals['saw_others']") is True
    for _ in range(5):
        before = image_name(page)
        answer_by_keys(page)
        expect(others).to_be_visible()
        page.keyboard.press("Enter")
        expect(page.locator("#stage img")).not_to_have_attribute("src", before)
    page.goto(f"/s/{slug}/end")
    expect(page.get_by_role("table", name="Share of images per feeling")).to_be_visible()
    assert_accessible(page)
    assert_fits(page)


def test_everything_works_on_a_phone(browser: Browser, product: Product) -> None:
    care = {"blur_strong": True, "break_images": 1, "show_others": True, "theme_opt_out": True}
    slug = make(product, "Phone", images=STRONG, others=["awe"] * 3, **care)
    context = browser.new_context(base_url=product.address, viewport=PHONE, has_touch=True, is_mobile=True)
    page = context.new_page()
    begin(page, slug)
    assert_fits(page)
    assert_accessible(page)
    page.get_by_role("button", name="Look at the image").tap()
    page.get_by_role("radio", name=re.compile("Fear")).tap()
    page.get_by_role("textbox").fill(TEXT)
    page.get_by_role("button", name="Save and go on").tap()
    expect(page.get_by_role("dialog", name="How others felt")).to_be_visible()
    assert_fits(page)
    assert_accessible(page)
    page.get_by_role("button", name="Next image").tap()
    expect(page.locator("#care-break")).to_be_visible()
    assert_fits(page)
    context.close()


def test_a_manager_sets_care_and_sees_it_in_the_preview(page: Page, product: Product) -> None:
    sign_in(page, "admin", ADMIN_PASSWORD)
    page.wait_for_url("**/studies/")
    slug = make(product, "Settings", images=STRONG)
    for viewport in (PHONE, DESKTOP):
        page.set_viewport_size(viewport)  # type: ignore[arg-type]
        page.goto(f"/studies/{slug}/care")
        assert_accessible(page)
        assert_fits(page)
    page.get_by_label("Blur strong images").check()
    page.locator("#id_debriefing").fill("We studied *calm*.")
    page.locator("#id_help-0-name").fill("Listening ear")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("needs a phone number or a web address")
    expect(page.locator("#id_debriefing")).to_have_value("We studied *calm*.")
    page.locator("#id_help-0-phone").fill("+44 116 123")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("status").first).to_contain_text("Saved")
    page.goto(f"/studies/{slug}/preview")
    expect(page.get_by_role("group", name="Do you want to look at this image?")).to_be_visible()
    page.goto(f"/studies/{slug}/stimuli")
    card = page.get_by_role("listitem").filter(has_text="acorns_2.jpg")
    card.get_by_text("Care").click()
    card.get_by_label("Strength").fill("0.2")
    card.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved for acorns_2.jpg.")).to_be_visible()
    assert_accessible(page)


def test_the_demo_shows_some_care(page: Page, product: Product) -> None:
    page.goto(f"/s/{demo_slug(product)}/")
    expect(page.get_by_role("heading", name="What you may meet")).to_be_visible()
    agree(page, demo_slug(product))
    expect(page.get_by_role("checkbox", name="insects and spiders")).to_be_visible()


def test_an_image_whose_answer_is_on_its_way_cannot_be_passed_over_as_well(page: Page, product: Product) -> None:
    slug = make(product, "On its way", others=["fear"] * 3, show_others=True)
    begin(page, slug)
    first = image_name(page)
    on_their_way: list[Route] = []
    page.route(
        re.compile("/responses$"), lambda route: route.continue_() if on_their_way else on_their_way.append(route)
    )
    with page.expect_request(re.compile("/responses$")):
        answer_by_keys(page)
    page.keyboard.press("Alt+k")
    page.get_by_label("I cannot say").check()
    page.keyboard.press("Enter")
    page.keyboard.press("Alt+n")
    assert image_name(page) == first
    on_their_way[0].continue_()
    others = page.get_by_role("dialog", name="How others felt")
    expect(others).to_be_visible()
    assert image_name(page) == first
    page.keyboard.press("Enter")
    expect(page.locator("#stage img")).not_to_have_attribute("src", first)
    expect(page.locator("#refusals")).to_be_hidden()
    skipped = f"Assignment.objects.filter(study__slug='{slug}', state='skipped').count()"
    assert (len(responses(page, slug)), in_database(product, skipped)) == (1, 0)


def test_taking_everything_back_leaves_nothing_on_the_device(page: Page, product: Product) -> None:
    slug = make(product, "No trace")
    begin(page, slug)
    answer_by_keys(page)
    expect(page.locator("#saving-text")).to_have_text("Saved")
    page.keyboard.press("2")
    page.keyboard.type("words that were never sent")
    kept = "async () => (await indexedDB.databases()).some(each => each.name.includes(':no-trace'))"
    wait_in_page(page, kept)
    page.goto(f"/s/{slug}/answers")
    page.get_by_role("button", name="Take back everything …").click()
    page.get_by_label("Yes, I want to take back").check()
    page.get_by_role("button", name="Take back everything", exact=True).click()
    expect(page.get_by_role("heading", name="You took back everything")).to_be_focused()
    wait_in_page(page, kept.replace("() => (", "() => !(", 1))
    wait_in_page(page, "async () => !(await caches.match(location.href.replace('answers', 'task')))")
