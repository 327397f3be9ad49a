"""Every chart of every page of results: all that a paper needs of it, and its numbers lead to their images."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urljoin

import pytest
from django.contrib.auth.models import User
from django.test import Client

from analysis.over_snapshots import analysis_named
from analysis.over_snapshots.comparison import PERIODS, SOURCES
from analysis.over_snapshots.snapshot_analysis import no_progress
from analysis.queries import study_statistics
from analysis.services.analyse_snapshot import store_analysis
from analysis.services.compare_groups import store_groups
from analysis.services.compare_sides import store_comparison
from analysis.services.index_explanations import index_everything
from analysis.services.latent_truth import store_latent_truth
from analysis.services.refresh_statistics import refresh_statistics
from annotation.models import Response, Study
from tests.analysis.grouped_study import grouped_study

pytestmark = pytest.mark.django_db

OVER_SNAPSHOTS = ("agreement", "emotion_map", "words", "disagreement", "asking", "planning")
DAYS = "first_from=2026-03-01&first_to=2026-03-31&second_from=2026-04-01&second_to=2026-04-30"
#: Pages of results with at least so many charts, for a study of two sources, cohorts and genders.
PAGES = {
    "": 7,
    "common-ground": 11,
    "language": 8,
    "disagreement": 2,
    "asking": 3,
    "groups?by=cohort": 3,
    "groups?by=gender": 3,
    "planning": 2,
    f"compare?what={SOURCES}&first=ArtEmis&second=OASIS&labels=same&simulated=yes&margin=5": 2,
    f"compare?what={SOURCES}&first=ArtEmis&second=OASIS&labels=polarity&simulated=yes&margin=5": 2,
    f"compare?what={PERIODS}&{DAYS}&labels=same&simulated=yes&margin=5": 4,
    "stimuli/{key}": 1,
    "annotators/{pseudonym}": 1,
}
#: Charts with nothing behind them that a picture could show: they count people or what is only supposed.
NO_IMAGES = {"power", "session-curve", "place", "carry-over", "going-on", "distribution"}
#: Figures that could lead somewhere in principle, and whose images no filter of the explorer finds.
NOT_FOUND_BY_FILTERS = re.compile(r"^(similes|languages|ground|pair-.*)$")


@dataclass
class Chart:
    """What stands in one <figure>."""

    name: str = ""
    drawing: dict[str, str | None] = field(default_factory=dict)
    has_table: bool = False
    has_definition: bool = False
    source: str = ""
    csv: str = ""
    files: set[str] = field(default_factory=set)
    links: list[str] = field(default_factory=list)


class Charts(HTMLParser):
    """The charts of a page, and every link in it that leads to the explorer."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[Chart] = []
        self.to_images: list[str] = []
        self._here: Chart | None = None
        self._in_source = False

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = dict(attributes)
        classes = (given.get("class") or "").split()
        href = given.get("href") or ""
        if tag == "a" and "explorer?" in href:
            self.to_images.append(href)
        if tag == "figure" and "figure" in classes:
            self._here = Chart(given.get("id") or "")
            self.found.append(self._here)
        if self._here is None:
            return
        if tag == "svg" and not self._here.drawing:
            self._here.drawing = given
        if tag == "details":
            self._here.has_table |= (given.get("id") or "").endswith("-table")
            self._here.has_definition |= (given.get("id") or "").endswith("-definition")
        if tag == "a" and "download" in given:
            self._here.csv = href
        elif tag == "a":
            self._here.links.append(href)
        if tag == "button" and given.get("data-figure-file"):
            self._here.files.add(given["data-figure-file"] or "")
        self._in_source = tag == "p" and "figure-source" in classes

    def handle_data(self, data: str) -> None:
        if self._here is not None and self._in_source:
            self._here.source += data

    def handle_endtag(self, tag: str) -> None:
        self._in_source = self._in_source and tag != "p"
        if tag == "figure":
            self._here = None


@pytest.fixture
def study(mika: User) -> Study:
    """Everything that can be computed of it, computed."""
    study, _ = grouped_study(mika, {"woman": 12, "man": 12}, n_stimuli=12)
    for number, stimulus in enumerate(study.stimuli.order_by("rank")):
        stimulus.source_dataset = ("ArtEmis", "OASIS")[number % 2]
        stimulus.save(update_fields=["source_dataset"])
    ids = list(Response.objects.filter(study=study).order_by("pk").values_list("pk", flat=True))
    for month, mine in ((3, ids[::2]), (4, ids[1::2])):
        Response.objects.filter(pk__in=mine).update(created_at=datetime(2026, month, 15, tzinfo=UTC))
    refresh_statistics(wait=True)
    index_everything()
    for name in OVER_SNAPSHOTS:
        analysis = analysis_named(name)
        options = analysis.options_with_defaults({})
        store_analysis(study=study, analysis=analysis, options=options, progress=no_progress)
    store_groups(study=study, options={}, progress=no_progress)
    sources = {"what": SOURCES, "first": "ArtEmis", "second": "OASIS"}
    periods = {"what": PERIODS, "first": "2026-03-01..2026-03-31", "second": "2026-04-01..2026-04-30"}
    for options in (sources, {**sources, "labels": "polarity"}, periods):
        store_comparison(study=study, options=options, progress=no_progress)
    store_latent_truth(study=study, methods=["dawid_skene"], progress=no_progress)
    return study


def charts_of(client: Client, address: str) -> Charts:
    answer = client.get(address)
    assert answer.status_code == 200, address
    charts = Charts()
    charts.feed(answer.content.decode())
    return charts


def addresses_of(study: Study) -> Iterator[tuple[str, int]]:
    response = Response.objects.filter(study=study).select_related("stimulus", "participation__annotator")[0]
    names: dict[str, Any] = {
        "key": response.stimulus.key,
        "pseudonym": response.participation.annotator.pseudonym,
    }
    for page, least in PAGES.items():
        yield f"/studies/{study.slug}/{page.format(**names)}", least


def test_every_chart_has_all_that_a_paper_needs_and_leads_to_images(client: Client, study: Study, mika: User) -> None:
    client.force_login(mika)
    assert study_statistics(study.pk) is not None
    wrong: list[str] = []
    to_images: set[str] = set()
    for address, least in addresses_of(study):
        charts = charts_of(client, address)
        if len(charts.found) < least:
            wrong.append(f"{address}: {[chart.name for chart in charts.found]}, fewer than {least}")
        for chart in charts.found:
            wrong += [f"{address} {chart.name}: {what}" for what in missing(client, chart, address)]
            needs_images = chart.name not in NO_IMAGES and not NOT_FOUND_BY_FILTERS.match(chart.name)
            if needs_images and not any("explorer?" in link or "words?" in link for link in chart.links):
                wrong.append(f"{address} {chart.name}: leads to no images")
        to_images |= {urljoin(address, link) for link in charts.to_images}
    assert len(to_images) > 60
    for link in sorted(to_images):
        answer = client.get(link)
        # a filter that is not there would be an error; nothing found is an answer, such as no majority of a feeling
        if answer.status_code != 200 or b"error-summary" in answer.content:
            wrong.append(f"{link}: {answer.status_code}")
    assert not wrong, "\n".join(wrong)


def missing(client: Client, chart: Chart, address: str) -> Iterator[str]:
    if chart.drawing.get("role") not in ("img", "group") or len(chart.drawing.get("aria-label") or "") < 10:
        yield "its drawing has no words for those who do not see it"
    if not chart.has_table:
        yield "no table"
    if not chart.has_definition:
        yield "no definition"
    if chart.files != {"svg", "png"}:
        yield f"files for a paper: {chart.files}"
    if not re.search(r"responses|answers|explanations|images|supposed", chart.source):
        yield f"does not say what it rests on: {chart.source!r}"
    if "supposed" not in chart.source and not re.search(r"[Cc]ounted \d|[Cc]omputed \d|, \d+ \w+ \d{4}", chart.source):
        yield f"does not say as of when: {chart.source!r}"
    if not chart.csv:
        yield "no CSV"
        return
    answer = client.get(urljoin(address, chart.csv))
    if answer.status_code != 200 or not answer["Content-Type"].startswith("text/csv"):
        yield f"its CSV answers {answer.status_code}"
    elif answer.content.decode("utf-8-sig").count("\n") < 2:
        yield "its CSV has no rows"
