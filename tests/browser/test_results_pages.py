"""The explorer and common ground in a real browser: a grid without end, files for a paper, choices in the address."""

import re
from pathlib import Path
from xml.etree import ElementTree

from PIL import Image
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import ADMIN_PASSWORD, PHONE, Product, demo_slug, sign_in


def test_the_grid_goes_on_while_one_scrolls(admin_page: Page, product: Product) -> None:
    admin_page.goto(f"/studies/{demo_slug(product)}/explorer?sort=responses")
    pictures = admin_page.locator(".gallery > li")
    told = admin_page.get_by_role("main").get_by_role("status").filter(has_text="images")
    wanted = int(re.findall(r"\d+", told.inner_text())[0])
    assert wanted > 60
    admin_page.mouse.wheel(0, 20_000)
    expect(pictures).to_have_count(wanted)
    expect(admin_page.locator("[rel=next]")).to_have_count(0)
    links = pictures.locator("a").evaluate_all("links => links.map(link => link.pathname)")
    assert len(set(links)) == wanted


def test_filters_go_into_the_address_and_on_to_the_image_and_back(admin_page: Page, product: Product) -> None:
    slug = demo_slug(product)
    admin_page.goto(f"/studies/{slug}/explorer")
    admin_page.get_by_text("More filters").click()
    admin_page.get_by_role("checkbox", name="Awe").check()
    admin_page.get_by_label("Order").select_option("mixed")
    admin_page.get_by_role("button", name="Show").click()
    # what was left empty does not stand in the address
    expect(admin_page).to_have_url(re.compile(r"explorer\?sort=mixed&felt=awe$"))
    admin_page.locator(".gallery a").first.click()
    expect(admin_page).to_have_url(re.compile(r"/stimuli/[0-9a-f]{64}\?sort=mixed&felt=awe$"))
    first = admin_page.url
    admin_page.get_by_role("link", name="Next image").click()
    assert admin_page.url != first
    admin_page.get_by_role("link", name="Previous image").click()
    assert admin_page.url == first
    admin_page.get_by_role("link", name="Image explorer").click()
    expect(admin_page.get_by_role("checkbox", name="Awe")).to_be_checked()


def test_a_figure_is_saved_for_a_paper(admin_page: Page, product: Product, tmp_path: Path) -> None:
    """In light colours with its title, numbers and source, whatever the screen looks like."""
    admin_page.emulate_media(color_scheme="dark")
    admin_page.goto(f"/studies/{demo_slug(product)}/common-ground")
    figure = admin_page.locator("figure#shared")
    with admin_page.expect_download() as svg:
        figure.get_by_role("button", name="SVG").click()
    svg.value.save_as(tmp_path / "figure.svg")
    root = ElementTree.parse(tmp_path / "figure.svg").getroot()
    words = " ".join(root.itertext())
    assert "How many images have a majority" in words
    assert "accepted responses" in words
    text = (tmp_path / "figure.svg").read_text()
    assert "<a " not in text
    assert "class=" not in text
    assert "rgb(44, 90, 168)" in text  # the light series colour
    assert svg.value.suggested_filename.endswith("-shared.svg")
    with admin_page.expect_download() as png:
        figure.get_by_role("button", name="PNG").click()
    png.value.save_as(tmp_path / "figure.png")
    with Image.open(tmp_path / "figure.png") as picture:
        assert picture.width == 2880
        assert picture.getpixel((0, 0))[:3] == (255, 255, 255)
        assert len(picture.convert("RGB").getcolors(1_000_000) or []) > 10


def test_a_choice_shows_its_figure_at_once_and_stays_in_the_address(admin_page: Page, product: Product) -> None:
    admin_page.goto(f"/studies/{demo_slug(product)}/common-ground")
    admin_page.get_by_label("A majority is").select_option("strict_majority")
    expect(admin_page).to_have_url(re.compile(r"rule=strict_majority.*#feelings$"))
    expect(admin_page.locator("#majority-labels .figure-lead")).to_contain_text("more than half")


def test_on_a_phone_all_pages_of_a_study_are_one_press_away(browser: Browser, product: Product) -> None:
    context = browser.new_context(base_url=product.address, viewport=PHONE, has_touch=True)  # type: ignore[arg-type]
    page = context.new_page()
    sign_in(page, "admin", ADMIN_PASSWORD)
    page.wait_for_url("**/studies/")
    page.goto(f"/studies/{demo_slug(product)}/")
    menu = page.locator(".page-menu")
    menu.locator("summary").tap()
    menu.get_by_role("link", name="Common ground").tap()
    expect(page.get_by_role("heading", level=1)).to_have_text("Common ground")
    expect(menu.get_by_role("link", name="Common ground")).to_be_hidden()
    context.close()
