"""The gallery: filters, orders, pages, and what it refuses."""

import re
from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from analysis.gallery import SORTS
from analysis.services.refresh_statistics import refresh_statistics
from annotation.models import Stimulus, Study
from tests.analysis.answers import answered_study
from tests.conftest import make_study

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
    page = client.get(f"/studies/{study.slug}/gallery?{query}")
    assert page.status_code == 200
    places = {stimulus.key: place for place, stimulus in enumerate(stimuli)}
    return [places[key] for key in re.findall(r"/stimuli/([0-9a-f]{64})", page.content.decode())]


@pytest.mark.parametrize(
    ("query", "places"),
    [
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
    ],
)
def test_filters_keep_what_fits(
    answered: tuple[Study, list[Stimulus]], mika: User, sign_in: SignIn, query: str, places: set[int]
) -> None:
    assert set(shown(sign_in(mika), answered, query)) == places


@pytest.mark.parametrize(
    ("sort", "order"),
    [
        ("agreement_high", [0, 2, 1, 3, 4]),
        ("agreement_low", [4, 1, 3, 0, 2]),
        ("entropy_high", [4, 1, 3, 0, 2]),
        ("entropy_low", [0, 2, 1, 3, 4]),
        ("responses", [0, 1, 3, 4, 2]),
        ("share:fear", [2, 1, 4, 0, 3]),
    ],
)
def test_orders_are_stable_where_values_are_equal(
    answered: tuple[Study, list[Stimulus]], mika: User, sign_in: SignIn, sort: str, order: list[int]
) -> None:
    assert shown(sign_in(mika), answered, f"sort={sort}") == order


def test_every_picture_is_a_link_with_a_name(
    answered: tuple[Study, list[Stimulus]], mika: User, sign_in: SignIn
) -> None:
    html = sign_in(mika).get(f"/studies/{answered[0].slug}/gallery").content.decode()
    assert "Awe 2 of 3, agreement 0.33" in html
    assert html.count('class="strip"') == len(TABLE)


def test_filters_stand_in_the_address_of_the_next_page(mika: User, sign_in: SignIn) -> None:
    study, _ = answered_study(mika, [["awe", "awe"]] * 61)
    refresh_statistics()
    client = sign_in(mika)
    first = client.get(f"/studies/{study.slug}/gallery?emotion=awe").content.decode()
    assert "emotion=awe&amp;page=2" in first
    second = client.get(f"/studies/{study.slug}/gallery?emotion=awe&page=2").content.decode()
    keys = [set(re.findall(r"/stimuli/([0-9a-f]{64})", html)) for html in (first, second)]
    assert [len(found) for found in keys] == [60, 1]
    assert not keys[0] & keys[1]


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("agreement_min=2", "Give a number from 0"),
        ("agreement_max=often", "Give a number from 0"),
        ("agreement_min=0.8&agreement_max=0.2", "at least 0.8"),
        ("sort=password", "Select a valid choice"),
        ("emotion=' or 1=1", "Select a valid choice"),
        ("mix=everything", "Select a valid choice"),
        ("responses_min=-4", "greater than or equal to 1"),
    ],
)
def test_what_cannot_be_asked_is_said_beside_the_field(
    answered: tuple[Study, list[Stimulus]], mika: User, sign_in: SignIn, query: str, says: str
) -> None:
    page = sign_in(mika).get(f"/studies/{answered[0].slug}/gallery?{query}")
    assert page.status_code == 400
    assert says in page.content.decode()


def test_no_fit_says_how_to_go_on(answered: tuple[Study, list[Stimulus]], mika: User, sign_in: SignIn) -> None:
    page = sign_in(mika).get(f"/studies/{answered[0].slug}/gallery?emotion=disgust")
    assert "No image fits" in page.content.decode()


def test_a_study_without_answers_says_so(mika: User, sign_in: SignIn) -> None:
    study = make_study(mika)
    assert "Nothing to see yet" in sign_in(mika).get(f"/studies/{study.slug}/gallery").content.decode()


@pytest.mark.parametrize("sort", [*SORTS, "share:awe"])
def test_a_page_costs_the_same_for_few_and_for_many(mika: User, sign_in: SignIn, sort: str) -> None:
    costs = []
    for rows in (3, 30):
        study, _ = answered_study(mika, [["awe", "fear"]] * rows)
        refresh_statistics()
        client = sign_in(mika)
        client.get(f"/studies/{study.slug}/gallery?sort={sort}")
        with CaptureQueriesContext(connection) as queries:
            client.get(f"/studies/{study.slug}/gallery?sort={sort}")
        costs.append(len(queries))
    assert costs[0] == costs[1] <= 12
