"""Open, pause and close: what may follow what, and what each means for people at work."""

import pytest
from django.contrib.auth.models import User
from django.db import connection

from annotation.errors import StateConflict
from annotation.models import Participation, Response, Stimulus, Study
from annotation.services.assign import assign_ahead
from annotation.services.audit_study import audit_study
from annotation.services.change_state import change_state
from tests.conftest import make_study, respond

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "states",
    [
        [Study.OPEN, Study.PAUSED, Study.OPEN, Study.CLOSED, Study.OPEN],
        [Study.OPEN, Study.PAUSED, Study.CLOSED, Study.OPEN],
    ],
)
def test_a_study_goes_this_way(mika: User, states: list[str]) -> None:
    study = make_study(mika, is_open=False)
    for state in states:
        study = change_state(study=study, state=state)
        assert Study.objects.get(pk=study.pk).state == state


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (Study.DRAFT, Study.PAUSED),
        (Study.DRAFT, Study.CLOSED),
        (Study.CLOSED, Study.PAUSED),
        (Study.OPEN, Study.DRAFT),
        (Study.CLOSED, Study.DRAFT),
        (Study.OPEN, "finished"),
    ],
)
def test_a_study_does_not_go_that_way(mika: User, before: str, after: str) -> None:
    study = make_study(mika, is_open=False)
    Study.objects.filter(pk=study.pk).update(state=before)
    with pytest.raises(StateConflict, match=before):
        change_state(study=study, state=after)
    assert Study.objects.get(pk=study.pk).state == before


def test_a_study_without_images_or_consent_is_told_what_is_missing(mika: User) -> None:
    study = make_study(mika, n_stimuli=0, is_open=False, consent="  ")
    with pytest.raises(StateConflict, match="at least one image and a consent text"):
        change_state(study=study, state=Study.OPEN)
    assert Study.objects.get(pk=study.pk).state == Study.DRAFT


@pytest.mark.parametrize("state", [Study.PAUSED, Study.CLOSED])
def test_whoever_holds_an_image_may_still_answer_it(study: Study, anna: Participation, state: str) -> None:
    assign_ahead(participation=anna, study=study)
    change_state(study=study, state=state)
    for _ in range(2):
        assert respond(anna).status == Response.ACCEPTED
    assert assign_ahead(participation=anna, study=change_state(study=study, state=state)) == []
    assert audit_study(study) == []


def test_an_opened_again_study_goes_on_where_it_was(study: Study, anna: Participation) -> None:
    respond(anna)
    slots = list(Stimulus.objects.order_by("pk").values_list("open_slots", flat=True))
    for state in (Study.PAUSED, Study.CLOSED, Study.OPEN):
        study = change_state(study=study, state=state)
    assert list(Stimulus.objects.order_by("pk").values_list("open_slots", flat=True)) == slots
    assert len(assign_ahead(participation=anna, study=study)) == 2


def test_twice_is_as_once_and_the_first_opening_stays_known(study: Study) -> None:
    opened = Study.objects.get(pk=study.pk).opened_at
    assert opened is not None
    for state in (Study.OPEN, Study.CLOSED, Study.CLOSED, Study.OPEN):
        study = change_state(study=study, state=state)
    assert Study.objects.get(pk=study.pk).opened_at == opened


@pytest.mark.django_db(transaction=True)
def test_the_planner_knows_how_many_images_there_are_when_a_study_opens() -> None:
    """Until it did, each lease of a large, new study sorted all of its images."""
    make_study(n_stimuli=123)
    with connection.cursor() as cursor:
        cursor.execute("select reltuples from pg_class where relname = 'annotation_stimulus'")
        assert cursor.fetchone() == (123.0,)
