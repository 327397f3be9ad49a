"""Every page, at desk and phone width: axe finds nothing, nothing scrolls sideways, nothing is wrong in the console.

With COMMONGROUND_SCREENSHOTS=docs/screenshots the pictures of all pages are written there.
"""

import io
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import ADMIN_PASSWORD, DESKTOP, PHONE, Product, demo_slug, join, sign_in
from tests.browser.trouble import breaking_site, database_out_of_reach

pytestmark = pytest.mark.timeout(900)  # the first test also trains a network and computes every analysis
LONGEST_PICTURE = 2600  # pixels
WIDTHS = {"desktop": DESKTOP, "phone": PHONE}
PUBLIC = {"home": "/", "login": "/account/login", "not-found": "/studies/there-is-no-such-study/"}
PUBLISHED = {
    "public-explorer": "/public/photographs/",
    "public-images": "/public/photographs/images?sort=agreement_low",
    "public-image": "/public/photographs/images/{shown}",
}
TAKING_PART = {
    "annotate-instructions": "/s/{slug}/instructions",
    "annotate-task": "/s/{slug}/task",
    "annotate-answers": "/s/{slug}/answers",
    "annotate-debriefing": "/s/{slug}/debriefing",
    "annotate-end": "/s/{slug}/end",
    "annotate-messages": "/s/{slug}/messages",
    "annotate-return": "/s/{slug}/return",
    "annotate-my-data": "/s/{slug}/my-data",
}
RESEARCHING = {
    "studies": "/studies/",
    "study-new": "/studies/new",
    "study-import": "/studies/import",
    "study": "/studies/{slug}/",
    "common-ground": "/studies/{slug}/common-ground",
    "explorer": "/studies/{slug}/explorer",
    "explorer-filtered": "/studies/{slug}/explorer?felt=awe&felt=contentment&agreement_max=0.9&sort=mixed",
    "latent": "/studies/{slug}/latent",
    "judged": "/studies/{judging}/judged",
    "judged-studies": "/studies/{slug}/judged",
    "disagreement": "/studies/{slug}/disagreement",
    "asking": "/studies/{slug}/asking",
    "people-and-networks": "/studies/{slug}/people-and-networks",
    "language": "/studies/{slug}/language",
    "words": "/studies/{slug}/words",
    "report": "/studies/{slug}/report",
    "public-settings": "/studies/{slug}/public",
    "groups": "/studies/{grouped}/groups?by=cohort",
    "groups-asked": "/studies/{grouped}/groups?by=gender",
    "explorer-groups": "/studies/{grouped}/explorer?group=north&also_group=south",
    "planning": "/studies/{slug}/planning",
    "compare": "/studies/{slug}/compare?what=studies&other={grouped}&labels=same&simulated=yes&margin=5",
    "compare-choose": "/studies/{slug}/compare",
    "stimulus": "/studies/{slug}/stimuli/{key}",
    "annotators": "/studies/{slug}/annotators",
    "annotator": "/studies/{slug}/annotators/{pseudonym}",
    "quality": "/studies/{slug}/quality",
    "quality-rules": "/studies/{slug}/quality/rules",
    "networks": "/studies/{slug}/networks",
    "network-compare": "/studies/{slug}/networks/compare?run={earlier_run}&run={run}",
    "feel": "/studies/{slug}/feel",
    "rated-explanations": "/studies/{slug}/rated-explanations",
    "after-an-answer": "/studies/{slug}/after-an-answer",
    "network-run": "/studies/{slug}/networks/runs/{run}",
    "exports": "/studies/{slug}/exports",
    "rehearsal": "/studies/{slug}/rehearsal",
    "responses-import": "/studies/{slug}/responses/import",
    "stimuli": "/studies/{slug}/stimuli",
    "setup": "/studies/{slug}/setup",
    "care": "/studies/{slug}/care",
    "languages": "/studies/{slug}/languages?language=ar",
    "training": "/studies/{slug}/training",
    "people": "/studies/{slug}/people",
    "consent": "/studies/{slug}/consent",
    "about-people": "/studies/{slug}/demographics",
    "privacy": "/studies/{slug}/privacy",
    "recruitment": "/studies/{slug}/recruitment",
    "recruitment-add": "/studies/{slug}/recruitment?add=prolific",
    "pay": "/studies/{slug}/pay",
    "preview": "/studies/{slug}/preview",
    "remove-simulated": "/studies/{slug}/simulated",
    "account": "/account/",
    "password": "/account/password",
}
ANNA = (
    "from django.contrib.auth.models import User; from annotation.models import Membership, Study; "
    "anna, _ = User.objects.get_or_create(username='anna'); anna.set_password({password!r}); anna.save(); "
    "Membership.objects.get_or_create(study=Study.objects.get(slug={slug!r}), user=anna, role='annotator')"
)
# a report that is written, and a public explorer that is on; prints the key of an image that it shows
PUBLISH = """
from django.contrib.auth.models import User
from analysis.over_snapshots.snapshot_analysis import no_progress
from analysis.services.public_explorer import make_explorer, set_public_explorer
from analysis.services.store_report import start_report
from annotation.models import ConsentText, Study
from annotation.services.freeze_snapshot import freeze_snapshot
from django.db.models import Count
study = Study.objects.get(slug={slug!r})
frozen = freeze_snapshot(study=study).snapshot_id
start_report(study=study, snapshot_id=frozen)
consents = list(ConsentText.objects.filter(study=study).values_list("hash", flat=True))
chosen = dict(shows_images=True, consents=consents, least_responses=3, allows_robots=False)
set_public_explorer(study=study, address="photographs", snapshot_id=frozen, settings=chosen, user=None)
make_explorer(study=study, progress=no_progress)
print(study.stimuli.annotate(n=Count("responses")).order_by("-n", "pk").first().key)
"""
# every analysis that a page of results shows; prints the study with groups of people and the one that judges
EVERYTHING = """
from tests.browser.full_results import compute_everything
print(*compute_everything({slug!r}).values())
"""
# one line for each page of Django's admin: NAME|ADDRESS
ADMIN_PAGES = """
from django.contrib import admin
from django.contrib.auth.models import Group
from django.urls import reverse
Group.objects.get_or_create(name="Study creators")
for model in admin.site._registry:
    name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
    print(f"{model._meta.model_name}-list|{reverse(name + '_changelist')}")
    row = model._default_manager.first()
    if row is not None:
        print(f"{model._meta.model_name}-row|{reverse(name + '_change', args=[row.pk])}")
for name in ["auth_user_add", "annotation_membership_add", "password_change"]:
    print(f"{name}|{reverse('admin:' + name)}")
print("user-history|" + reverse("admin:auth_user_history", args=[1]))
"""


@pytest.fixture(scope="module")
def facts(product: Product) -> dict[str, str]:
    """The demo study, trained once, and the names of its things."""
    slug = demo_slug(product)
    shown = product.manage("shell", "-v0", "-c", PUBLISH.format(slug=slug)).strip()
    product.manage("train", slug, "--task", "image_emotion", "--epochs", "2", "--now")
    product.manage("train", slug, "--task", "image_emotion", "--epochs", "3", "--now")
    computed = product.manage("shell", "-v0", "-c", EVERYTHING.format(slug=slug)).split()
    script = (
        "from annotation.models import Stimulus, Response; from modelserve.models import TrainingRun; "
        "r = Response.objects.order_by('pk').first(); print(r.stimulus.key, r.participation.annotator.pseudonym, "
        "*TrainingRun.objects.filter(task='image_emotion').order_by('-pk').values_list('pk', flat=True)[:2])"
    )
    key, pseudonym, run, earlier = product.manage("shell", "-v0", "-c", script).split()
    made = dict(zip(("grouped", "judging"), computed, strict=True))
    runs = {"run": run, "earlier_run": earlier}
    return {"slug": slug, "key": key, "pseudonym": pseudonym, "shown": shown, **runs, **made}


@pytest.fixture(params=list(WIDTHS))
def visitor(
    request: pytest.FixtureRequest, browser: Browser, product: Product
) -> Iterator[tuple[str, Page, list[str]]]:
    name = str(request.param)
    context = browser.new_context(base_url=product.address, viewport=WIDTHS[name], has_touch=name == "phone")  # type: ignore[arg-type]
    page = context.new_page()
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(f"{page.url}: {error}"))
    page.on("console", lambda said: wrong.append(f"{page.url}: {said.text}") if said.type == "error" else None)
    yield name, page, wrong
    context.close()


def look(page: Page, name: str, width: str, wrong: list[str], *, picture: bool = True) -> None:
    """Adds what is wrong with the page to the list, and keeps its picture where asked to."""
    page.wait_for_load_state("networkidle")
    too_wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    if too_wide > 0:
        wrong.append(f"{name}: {too_wide} pixels too wide at {width} width")
    said = list(wrong)
    found = Axe().run(page)
    # axe writes style sheets that name others into a page of its own, which our content security policy refuses
    wrong[:] = said
    for violation in found.response["violations"]:
        places = "; ".join(str(node["target"]) for node in violation["nodes"][:3])
        wrong.append(f"{name} ({width}): {violation['id']}: {violation['help']} at {places}")
    if picture and (folder := os.environ.get("COMMONGROUND_SCREENSHOTS")):
        show_everything(page)
        keep_picture(page.screenshot(full_page=True), Path(folder) / f"{name}-{width}.png")


def show_everything(page: Page) -> None:
    """Pictures below the fold load when they are scrolled to; a picture of the whole page wants them all."""
    page.evaluate(
        """async () => { for (const image of document.images) image.loading = 'eager';
        await Promise.all([...document.images].map(image => image.decode().catch(() => null))); }"""
    )


def keep_picture(png: bytes, path: Path) -> None:
    """Small enough for a repository: 256 colours, the labels' own among them; of long pages the first screens."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with Image.open(io.BytesIO(png)) as picture:
        top = picture.convert("RGB").crop((0, 0, picture.width, min(picture.height, LONGEST_PICTURE)))
        top.quantize(256, kmeans=2, dither=Image.Dither.NONE).save(path, optimize=True)


def walk(
    page: Page, pages: dict[str, str], width: str, wrong: list[str], facts: dict[str, Any], *, picture: bool = True
) -> None:
    for name, address in pages.items():
        answered = page.goto(address.format(**facts))
        assert answered is not None
        if name != "not-found" and answered.status != 200:
            wrong.append(f"{name}: answered {answered.status}")
            continue
        look(page, name, width, wrong, picture=picture)


def test_pages_for_everyone(visitor: tuple[str, Page, list[str]], facts: dict[str, str]) -> None:
    width, page, wrong = visitor
    walk(page, PUBLIC | PUBLISHED, width, wrong, facts)
    assert [line for line in wrong if "404" not in line] == []


def test_pages_for_those_who_take_part(visitor: tuple[str, Page, list[str]], facts: dict[str, str]) -> None:
    width, page, wrong = visitor
    page.goto(f"/s/{facts['slug']}/")
    look(page, "annotate-welcome", width, wrong)
    join(page, facts["slug"])
    expect(page.locator("main img").first).to_have_attribute("src", re.compile("^/images/"))
    page.keyboard.press("2")
    page.keyboard.type("the colours and the calm of it make me small")
    look(page, "annotate-answering", width, wrong)
    page.keyboard.press("Enter")
    expect(page.locator("#saving-text")).to_have_text("Saved")
    walk(page, TAKING_PART, width, wrong, facts)
    assert wrong == []


def test_pages_for_researchers(visitor: tuple[str, Page, list[str]], facts: dict[str, str]) -> None:
    width, page, wrong = visitor
    sign_in(page, "admin", ADMIN_PASSWORD)
    page.wait_for_url("**/studies/")
    walk(page, RESEARCHING, width, wrong, facts)
    assert wrong == []


def study_in_state(product: Product, state: str, slug: str = "") -> str:
    """A study of one stimulus in words; made if no slug is given. Its slug."""
    script = (
        "from annotation.models import Stimulus, Study; from annotation.services.change_state import change_state; "
        "from annotation.services.create_study import create_study; "
        f"study = Study.objects.filter(slug={slug!r}).first() or create_study("
        "template='affective_explanation', title='Harbours at dusk', wanted_responses=6); "
        "Stimulus.objects.get_or_create(study=study, key='k', defaults=dict(name='The last boat comes home.', "
        "source_dataset='words', rank=1, wanted=6, open_slots=6)); "
        f"study.state == {state!r} or change_state(study=study, state={state!r}); print(study.slug)"
    )
    return product.manage("shell", "-v0", "-c", script).strip()


def test_pages_of_a_study_that_takes_no_answers(visitor: tuple[str, Page, list[str]], product: Product) -> None:
    width, page, wrong = visitor
    slug = study_in_state(product, "open")
    page.goto(f"/s/{slug}/")
    page.get_by_role("button", name="No, thank you").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("That is fine")
    look(page, "annotate-declined", width, wrong)
    join(page, slug)
    study_in_state(product, "paused", slug)
    walk(page, {f"annotate-paused-{name}": f"/s/{slug}/{name}" for name in ("task", "return")}, width, wrong, {})
    page.context.clear_cookies()
    walk(page, {"annotate-paused": f"/s/{slug}/"}, width, wrong, {})
    expect(page.get_by_role("heading", level=1)).to_have_text("This study takes a break")
    study_in_state(product, "closed", slug)
    walk(page, {"annotate-closed": f"/s/{slug}/"}, width, wrong, {})
    expect(page.get_by_role("heading", level=1)).to_have_text("This study is closed")
    assert not wrong, "\n".join(wrong)


def look_at_error(page: Page, address: str, status: int, name: str, width: str, wrong: list[str]) -> None:
    """The browser writes the status of every page that is not 200 into its console: that line is expected."""
    answered = page.goto(address)
    assert answered is not None
    assert answered.status == status
    look(page, name, width, wrong)
    wrong[:] = [line for line in wrong if f"status of {status}" not in line]


def test_pages_of_errors(visitor: tuple[str, Page, list[str]], product: Product, facts: dict[str, str]) -> None:
    """All of them by the running site: a name it does not answer to (400), a page beyond one's role (403), a database
    out of reach (503); and 500 by the same web server with one address more, which raises (annotation/broken_urls.py).
    """
    width, page, wrong = visitor
    look_at_error(page, product.address.replace("127.0.0.1", "elsewhere.localhost"), 400, "error-400", width, wrong)
    product.manage("shell", "-v0", "-c", ANNA.format(slug=facts["slug"], password=ADMIN_PASSWORD))
    sign_in(page, "anna", ADMIN_PASSWORD)
    page.wait_for_url("**/studies/")
    look_at_error(page, f"/studies/{facts['slug']}/setup", 403, "error-403", width, wrong)
    with database_out_of_reach(product):
        look_at_error(page, "/studies/", 503, "error-503", width, wrong)
    with breaking_site(product) as address:
        look_at_error(page, f"{address}/broken/fault", 500, "error-500", width, wrong)
    assert not wrong, "\n".join(wrong)


def test_pages_of_the_admin(visitor: tuple[str, Page, list[str]], product: Product, facts: dict[str, str]) -> None:
    """Every list and one row of every table; pictures of those that an admin meets most."""
    width, page, wrong = visitor
    walk(page, {"admin-login": "/admin/"}, width, wrong, {}, picture=False)
    expect(page).to_have_url(re.compile("/account/login"))
    sign_in(page, "admin", ADMIN_PASSWORD)
    page.wait_for_url("**/studies/")
    walk(page, {"admin": "/admin/"}, width, wrong, {})
    walk(page, {"admin-app": "/admin/annotation/"}, width, wrong, {}, picture=False)
    for line in product.manage("shell", "-v0", "-c", ADMIN_PAGES).split():
        table, address = line.split("|")
        pictured = table in {"study-list", "study-row", "response-list", "response-row", "user-row"}
        walk(page, {f"admin-{table}": address}, width, wrong, {}, picture=pictured)
    assert not wrong, "\n".join(wrong)
