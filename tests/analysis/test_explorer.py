"""The image explorer: filters, orders, pages without end, and what it refuses."""

import html
import re
from collections.abc import Callable
from datetime import UTC, datetime
from urllib.parse import urlencode

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from analysis import explorer
from analysis.explorer import SORTS, ExplorerForm
from analysis.keyset import cursor_of, page_after
from analysis.models import ExplanationIndex
from analysis.queries import study_statistics
from analysis.services.index_explanations import index_what_changed
from analysis.services.refresh_statistics import refresh_statistics
from analysis.views import explorer as explorer_view
from annotation.models import Response, Stimulus, Study
from tests.analysis.answers import answer_stimulus, answered_study
from tests.conftest import answer, make_participation, make_study

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]

TABLE = [
    ["awe", "awe", "awe"],  # 0: all agree, only positive
    ["awe", "awe", "fear"],  # 1: positive and negative
    ["fear", "fear"],  # 2: only negative
    ["amusement", "something_else", "something_else"],  # 3: mixed, but nothing negative
    ["awe", "fear", "something_else"],  # 4: nobody agrees
]


@pytest.fixture
def answered(mika: User) -> tuple[Study, list[Stimulus]]:
    study, stimuli = answered_study(mika, TABLE)
    refresh_statistics()
    return study, stimuli


def shown(client: Client, answered: tuple[Study, list[Stimulus]], query: str = "") -> list[int]:
    """The places in TABLE of the pictures on the page, in their order."""
    study, stimuli = answered
    page = client.get(f"/studies/{study.slug}/explorer?{query}")
    assert page.status_code == 200
    places = {stimulus.key: place for place, stimulus in enumerate(stimuli)}
    return [places[key] for key in re.findall(r"/stimuli/([0-9a-f]{64})", page.content.decode())]


FILTERS: list[tuple[str, set[int]]] = [
    ("", {0, 1, 2, 3, 4}),
    ("emotion=awe", {0, 1, 4}),
    ("emotion=disgust", set()),
    ("mix=positive_and_negative", {1, 4}),
    ("mix=mixed", {1, 3, 4}),
    ("mix=only_positive", {0}),
    ("mix=only_negative", {2}),
    ("agreement_min=0.9", {0, 2}),
    ("agreement_max=0.1", {4}),
    ("agreement_min=0.2&agreement_max=0.5", {1, 3}),
    ("responses_min=3", {0, 1, 3, 4}),
    ("emotion=fear&responses_min=3", {4}),
    ("felt=awe&felt=fear", {1, 4}),
    ("majority=half_or_more", {0, 1, 2, 3}),
    ("majority=none", {4}),
    ("majority=strict_majority&emotion=awe", {0, 1}),
    ("top_min=0.5&top_max=0.7", {1, 3}),
    ("responses_max=2", {2}),
    ("entropy_max=0", {0, 2}),
    ("share_of=fear&share_min=0.3&share_max=0.4", {1, 4}),
    ("share_of=fear&share_max=0", {0, 3}),
    ("mix=has_negative", {1, 2, 4}),
    ("mix=all_three", {4}),
    ("simulated=no", {0, 1, 2, 3, 4}),
    ("simulated=some", set()),
    ("sort=newest", {0, 1, 2, 3, 4}),
]


def test_filters_keep_what_fits(answered: tuple[Study, list[Stimulus]], mika: User, sign_in: SignIn) -> None:
    client = sign_in(mika)
    for query, places in FILTERS:
        assert set(shown(client, answered, query)) == places, query


ORDERS = [
    ("agreement_high", [0, 2, 3, 1, 4]),
    ("agreement_low", [4, 1, 3, 0, 2]),
    ("top_share", [0, 2, 3, 1, 4]),
    ("entropy_high", [4, 3, 1, 2, 0]),
    ("entropy_low", [0, 2, 1, 3, 4]),
    ("responses", [4, 3, 1, 0, 2]),
    ("share:fear", [2, 4, 1, 3, 0]),
]


def test_orders_are_stable_where_values_are_equal(
    answered: tuple[Study, list[Stimulus]], mika: User, sign_in: SignIn
) -> None:
    client = sign_in(mika)
    for sort, order in ORDERS:
        assert shown(client, answered, f"sort={sort}") == order, sort


def test_every_picture_is_a_link_with_a_name(
    answered: tuple[Study, list[Stimulus]], mika: User, sign_in: SignIn
) -> None:
    page = sign_in(mika).get(f"/studies/{answered[0].slug}/explorer").content.decode()
    assert "Awe 2 of 3, agreement 0.33" in page
    assert page.count('class="strip"') == len(TABLE)


def test_filters_stand_in_the_address_of_the_next_page(mika: User, sign_in: SignIn) -> None:
    study, _ = answered_study(mika, [["awe", "awe"]] * 61)
    refresh_statistics()
    client = sign_in(mika)
    first = client.get(f"/studies/{study.slug}/explorer?emotion=awe").content.decode()
    next_page = html.unescape(re.findall(r'rel="next" href="([^"]+)"', first)[0])
    assert "emotion=awe&after=" in next_page
    second = client.get(f"/studies/{study.slug}/explorer{next_page}").content.decode()
    keys = [set(re.findall(r"/stimuli/([0-9a-f]{64})", page)) for page in (first, second)]
    assert [len(found) for found in keys] == [60, 1]
    assert not keys[0] & keys[1]
    assert 'rel="next"' not in second


WRONG = [
    ("agreement_min=2", "Give a number from 0"),
    ("agreement_max=often", "Give a number from 0"),
    ("agreement_min=0.8&agreement_max=0.2", "at least 0.8"),
    ("sort=password", "Select a valid choice"),
    ("emotion=' or 1=1", "Select a valid choice"),
    ("mix=everything", "Select a valid choice"),
    ("responses_min=-4", "greater than or equal to 1"),
    ("share_min=0.5", "Choose whose share"),
    ("word=!!!", "Give a word"),
]


def test_what_cannot_be_asked_is_said_beside_the_field(
    answered: tuple[Study, list[Stimulus]], mika: User, sign_in: SignIn
) -> None:
    client = sign_in(mika)
    for query, says in WRONG:
        page = client.get(f"/studies/{answered[0].slug}/explorer?{query}")
        assert page.status_code == 400, query
        assert says in page.content.decode(), query


def test_no_fit_says_how_to_go_on(answered: tuple[Study, list[Stimulus]], mika: User, sign_in: SignIn) -> None:
    page = sign_in(mika).get(f"/studies/{answered[0].slug}/explorer?emotion=disgust")
    assert "No image fits" in page.content.decode()


def test_a_study_without_answers_says_so(mika: User, sign_in: SignIn) -> None:
    study = make_study(mika)
    assert "Nothing to see yet" in sign_in(mika).get(f"/studies/{study.slug}/explorer").content.decode()


def test_a_page_costs_the_same_for_few_and_for_many(mika: User, sign_in: SignIn) -> None:
    costs: dict[str, list[int]] = {}
    for rows in (3, 30):
        study, _ = answered_study(mika, [["awe", "fear"]] * rows)
        refresh_statistics()
        client = sign_in(mika)
        client.get(f"/studies/{study.slug}/explorer")
        for sort in [*SORTS, "share:awe"]:
            with CaptureQueriesContext(connection) as queries:
                client.get(f"/studies/{study.slug}/explorer?sort={sort}")
            costs.setdefault(sort, []).append(len(queries))
    for sort, (few, many) in costs.items():
        assert few == many <= 14, sort


@pytest.mark.parametrize("sort", [*SORTS, "share:fear"])
def test_pages_in_either_direction_show_everything_once(mika: User, sort: str) -> None:
    table = [["awe", "fear", "fear"]] * 3 + [
        ["awe"],
        ["awe", "awe"],
        ["awe", "fear"],
        ["fear"],
        ["fear", "fear", "awe"],
        ["disgust", "awe"],
        ["awe"],
    ]
    study, _ = answered_study(mika, table)
    refresh_statistics()
    statistics = study_statistics(study.pk)
    assert statistics is not None
    form = ExplorerForm({"sort": sort}, study, statistics.labels, [])
    assert form.is_valid()
    whole, _ = page_after(form.stimuli(), form.order, "", 100)
    expected = [row.stimulus_id for row in whole]
    assert len(expected) == len(table)
    walked, cursor = [], ""
    while True:
        page, cursor = page_after(form.stimuli(), form.order, cursor, 2)
        walked += [row.stimulus_id for row in page]
        if not cursor:
            break
    assert walked == expected
    last = cursor_of(whole[-1], form.order.all_keys)
    before, _ = page_after(form.stimuli(), form.order, last, 100, backward=True)
    assert [row.stimulus_id for row in before] == expected[-2::-1]


def test_what_is_too_much_to_count_is_said_to_be_more(
    answered: tuple[Study, list[Stimulus]], mika: User, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = sign_in(mika)
    address = f"/studies/{answered[0].slug}/explorer"
    assert "3 images" in client.get(f"{address}?emotion=awe").content.decode()
    for module in (explorer, explorer_view):
        monkeypatch.setattr(module, "MOST_COUNTED", 2)
    assert "More than 2 images" in client.get(f"{address}?felt=awe").content.decode()
    assert "5 images" in client.get(address).content.decode()


def test_a_cursor_that_somebody_changed_begins_anew(
    answered: tuple[Study, list[Stimulus]], mika: User, sign_in: SignIn
) -> None:
    client = sign_in(mika)
    for after in ("x", "[1]", '["2020",{}]', "[true,1]", '["no date",1]', "null", "1"):
        assert len(shown(client, answered, f"after={after}")) == len(TABLE), after


@pytest.mark.parametrize("sort", SORTS)
def test_a_cursor_of_another_order_or_of_no_number_begins_anew(
    answered: tuple[Study, list[Stimulus]], mika: User, sign_in: SignIn, sort: str
) -> None:
    """An order that somebody changed in the address while its page went on from somewhere."""
    client = sign_in(mika)
    n_keys = len(SORTS[sort][1].all_keys)
    tails = [["1"] * (n_keys - 1), ["1e400"] * (n_keys - 1), [f"1{'0' * 400}"] * (n_keys - 1)]
    firsts = ['"2020-01-01T00:00:00"', "1e400", "NaN", "-Infinity", f"-1{'0' * 400}", "1e300"]
    firsts += ["1"] if sort == "newest" else ['"2020-01-01T00:00:00%2B00:00"']
    for first in firsts:
        for tail in tails:
            after = f"[{','.join([first, *tail])}]"
            assert len(shown(client, answered, f"sort={sort}&after={after}")) == len(TABLE), after


def test_a_span_of_time_finds_what_was_answered_in_it(mika: User, sign_in: SignIn) -> None:
    """Somebody answered in the span: not the one before it and another one after it."""
    study = make_study(mika, n_stimuli=3, wanted_responses=3)
    stimuli = list(Stimulus.objects.filter(study=study).order_by("rank"))
    one, two = make_participation(study), make_participation(study)
    days = {0: (1, 1), 1: (1, 3), 2: (2, 2)}
    for place, (first, second) in days.items():
        for person, day in ((one, first), (two, second)):
            answer_stimulus(stimuli[place], [person], ["awe"], created_at=datetime(2026, 3, day, 23, 59, tzinfo=UTC))
    refresh_statistics()
    client, answered = sign_in(mika), (study, stimuli)

    def found(**span: str) -> set[int]:
        return set(shown(client, answered, urlencode(span)))

    assert found(answered_from="2026-03-02T00:00", answered_before="2026-03-03T00:00") == {2}
    assert found(answered_from="2026-03-02T00:00") == {1, 2}
    assert found(answered_before="2026-03-02T00:00") == {0, 1}
    assert found(answered_from="2026-03-03T23:50", answered_before="2026-03-04") == {1}
    assert found(answered_from="0001-01-01T00:00+14:00", answered_before="9999-12-31T23:59") == {0, 1, 2}
    page = client.get(f"/studies/{study.slug}/explorer?answered_from=2026-03-02T00:00").content.decode()
    assert 'value="2026-03-02T00:00"' in page
    for wrong in ("answered_from=yesterday", "answered_from=2026-03-02&answered_before=2026-03-02"):
        assert client.get(f"/studies/{study.slug}/explorer?{wrong}").status_code == 400
    # and the columns of the study's page lead there
    pace = re.findall(r'href="(explorer\?answered_from=[^"]+)"', client.get(f"/studies/{study.slug}/").content.decode())
    assert pace
    assert set(shown(client, answered, html.unescape(pace[0]).partition("?")[2])) == {0, 1}


@pytest.fixture
def told(mika: User) -> Study:
    """Two images of two sources, by people of two groups, in words of several scripts."""
    study = make_study(mika, n_stimuli=3, wanted_responses=3)
    lake, storm, _ = Stimulus.objects.filter(study=study).order_by("rank")
    Stimulus.objects.filter(pk=lake.pk).update(source_dataset="lakes", name="lake")
    Stimulus.objects.filter(pk=storm.pk).update(source_dataset="storms", name="storm")
    here, there = make_participation(study, cohort="panel"), make_participation(study, cohort="students")
    said = [
        (lake, here, "contentment", "The café's dogs sleep by the O'Hara boat"),
        (lake, there, "fear", "deep water; 我喜欢这只狗"),
        (storm, here, "awe", "the WATER rises, a dog barks"),
    ]
    for stimulus, person, emotion, text in said:
        (response,) = answer_stimulus(stimulus, [person], [emotion])
        response.answers = answer(emotion, text)
        response.save()
    refresh_statistics()
    index_what_changed()
    return study


def names(client: Client, study: Study, **query: str) -> set[str]:
    page = client.get(f"/studies/{study.slug}/explorer", query)
    assert page.status_code == 200
    return {
        name
        for name in ("lake", "storm")
        if f'alt="{name}"' in page.content.decode() or f'class="no-picture">{name}<' in page.content.decode()
    }


def test_words_sources_and_groups_find_their_images(told: Study, mika: User, sign_in: SignIn) -> None:
    client = sign_in(mika)
    assert names(client, told) == {"lake", "storm"}
    assert names(client, told, word="water") == {"lake", "storm"}
    assert names(client, told, word="water", said_with="fear") == {"lake"}
    assert names(client, told, word="water", said_with="contentment") == set()
    assert names(client, told, word="dog") == {"storm"}
    assert names(client, told, word="dog*") == {"lake", "storm"}
    assert names(client, told, word="CAFE'S") == {"lake"}
    assert names(client, told, word="o'hara boat") == {"lake"}
    assert names(client, told, word="dog boat") == set()
    assert names(client, told, word="狗") == {"lake"}
    assert names(client, told, word="喜欢") == {"lake"}
    assert names(client, told, word="猫") == set()
    assert names(client, told, source="storms") == {"storm"}
    assert names(client, told, group="students") == {"lake"}
    assert names(client, told, group="panel", source="lakes", word="boat") == {"lake"}


def test_the_index_follows_what_is_revised_and_taken_back(told: Study, mika: User, sign_in: SignIn) -> None:
    client = sign_in(mika)
    storm = Response.objects.get(stimulus__name="storm")
    storm.answers = answer("awe", "lightning strikes")
    storm.save()
    assert index_what_changed() >= 1
    assert names(client, told, word="lightning") == {"storm"}
    assert names(client, told, word="barks") == set()
    Response.objects.filter(pk=storm.pk).update(status=Response.WITHDRAWN, answers={}, label="")
    assert index_what_changed() >= 1
    assert ExplanationIndex.objects.filter(study_id=told.pk).count() == 1


def test_more_pictures_come_as_a_part_of_the_page(mika: User, sign_in: SignIn) -> None:
    study, _ = answered_study(mika, [["awe", "awe"]] * 61)
    refresh_statistics()
    client = sign_in(mika)
    address = f"/studies/{study.slug}/explorer"
    after = re.findall(r'rel="next" href="([^"]+)"', client.get(address).content.decode())[0]
    part = client.get(address + html.unescape(after), headers={"X-Requested-With": "explorer"}).content.decode()
    assert "<html" not in part
    assert part.count('class="strip"') == 1


def test_a_picture_knows_its_neighbours_in_the_selection(
    answered: tuple[Study, list[Stimulus]], mika: User, sign_in: SignIn
) -> None:
    study, stimuli = answered
    client = sign_in(mika)
    page = client.get(f"/studies/{study.slug}/stimuli/{stimuli[1].key}?felt=awe&sort=agreement_low").content.decode()
    walk = dict(re.findall(r'rel="(prev|next)" href="[^"]*/stimuli/([0-9a-f]{64})', page))
    assert walk == {"prev": stimuli[4].key, "next": stimuli[0].key}
    assert "explorer?felt=awe&amp;sort=agreement_low" in page


def test_the_earlier_address_leads_on_with_its_filters(
    answered: tuple[Study, list[Stimulus]], mika: User, sign_in: SignIn
) -> None:
    response = sign_in(mika).get(f"/studies/{answered[0].slug}/gallery?emotion=awe")
    assert response.status_code == 301
    assert response.headers["Location"] == f"/studies/{answered[0].slug}/explorer?emotion=awe"
