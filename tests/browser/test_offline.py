"""Without a network: any number of answers, a closed browser, two tabs, the back button, leases that ran out."""

import json
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Error, Page, Playwright, Route, expect

from tests.browser.conftest import DESKTOP, Product, assert_accessible, demo_with_room, join, wait_in_page
from tests.browser.taking_part import (
    AWAY,
    TEXT,
    answer,
    answer_many,
    answers_of,
    audit,
    expect_saved,
    in_database,
    on_stage,
    wait_for_image,
    write,
)

N_ANSWERS = 20
Open = Callable[..., tuple[BrowserContext, Page]]
# All leases run out, and other people answer some images until nobody more is wanted there.
TAKE_THE_SLOTS = """
import uuid
from django.utils import timezone
from annotation.models import Annotator, Assignment, Stimulus, Study
from annotation.models.study import consent_hash
from annotation.services.assign import expire_leases
from annotation.services.join_study import join_study
from annotation.services.offers import offer_token
from annotation.services.submit_response import submit_response
study = Study.objects.get(slug="{slug}")
Assignment.objects.filter(study=study, state="leased").update(expires_at=timezone.now())
print(expire_leases(study=study))
for stimulus in Stimulus.objects.filter(study=study, key__in={keys!r}):
    while Stimulus.objects.get(pk=stimulus.pk).open_slots:
        other = join_study(
            study=study, agreed_hash=consent_hash(study.consent), annotator=Annotator.objects.create()
        )
        submit_response(
            study=study, participation=other, offer=offer_token(other.pk, stimulus.pk), client_key=uuid.uuid4(),
            answers=dict(emotion="fear", explanation="somebody else looked at this in the meantime"),
        )
"""
WITHDRAW = """
from annotation.models import Participation
from annotation.services.withdraw import withdraw_participation
withdraw_participation(
    participation=Participation.objects.get(study__slug="{slug}", annotator__pseudonym="{person}")
)
"""


@pytest.fixture(scope="module")
def slug(product: Product) -> str:
    return demo_with_room(product)


@pytest.fixture
def open_browser(
    playwright: Playwright, product: Product, browser_type_launch_args: dict[str, Any], tmp_path: Path
) -> Iterator[Open]:
    """Opens the person's own browser: closed and opened again it still knows what it kept."""
    opened: list[BrowserContext] = []

    def open_it(**more: Any) -> tuple[BrowserContext, Page]:
        context = playwright.chromium.launch_persistent_context(
            tmp_path / "browser",
            **browser_type_launch_args,
            base_url=product.address,
            viewport=DESKTOP,  # type: ignore[arg-type]
            **more,
        )
        opened.append(context)
        return context, context.pages[0]

    yield open_it
    for context in opened:
        context.close()
    shutil.rmtree(tmp_path / "browser", ignore_errors=True)


_IS_READY = """async () => {
  const names = (await indexedDB.databases()).map(each => each.name).filter(name => name.includes(':'));
  if (!names.length) return false;
  const database = await new Promise(resolve => {
    const request = indexedDB.open(names[0]); request.onsuccess = () => resolve(request.result); });
  const n = await new Promise(resolve => {
    const request = database.transaction('pictures').objectStore('pictures').count();
    request.onsuccess = () => resolve(request.result); });
  database.close();
  return n >= 26 && Boolean(await caches.match(location.origin + location.pathname, {ignoreVary: true}));
}"""


def wait_until_ready_for_anything(page: Page) -> None:
    """The pictures ahead are on the device, and the page itself."""
    wait_in_page(page, _IS_READY, seconds=90)


@pytest.mark.parametrize("is_away_when_opened", [True, False], ids=["still-away", "back"])
def test_twenty_answers_without_a_network_survive_a_closed_browser(
    open_browser: Open, product: Product, slug: str, is_away_when_opened: bool
) -> None:
    context, page = open_browser()
    join(page, slug)
    wait_for_image(page)
    wait_until_ready_for_anything(page)
    context.set_offline(True)
    given = answer_many(page, N_ANSWERS)
    assert len(given) == N_ANSWERS
    expect(page.locator("#saving-text")).to_contain_text(f"Not saved yet, but kept on this device: {N_ANSWERS}.")
    # closing ends the emulation of an absent network; no page may live to see it come back
    page.goto("about:blank")
    context.close()

    context, page = open_browser(offline=is_away_when_opened)
    page.goto(f"/s/{slug}/task")
    wait_for_image(page)
    if is_away_when_opened:
        expect(page.locator("#saving-text")).to_contain_text(f"Not saved yet, but kept on this device: {N_ANSWERS}.")
        assert on_stage(page) not in given
        assert in_database(product, slug, page) == []
        context.set_offline(False)
    expect_saved(page)
    stored = in_database(product, slug, page)
    assert {row["key"]: row["words"] for row in stored} == given
    assert len(stored) == N_ANSWERS
    assert [row["words"] for row in stored] == list(given.values()), "they were not sent in their order"
    assert {row["status"] for row in stored} == {"accepted"}
    assert audit(product, slug) == ""


def test_while_the_network_is_away_the_page_says_so_and_stays_accessible(page: Page, slug: str) -> None:
    join(page, slug)
    wait_for_image(page)
    wait_until_ready_for_anything(page)
    page.context.set_offline(True)
    expect(page.locator("#saving-text")).to_contain_text("No connection")
    answer(page)
    expect(page.locator("#saving-text")).to_contain_text(AWAY)
    expect(page.get_by_role("button", name="Try now")).to_be_visible()
    page.context.set_offline(False)
    expect_saved(page)
    assert_accessible(page)


def test_when_all_images_on_the_device_are_answered_the_page_waits_and_goes_on_by_itself(
    page: Page, product: Product, slug: str
) -> None:
    page.route("**/offers?*", lambda route: route.abort())
    join(page, slug)
    wait_for_image(page)
    page.wait_for_load_state("networkidle")
    page.context.set_offline(True)
    first = answer(page)
    wait_for_image(page)
    write(page)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="No connection")).to_be_visible()
    expect(page.locator("#saving-text")).to_contain_text("kept on this device: 2.")
    page.context.set_offline(False)
    expect_saved(page)
    assert wait_for_image(page) != first
    assert len(in_database(product, slug, page)) == 2


def test_two_tabs_without_a_network_answer_other_images_and_all_is_saved_once(
    page: Page, product: Product, slug: str
) -> None:
    join(page, slug)
    wait_for_image(page)
    wait_until_ready_for_anything(page)
    other = page.context.new_page()
    other.goto(f"/s/{slug}/task")
    wait_for_image(other)
    page.context.set_offline(True)
    given: dict[str, str] = {}
    for number, tab in enumerate((page, other, page, other, page, other)):
        tab.bring_to_front()
        # what one tab has answered leaves the stage of the other
        tab.wait_for_function(
            "keys => !keys.includes(document.querySelector('[data-frame]').dataset.stimulus)", arg=list(given)
        )
        given |= answer_many(tab, 1, start=number)
    assert len(given) == 6
    page.context.set_offline(False)
    for tab in (page, other):
        tab.bring_to_front()
        expect_saved(tab)
    stored = in_database(product, slug, page)
    assert {row["key"]: row["words"] for row in stored} == given
    assert len(stored) == 6
    assert audit(product, slug) == ""


def test_two_tabs_that_wrote_about_one_image_keep_both_texts(page: Page, product: Product, slug: str) -> None:
    """The first answer stands; the words of the second are shown, not thrown away."""
    join(page, slug)
    first = wait_for_image(page)
    wait_until_ready_for_anything(page)
    other = page.context.new_page()
    other.goto(f"/s/{slug}/task")
    assert wait_for_image(other) == first
    write(other, "what I wrote in the other tab, in vain")
    page.bring_to_front()
    write(page, "what I wrote in the first tab")
    page.keyboard.press("Enter")
    expect_saved(page)
    other.bring_to_front()
    assert on_stage(other) == first
    other.keyboard.press("Enter")
    refusals = other.locator("#refusals")
    expect(refusals).to_contain_text("You have answered this image already")
    refusals.get_by_text("What you wrote").click()
    expect(refusals.get_by_role("textbox")).to_have_value(re.compile("what I wrote in the other tab, in vain$"))
    assert_accessible(other)
    other.reload()
    expect(refusals).to_contain_text("You have answered this image already")
    refusals.get_by_role("button", name="Remove from this device").click()
    expect(refusals).to_be_hidden()
    assert [row["words"] for row in in_database(product, slug, page)] == ["what I wrote in the first tab"]


def test_the_back_button_without_a_network_costs_nothing(page: Page, product: Product, slug: str) -> None:
    join(page, slug)
    wait_for_image(page)
    wait_until_ready_for_anything(page)
    page.context.set_offline(True)
    given = answer_many(page, 3)
    with suppress(Error):  # the page before needs the network, unless the browser has it still
        page.go_back()
    page.go_forward()
    wait_for_image(page)
    expect(page.locator("#saving-text")).to_contain_text("kept on this device: 3.")
    given |= answer_many(page, 2, start=3)
    page.context.set_offline(False)
    expect_saved(page)
    stored = in_database(product, slug, page)
    assert {row["key"]: row["words"] for row in stored} == given
    assert len(stored) == 5


def test_the_back_button_shows_no_image_that_is_answered(page: Page, slug: str) -> None:
    join(page, slug)
    given = answer_many(page, 3)
    expect_saved(page)
    page.goto(f"/s/{slug}/end")
    page.go_back()
    assert wait_for_image(page) not in given


def test_leases_that_ran_out_meanwhile_cost_no_answer(page: Page, product: Product, slug: str) -> None:
    """Where others have taken the slots in the meantime the answer is kept as surplus; elsewhere it counts."""
    join(page, slug)
    wait_for_image(page)
    wait_until_ready_for_anything(page)
    page.context.set_offline(True)
    given = answer_many(page, 4)
    lent, _, offered, _ = given
    n_expired = product.manage("shell", "-v0", "-c", TAKE_THE_SLOTS.format(slug=slug, keys=[lent, offered]))
    assert int(n_expired) >= 2
    page.context.set_offline(False)
    expect_saved(page)
    stored = in_database(product, slug, page)
    assert {row["key"]: row["words"] for row in stored} == given
    assert {row["key"] for row in stored if row["status"] == "surplus"} == {lent, offered}
    assert audit(product, slug) == ""


def test_words_of_somebody_who_withdrew_elsewhere_are_shown_and_not_sent(
    page: Page, product: Product, slug: str
) -> None:
    join(page, slug)
    wait_for_image(page)
    wait_until_ready_for_anything(page)
    page.context.set_offline(True)
    answer_many(page, 2)
    person = json.loads(str(page.locator("#config").text_content()))["participant"]
    product.manage("shell", "-v0", "-c", WITHDRAW.format(slug=slug, person=person))
    page.context.set_offline(False)
    expect(page.locator("#saving-text")).to_contain_text("You withdrew from this study", timeout=40_000)
    expect(page.locator("#refusals li")).to_have_count(2)
    page.locator("#refusals").get_by_text("What you wrote").first.click()
    words = page.locator("#refusals").get_by_role("textbox").first
    expect(words).to_have_value(re.compile(f"answer number 0: {TEXT}$"))
    assert_accessible(page)
    assert in_database(product, slug, page) == []


def test_an_answer_changed_before_it_was_sent_arrives_changed(page: Page, product: Product, slug: str) -> None:
    join(page, slug)
    wait_for_image(page)
    wait_until_ready_for_anything(page)
    page.context.set_offline(True)
    first = answer(page, "my first thought about this lake")
    page.get_by_role("button", name="Back to the last answer").click()
    assert on_stage(page) == first
    expect(page.get_by_role("textbox")).to_have_value("my first thought about this lake")
    page.get_by_role("textbox").fill("on second thought it is a river")
    page.get_by_role("textbox").press("Enter")
    expect(page.locator("#saving-text")).to_contain_text("kept on this device: 2.")
    page.reload()
    wait_for_image(page)
    page.context.set_offline(False)
    expect_saved(page)
    [saved] = answers_of(page, slug)
    assert saved["revision"] == 1
    assert saved["answers"]["explanation"] == "on second thought it is a river"
    assert saved["stimulus"]["key"] == first


def test_where_storage_is_forbidden_the_page_says_so_and_works(page: Page, slug: str) -> None:
    page.add_init_script("Object.defineProperty(window, 'indexedDB', { get() { throw new Error('forbidden') } })")
    join(page, slug)
    wait_for_image(page)
    expect(page.get_by_text("This browser lets no page store anything")).to_be_visible()
    assert_accessible(page)
    page.context.set_offline(True)
    answer(page)
    expect(page.locator("#saving-text")).to_contain_text("leave this page open")
    page.context.set_offline(False)
    expect_saved(page)
    assert len(answers_of(page, slug)) == 1


def test_a_slow_server_never_mixes_images_up(page: Page, product: Product, slug: str) -> None:
    """The first save takes long; she goes on at her own pace, past what was lent to what was offered."""
    join(page, slug)
    wait_for_image(page)
    wait_until_ready_for_anything(page)
    held: list[Route] = []
    is_slow = True

    def dawdle(route: Route) -> None:
        if route.request.method == "POST" and is_slow:
            held.append(route)
        else:
            route.continue_()

    page.route("**/responses", dawdle)
    given = answer_many(page, 5)
    assert len(held) == 1, "one answer is sent at a time"
    expect(page.locator("#saving-text")).to_have_text("Saving …")
    is_slow = False
    held[0].continue_()
    expect_saved(page)
    stored = in_database(product, slug, page)
    assert {row["key"]: row["words"] for row in stored} == given
    assert len(stored) == 5


def test_an_answer_that_the_server_refuses_comes_back_with_its_words_and_the_sentence(
    page: Page, product: Product, slug: str
) -> None:
    """She is on the next image by then; that one waits with what is written about it."""
    join(page, slug)
    first = wait_for_image(page)

    def spoil(route: Route) -> None:
        body = json.loads(route.request.post_data or "{}")
        if route.request.method == "POST" and body["answers"]["explanation"] == TEXT:
            body["answers"]["explanation"] = "short"
        route.continue_(post_data=json.dumps(body))

    page.route("**/responses", spoil)
    assert answer(page) == first
    expect(page.locator("#saving-text")).to_have_text("Not saved yet: please correct what is marked.")
    assert on_stage(page) == first
    expect(page.get_by_role("textbox")).to_have_value(TEXT)
    expect(page.locator("#step-explanation-error")).to_contain_text("at least 10 characters")
    assert_accessible(page)
    page.get_by_role("textbox").fill("now it is long enough for everybody")
    page.get_by_role("textbox").press("Enter")
    expect_saved(page)
    second = wait_for_image(page)
    assert second != first
    assert {row["key"]: row["words"] for row in in_database(product, slug, page)} == {
        first: "now it is long enough for everybody"
    }


def test_a_refused_answer_does_not_come_back_under_writing_hands(page: Page, product: Product, slug: str) -> None:
    join(page, slug)
    first = wait_for_image(page)
    released: list[Route] = []

    def hold(route: Route) -> None:
        body = json.loads(route.request.post_data or "{}")
        if route.request.method == "POST" and body["answers"]["explanation"] == TEXT:
            released.append(route)
        else:
            route.continue_()

    page.route("**/responses", hold)
    answer(page)
    second = wait_for_image(page)
    write(page, "about the second image")
    body = json.loads(released[0].request.post_data or "{}")
    body["answers"]["explanation"] = "short"
    released[0].continue_(post_data=json.dumps(body))
    expect(page.locator("#refusals")).to_contain_text("Correct it")
    assert on_stage(page) == second
    page.keyboard.type(", and on")
    expect(page.get_by_role("textbox").first).to_have_value("about the second image, and on")
    page.keyboard.press("Enter")
    expect(page.locator("[data-frame]")).to_have_attribute("data-stimulus", first)
    expect(page.get_by_role("textbox").first).to_have_value(TEXT)
    page.get_by_role("textbox").first.fill("corrected, about the first image")
    page.get_by_role("textbox").first.press("Enter")
    expect_saved(page)
    assert {row["key"]: row["words"] for row in in_database(product, slug, page)} == {
        first: "corrected, about the first image",
        second: "about the second image, and on",
    }


def test_an_answer_at_which_the_server_fails_does_not_hold_back_the_others(
    page: Page, product: Product, slug: str
) -> None:
    join(page, slug)
    wait_for_image(page)
    page.route(
        "**/responses",
        lambda route: (
            route.fulfill(status=500, body="{}") if "poison" in (route.request.post_data or "") else route.continue_()
        ),
    )
    poisoned = answer(page, "poison for the server, but somebody's words")
    with page.expect_response(lambda response: response.url.endswith("/responses") and response.ok, timeout=60_000):
        sound = answer(page, "an answer like any other")
    page.wait_for_function("() => document.querySelector('#saving-text').textContent.includes(': 1.')", timeout=60_000)
    stored = answers_of(page, slug)
    assert [one["stimulus"]["key"] for one in stored] == [sound]
    page.unroute("**/responses")
    expect_saved(page)
    assert {row["key"] for row in in_database(product, slug, page)} == {poisoned, sound}
