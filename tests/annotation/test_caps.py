"""Caps per person, hour, day and study: kept when work is lent, under concurrency, and said to the person."""

from contextlib import nullcontext
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from annotation.errors import InvalidInput
from annotation.models import Assignment, Participation, Response, StudyBudget
from annotation.services.assign import assign_ahead
from annotation.services.audit_study import audit_study
from annotation.services.caps import limit_reached, return_promises, set_limits
from annotation.services.submit_response import submit_response
from tests.annotation.races import in_threads
from tests.conftest import answer, make_participation, make_stimuli, make_study, respond

pytestmark = pytest.mark.django_db


def refreshed(participation: Participation) -> Participation:
    return Participation.objects.get(pk=participation.pk)


def test_nobody_gets_more_images_than_the_study_lets_one_person_have() -> None:
    study = set_limits(study=make_study(), limits={"most_per_person": 3})
    anna = make_participation(study)
    for _number in range(3):
        respond(anna)
    assert assign_ahead(participation=anna, study=study) == []
    reached = limit_reached(refreshed(anna), study)
    assert reached is not None
    assert (reached.limit, reached.is_final) == ("most_per_person", True)


def test_what_is_held_counts_so_that_no_lease_goes_beyond_the_cap() -> None:
    study = set_limits(study=make_study(), limits={"most_per_person": 1})
    anna = make_participation(study)
    assert len(assign_ahead(participation=anna, study=study)) == 1
    respond(anna)
    assert Response.objects.get().status == Response.ACCEPTED


@pytest.mark.parametrize(("limit", "seconds"), [("most_per_hour", 3600), ("most_per_day", 86_400)])
def test_a_window_rolls_on_and_says_when(limit: str, seconds: int) -> None:
    study = set_limits(study=make_study(), limits={limit: 2})
    anna = make_participation(study)
    respond(anna)
    respond(anna)
    assert assign_ahead(participation=anna, study=study) == []
    before = timezone.now()
    reached = limit_reached(refreshed(anna), study)
    assert reached is not None
    assert reached.until is not None
    slot = 300 if limit == "most_per_hour" else 3600
    assert before + timedelta(seconds=seconds) <= reached.until <= before + timedelta(seconds=seconds + slot)
    # the same answers, so much earlier
    row = refreshed(anna)
    row.pace = {limit: [[start - seconds - slot, n] for start, n in row.pace[limit]]}
    row.save()
    assert limit_reached(refreshed(anna), study) is None
    assert len(assign_ahead(participation=anna, study=study)) == 2


def test_what_is_held_when_a_limit_is_set_may_still_be_answered() -> None:
    study = make_study()
    anna = make_participation(study)
    held = assign_ahead(participation=anna, study=study)
    study = set_limits(study=study, limits={"most_per_person": 1, "most_of_study": 10})
    for number, assignment in enumerate(held):
        submitted = submit_response(
            study=study, participation=anna, assignment_id=assignment.id,
            client_key=f"00000000-0000-4000-8000-00000000000{number}", answers=answer(), lend=True,
        )  # fmt: skip
        assert submitted.response.status == Response.ACCEPTED
    assert assign_ahead(participation=anna, study=study) == []
    assert StudyBudget.objects.get().taken == 2 + refreshed(anna).reserved


def test_a_budget_below_what_was_given_is_refused_with_the_number() -> None:
    study = make_study()
    anna = make_participation(study)
    respond(anna)
    respond(anna)
    with pytest.raises(InvalidInput) as refused:
        set_limits(study=study, limits={"most_of_study": 1})
    assert "2 answers" in refused.value.errors["most_of_study"][0]


@pytest.mark.parametrize(
    "limits", [{"most_per_person": 0}, {"most_per_hour": "ten"}, {"most_per_hour": 50, "most_per_day": 20}, {"most": 3}]
)
def test_limits_that_cannot_be_are_refused(limits: dict[str, Any]) -> None:
    study = make_study()
    with pytest.raises(InvalidInput):
        set_limits(study=study, limits=limits)
    study.refresh_from_db()
    assert study.limits == {}


def test_promises_of_somebody_who_went_away_come_back() -> None:
    study = make_study(n_stimuli=30)
    study = set_limits(study=study, limits={"most_of_study": 2_000})
    anna = make_participation(study)
    respond(anna)
    assert refreshed(anna).reserved == 9
    assert return_promises() == 0  # she is still at work
    Assignment.objects.filter(state=Assignment.LEASED).update(expires_at=timezone.now() - timedelta(seconds=1))
    Assignment.objects.filter(state=Assignment.LEASED).update(state=Assignment.EXPIRED)
    assert return_promises() == 9
    assert StudyBudget.objects.get().taken == 1
    assert refreshed(anna).reserved == 0


def test_switching_the_budget_off_forgets_the_promises() -> None:
    study = set_limits(study=make_study(), limits={"most_of_study": 1_500})
    anna = make_participation(study)
    respond(anna)
    study = set_limits(study=study, limits={"most_of_study": None})
    assert not StudyBudget.objects.exists()
    assert refreshed(anna).reserved == 0
    respond(anna)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("budget", [7, 40])
def test_the_budget_of_a_study_is_never_exceeded_by_people_who_race_for_it(budget: int) -> None:
    study = make_study(n_stimuli=20, wanted_responses=6)
    study = set_limits(study=study, limits={"most_of_study": budget})
    people = [make_participation(study) for _number in range(8)]

    def work(person: Participation) -> int:
        n = 0
        while True:
            held = assign_ahead(participation=person, study=study)
            if not held:
                return n
            for assignment in held:
                submit_response(
                    study=study, participation=person, assignment_id=assignment.id,
                    client_key=f"00000000-0000-4000-8000-{person.pk:06d}{n:06d}", answers=answer(), lend=n % 2 == 0,
                )  # fmt: skip
                n += 1

    answered = in_threads([lambda person=person: work(person) for person in people])  # type: ignore[misc]
    assert sum(answered) == budget
    assert Response.objects.filter(status=Response.ACCEPTED).count() == budget
    assert StudyBudget.objects.get().taken == budget
    assert audit_study(study) == []


def test_without_limits_an_answer_costs_no_statement_more(django_assert_num_queries: Any) -> None:
    study = make_study(n_stimuli=12)
    anna = make_participation(study)
    for number in (1, 2):
        held = assign_ahead(participation=anna, study=study)
        # savepoint, read and lock, write, release; a connection's first answer prepares its statement besides
        with django_assert_num_queries(4) if number == 2 else nullcontext():
            submit_response(
                study=study, participation=anna, assignment_id=held[0].id,
                client_key=f"00000000-0000-4000-8000-00000000000{number}", answers=answer(), lend=True,
            )  # fmt: skip


def test_stimuli_that_come_later_do_not_raise_the_budget() -> None:
    study = set_limits(study=make_study(n_stimuli=1), limits={"most_of_study": 1})
    respond(make_participation(study))
    make_stimuli(study, 3, prefix="later")
    bo = make_participation(study)
    assert assign_ahead(participation=bo, study=study) == []
    reached = limit_reached(refreshed(bo), study)
    assert reached is not None
    assert reached.limit == "most_of_study"
