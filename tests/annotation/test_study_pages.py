"""A study's navigation: two levels, only what exists and what one may open."""

import re
from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.test import Client

from annotation.access import RIGHTS
from annotation.models import Study
from annotation.study_pages import SECTIONS, navigation

ALL_RIGHTS = set(RIGHTS)


def test_a_page_without_an_address_is_left_out() -> None:
    urls = [entry.url for branch in navigation("a-study", ALL_RIGHTS, "study") for entry in (branch, *branch.pages)]
    assert all(urls)
    known = {page.url_name for section in SECTIONS for page in section.pages}
    assert {"study", "study_explorer", "study_latent_truth", "study_setup"} <= known


def test_the_section_and_the_page_that_one_is_on_are_marked() -> None:
    branches = navigation("a-study", ALL_RIGHTS, "explorer")
    assert [str(branch.title) for branch in branches if branch.is_current] == ["Results"]
    assert [str(page.title) for page in branches[0].pages if page.is_current] == ["Explorer"]


def test_without_rights_there_is_nothing_to_open() -> None:
    assert navigation("a-study", set(), "study") == []


def test_a_section_with_one_page_has_no_second_level() -> None:
    export = [branch for branch in navigation("a-study", {"export"}, "exports") if str(branch.title) == "Export"]
    assert export[0].pages == []
    assert export[0].is_current


def test_no_tab_and_no_address_stands_twice() -> None:
    pages = [page for section in SECTIONS for page in section.pages]
    assert len({page.tab for page in pages}) == len({page.url_name for page in pages}) == len(pages)


@pytest.mark.django_db
def test_a_page_shows_both_levels_and_marks_where_one_is(
    study: Study, mika: User, sign_in: Callable[[User], Client]
) -> None:
    page = sign_in(mika).get(f"/studies/{study.slug}/explorer").content.decode()
    nav = page[page.index('class="tabs on-desk"') : page.index('class="tabs on-phone"')]
    assert re.findall(r'aria-current="(\w+)"', nav) == ["true", "page"]
    assert f"/studies/{study.slug}/latent" in nav
