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

LONGEST_PICTURE = 2600  # pixels
WIDTHS = {"desktop": DESKTOP, "phone": PHONE}
PUBLIC = {"home": "/", "login": "/account/login", "not-found": "/studies/there-is-no-such-study/"}
TAKING_PART = {
    "annotate-instructions": "/s/{slug}/instructions",
    "annotate-task": "/s/{slug}/task",
    "annotate-answers": "/s/{slug}/answers",
    "annotate-end": "/s/{slug}/end",
    "annotate-return": "/s/{slug}/return",
}
RESEARCHING = {
    "studies": "/studies/",
    "study-new": "/studies/new",
    "study-import": "/studies/import",
    "study": "/studies/{slug}/",
    "gallery": "/studies/{slug}/gallery",
    "stimulus": "/studies/{slug}/stimuli/{key}",
    "annotators": "/studies/{slug}/annotators",
    "annotator": "/studies/{slug}/annotators/{pseudonym}",
    "networks": "/studies/{slug}/networks",
    "network-run": "/studies/{slug}/networks/runs/{run}",
    "exports": "/studies/{slug}/exports",
    "stimuli": "/studies/{slug}/stimuli",
    "setup": "/studies/{slug}/setup",
    "people": "/studies/{slug}/people",
    "preview": "/studies/{slug}/preview",
    "remove-simulated": "/studies/{slug}/simulated",
    "account": "/account/",
    "password": "/account/password",
}


@pytest.fixture(scope="module")
def facts(product: Product) -> dict[str, str]:
    """The demo study, trained once, and the names of its things."""
    slug = demo_slug(product)
    product.manage("train", slug, "--task", "image_emotion", "--epochs", "3", "--now")
    script = (
        "from annotation.models import Stimulus, Response; from modelserve.models import TrainingRun; "
        "r = Response.objects.order_by('pk').first(); print(r.stimulus.key, r.participation.annotator.pseudonym, "
        "TrainingRun.objects.latest('pk').pk)"
    )
    key, pseudonym, run = product.manage("shell", "-v0", "-c", script).split()
    return {"slug": slug, "key": key, "pseudonym": pseudonym, "run": run}


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


def look(page: Page, name: str, width: str, wrong: list[str]) -> None:
    """Adds what is wrong with the page to the list, and keeps its picture where asked to."""
    page.wait_for_load_state("networkidle")
    too_wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    if too_wide > 0:
        wrong.append(f"{name}: {too_wide} pixels too wide at {width} width")
    found = Axe().run(page)
    for violation in found.response["violations"]:
        places = "; ".join(str(node["target"]) for node in violation["nodes"][:3])
        wrong.append(f"{name} ({width}): {violation['id']}: {violation['help']} at {places}")
    if folder := os.environ.get("COMMONGROUND_SCREENSHOTS"):
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


def walk(page: Page, pages: dict[str, str], width: str, wrong: list[str], facts: dict[str, Any]) -> None:
    for name, address in pages.items():
        answered = page.goto(address.format(**facts))
        assert answered is not None
        if name != "not-found" and answered.status != 200:
            wrong.append(f"{name}: answered {answered.status}")
            continue
        look(page, name, width, wrong)


def test_pages_for_everyone(visitor: tuple[str, Page, list[str]], facts: dict[str, str]) -> None:
    width, page, wrong = visitor
    walk(page, PUBLIC, width, wrong, facts)
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
