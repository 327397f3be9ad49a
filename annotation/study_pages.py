"""The pages of one study as its navigation shows them: two levels, in this order, one row per page.

A row appears once its address exists (config/urls.py and the apps' urls.py) and the person has the right; so a row may
name a page of another app. The first row of a section is where the section's own entry leads.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True)
class StudyPage:
    """tab: what a template says in {% include "studies/_tabs.html" with tab="..." %}. url_name: takes the slug only.

    right: needed to open the page (annotation/access.py).
    """

    tab: str
    url_name: str
    title: str | Promise
    right: str = "see_results"


@dataclass(frozen=True)
class Section:
    """One entry of the first level; with more than one page that can be opened it has a second level."""

    title: str | Promise
    pages: tuple[StudyPage, ...]


SECTIONS: tuple[Section, ...] = (
    Section(
        _("Results"),
        (
            StudyPage("study", "study", _("At a glance")),
            StudyPage("common_ground", "study_common_ground", _("Common ground")),
            StudyPage("explorer", "study_explorer", _("Explorer")),
            StudyPage("language", "study_language", _("Language")),
            StudyPage("words", "study_words", _("Words")),
            StudyPage("groups", "study_groups", _("Groups")),
            StudyPage("disagreement", "study_disagreement", _("Disagreement")),
            StudyPage("asking", "study_asking", _("Asking")),
            StudyPage("planning", "study_planning", _("Planning")),
            StudyPage("compare", "study_compare", _("Compare")),
            StudyPage("latent", "study_latent_truth", _("One true label?")),
            StudyPage("report", "study_report", _("Report")),
        ),
    ),
    Section(_("Annotators"), (StudyPage("annotators", "study_annotators", _("Annotators")),)),
    Section(_("Quality"), (StudyPage("quality", "study_quality", _("Quality"), "review_quality"),)),
    Section(
        _("Networks"),
        (
            StudyPage("networks", "study_networks", _("Networks")),
            StudyPage("feel", "study_feel", _("What would people feel?"), "ask_network"),
            StudyPage("people_and_networks", "study_people_and_networks", _("People and networks")),
            StudyPage("judged", "study_judged", _("Judged by people")),
            StudyPage("rated_texts", "study_rated_texts", _("Rated explanations")),
        ),
    ),
    Section(
        _("Export"),
        (
            StudyPage("exports", "study_exports", _("Export"), "export"),
            StudyPage("public", "study_public", _("Public explorer"), "publish"),
        ),
    ),
    Section(_("Images"), (StudyPage("stimuli", "study_stimuli", _("Images"), "change_study"),)),
    Section(_("Setup"), (StudyPage("setup", "study_setup", _("Setup"), "change_study"),)),
    Section(_("People"), (StudyPage("members", "study_members", _("People"), "change_members"),)),
)


@dataclass
class Entry:
    """A page as the navigation draws it."""

    title: str | Promise
    url: str
    is_current: bool


@dataclass
class Branch(Entry):
    """An entry of the first level. pages: its second level, empty where it has one page only."""

    pages: list[Entry] = field(default_factory=list)


def navigation(slug: str, rights: Iterable[str], tab: str) -> list[Branch]:
    """What a person with these rights finds in the study's navigation while she is on the page called `tab`."""
    held = set(rights)
    branches = []
    for section in SECTIONS:
        entries = [
            Entry(page.title, url, page.tab == tab)
            for page in section.pages
            if page.right in held and (url := _address(page.url_name, slug))
        ]
        if entries:
            is_current = any(entry.is_current for entry in entries)
            pages = entries if len(entries) > 1 else []
            branches.append(Branch(section.title, entries[0].url, is_current, pages))
    return branches


def _address(url_name: str, slug: str) -> str:
    try:
        return reverse(url_name, args=[slug])
    except NoReverseMatch:  # a page that this site does not have
        return ""
