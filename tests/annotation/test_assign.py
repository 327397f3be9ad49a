"""What a person is lent: the next open image, in her own order, at a cost that does not grow with the study."""

import random
import uuid
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from annotation.models import Assignment, Participation, Stimulus, Study
from annotation.services.assign import HELD_AHEAD, assign_ahead, expire_leases, nothing_left, options_shown
from annotation.services.audit_study import audit_study
from annotation.services.change_state import change_state
from annotation.services.withdraw import withdraw_participation
from tests.conftest import annotator_client, answer, make_participation, make_stimuli, make_study, respond

pytestmark = pytest.mark.django_db


def url(study: Study) -> str:
    return f"/api/v1/studies/{study.slug}/work"


def names(participation: Participation, study: Study) -> list[str]:
    return [one.name for one in assign_ahead(participation=participation, study=study)]


def spread(study: Study, people: list[Participation]) -> None:
    """Ranks and places as in a real study: all round the ring."""
    dice = random.Random(7)
    for stimulus in Stimulus.objects.filter(study=study):
        Stimulus.objects.filter(pk=stimulus.pk).update(rank=dice.getrandbits(62))
    for person in people:
        person.ring_place = dice.getrandbits(63)
        person.save(update_fields=["ring_place"])


def test_a_person_holds_the_image_on_the_screen_and_the_one_behind_it(study: Study, anna: Participation) -> None:
    body = annotator_client(anna).get(url(study)).json()
    assert [one["sequence"] for one in body["held"]] == [1, 2]
    assert body["progress"] == {"answered": 0, "skipped": 0, "available": 5}
    assert (body["finished"], body["last_response"], body["study_state"]) == (False, None, "open")
    assert set(body["held"][0]["options_shown"]) == {"emotion"}
    assert audit_study(study) == []


def test_asking_again_lends_nothing_more(study: Study, anna: Participation) -> None:
    client = annotator_client(anna)
    assert client.get(url(study)).json()["held"] == client.get(url(study)).json()["held"]
    assert Assignment.objects.count() == HELD_AHEAD


def test_what_was_answered_last_comes_along(study: Study, anna: Participation) -> None:
    response = respond(anna)
    assert annotator_client(anna).get(url(study)).json()["last_response"]["id"] == response.pk


def test_nobody_meets_an_image_twice(study: Study, anna: Participation) -> None:
    seen = []
    while assign_ahead(participation=anna, study=study):
        seen.append(respond(anna).stimulus_id)
    assert len(seen) == len(set(seen)) == 5


def test_people_start_at_different_places_of_the_ring(mika: User) -> None:
    study = make_study(mika, n_stimuli=40)
    people = [make_participation(study) for _ in range(12)]
    spread(study, people)
    firsts = {names(person, study)[0] for person in people}
    assert len(firsts) >= 8


def test_the_ring_goes_round_until_everything_was_lent(mika: User) -> None:
    study = make_study(mika, n_stimuli=9)
    person = make_participation(study)
    spread(study, [person])
    ranks = []
    while assign_ahead(participation=person, study=study):
        ranks.append(respond(person).stimulus.rank)
    assert len(ranks) == 9
    # upwards from her place, and once from the top to the bottom
    assert sum(later < earlier for earlier, later in pairwise(ranks)) <= 1


def test_finish_first_lends_the_same_images_to_everybody(mika: User) -> None:
    study = make_study(mika, n_stimuli=20, order=Study.FINISH_FIRST)
    people = [make_participation(study) for _ in range(3)]
    spread(study, people)
    assert len({tuple(names(person, study)) for person in people}) == 1
    assert names(make_participation(study), study)[0] not in names(people[0], study)


def test_an_expired_lease_goes_to_another_person_first(mika: User) -> None:
    study = make_study(mika, n_stimuli=3, wanted_responses=1)
    anna, bo = make_participation(study), make_participation(study)
    had = names(anna, study)
    Assignment.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    expire_leases()
    # Anna gets the image she has not had before one of hers comes again
    assert names(anna, study)[0] not in had
    assert set(names(bo, study)) <= set(had)
    assert audit_study(study) == []


def test_a_lease_that_ran_out_is_lent_again_before_anybody_sweeps(mika: User) -> None:
    study = make_study(mika, n_stimuli=1, wanted_responses=1)
    anna, bo = make_participation(study), make_participation(study)
    assert len(names(anna, study)) == 1
    assert names(bo, study) == []
    Assignment.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert len(names(bo, study)) == 1


def test_when_nothing_else_is_left_her_own_expired_image_comes_again(mika: User) -> None:
    study = make_study(mika, n_stimuli=1)
    anna = make_participation(study)
    first = assign_ahead(participation=anna, study=study)[0]
    Assignment.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    again = assign_ahead(participation=anna, study=study)[0]
    assert (again.id, again.sequence) == (first.id, 2)
    assert audit_study(study) == []


def test_images_in_other_hands_may_still_come_and_the_person_is_not_sent_home(mika: User) -> None:
    study = make_study(mika, n_stimuli=1, wanted_responses=1)
    anna, bo = make_participation(study), make_participation(study)
    assign_ahead(participation=anna, study=study)
    body = annotator_client(bo).get(url(study)).json()
    assert (body["held"], body["finished"]) == ([], False)
    respond(anna)
    body = annotator_client(bo).get(url(study)).json()
    assert (body["held"], body["finished"]) == ([], True)
    assert nothing_left(participation=anna, study=study)


@pytest.mark.parametrize("state", [Study.PAUSED, Study.CLOSED])
def test_a_study_that_is_not_open_lends_nothing_new(study: Study, anna: Participation, state: str) -> None:
    held = names(anna, study)
    idle = make_participation(study)
    change_state(study=study, state=state)
    client = annotator_client(anna)
    body = client.get(url(study)).json()
    assert ([one["stimulus"]["name"] for one in body["held"]], body["finished"]) == (held, False)
    body = annotator_client(idle).get(url(study)).json()
    assert (body["held"], body["finished"], body["study_state"]) == ([], True, state)


def test_an_image_that_is_full_is_lent_to_nobody(mika: User) -> None:
    study = make_study(mika, n_stimuli=1, wanted_responses=2)
    for _ in range(2):
        respond(make_participation(study))
    assert names(make_participation(study), study) == []


def test_options_keep_their_order_unless_the_study_wants_it_counterbalanced(study: Study, anna: Participation) -> None:
    assert options_shown(anna, study)["emotion"][:2] == ["amusement", "awe"]
    study.counterbalance_options = True
    own = options_shown(anna, study)
    assert own == options_shown(Participation.objects.get(pk=anna.pk), study)
    others = {tuple(options_shown(make_participation(study), study)["emotion"]) for _ in range(10)}
    assert len(others) > 5
    assert {tuple(sorted(order)) for order in others} == {tuple(sorted(own["emotion"]))}


def test_the_counterbalanced_order_that_was_shown_is_stored(mika: User) -> None:
    study = make_study(mika, counterbalance_options=True)
    person = make_participation(study)
    shown = annotator_client(person).get(url(study)).json()["held"][0]["options_shown"]
    assert respond(person).options_shown == shown == options_shown(person, study)


@pytest.mark.parametrize("order", [Study.RING, Study.FINISH_FIRST])
def test_a_response_costs_as_many_queries_in_a_large_study(mika: User, order: str) -> None:
    few, many = (make_study(mika, n_stimuli=n, title=f"{n} images", order=order) for n in (5, 200))
    counts = [queries_of_a_response(study) for study in (few, many)]
    # study; person; assignment; answered; response; held; lend (twice where the ring begins anew); counts;
    # and the two ends of the transaction
    assert counts[0] == counts[1] <= 12


def queries_of_a_response(study: Study) -> int:
    """Queries of the second submit; the first fills what the process remembers."""
    person = make_participation(study)
    Participation.objects.filter(pk=person.pk).update(ring_place=1)
    client = annotator_client(person)
    held = client.get(url(study)).json()["held"]
    for _ in range(2):
        body = {"assignment": held[0]["id"], "client_key": str(uuid.uuid4()), "answers": answer()}
        with CaptureQueriesContext(connection) as queries:
            saved = client.post(f"/api/v1/studies/{study.slug}/responses", body, content_type="application/json")
        assert saved.status_code == 201
        held = saved.json()["work"]["held"]
        assert len(held) == HELD_AHEAD
    return len(queries)


# who may not, missing, wrong method


def test_without_taking_part_there_is_no_work(client: Any, study: Study) -> None:
    answered = client.get(url(study))
    assert (answered.status_code, answered.json()["type"]) == (403, "not_taking_part")


def test_somebody_of_another_study_gets_no_work(study: Study, bo: Participation) -> None:
    assert annotator_client(bo).get(url(study)).status_code == 403


def test_a_cookie_moved_to_another_study_opens_nothing(study: Study, bo: Participation) -> None:
    client = annotator_client(bo)
    client.cookies[f"participation_{study.pk}"] = client.cookies[f"participation_{bo.study_id}"].value
    assert client.get(url(study)).status_code == 403
    body = {"assignment": 1, "client_key": str(uuid.uuid4()), "answers": answer()}
    sent = client.post(f"/api/v1/studies/{study.slug}/responses", body, content_type="application/json")
    assert sent.status_code == 403


def test_a_forged_cookie_opens_nothing(client: Any, study: Study, anna: Participation) -> None:
    client.cookies[f"participation_{study.pk}"] = f"{anna.pk}:forged"
    assert client.get(url(study)).status_code == 403


def test_whoever_withdrew_gets_no_work(study: Study, anna: Participation) -> None:
    withdraw_participation(participation=anna)
    answered = annotator_client(anna).get(url(study))
    assert (answered.status_code, answered.json()["type"]) == (403, "not_taking_part")


def test_a_draft_and_a_missing_study_do_not_exist(client: Any, mika: User) -> None:
    draft = make_study(mika, is_open=False)
    assert client.get(url(draft)).status_code == 404
    assert client.get("/api/v1/studies/no-such-study/work").status_code == 404


def test_the_wrong_method_is_refused(study: Study, anna: Participation) -> None:
    assert annotator_client(anna).post(url(study)).status_code == 405


def test_stimuli_added_later_are_lent_too(study: Study, anna: Participation) -> None:
    while assign_ahead(participation=anna, study=study):
        respond(anna)
    make_stimuli(study, 2, prefix="later")
    assert len(names(anna, study)) == 2
