"""Work far ahead: what a device is offered for the time without a network, and what becomes of the answers."""

import uuid
from typing import Any

import pytest
from django.core import signing
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from annotation.errors import AlreadyAnswered, AssignmentGone
from annotation.models import Assignment, Participation, Response, Stimulus, Study
from annotation.services import offers
from annotation.services.assign import assign_ahead
from annotation.services.audit_study import audit_study
from annotation.services.caps import set_limits
from annotation.services.change_state import change_state
from annotation.services.offers import MOST_OFFERS, next_offers, offer_token
from annotation.services.skip_assignment import skip_assignment
from annotation.services.submit_response import submit_response
from annotation.services.withdraw import withdraw_participation, withdraw_response
from tests.conftest import annotator_client, answer, make_participation, make_study, respond

pytestmark = pytest.mark.django_db


def asked(client: Any, study: Study, n: int = 24) -> Any:
    return client.get(f"/api/v1/studies/{study.slug}/offers?n={n}").json()


def send(client: Any, study: Study, **body: Any) -> Any:
    body = {"client_key": str(uuid.uuid4()), "answers": answer(), **body}
    return client.post(f"/api/v1/studies/{study.slug}/responses", body, content_type="application/json")


def submit(study: Study, person: Participation, token: str, **more: Any) -> Response:
    key = more.pop("client_key", None) or uuid.uuid4()
    return submit_response(
        study=study, participation=person, offer=token, client_key=key, answers=answer(), **more
    ).response


def token_of(person: Participation, stimulus: Stimulus) -> str:
    return offer_token(person.pk, stimulus.pk)


def test_offers_are_what_comes_after_the_images_she_holds(study: Study, anna: Participation) -> None:
    client = annotator_client(anna)
    held = client.get(f"/api/v1/studies/{study.slug}/work").json()["held"]
    offered = asked(client, study)
    keys = [one["stimulus"]["key"] for one in offered["offers"]]
    by_rank = list(Stimulus.objects.filter(study=study).order_by("rank").values_list("key", flat=True))
    assert keys == [key for key in by_rank if key not in {one["stimulus"]["key"] for one in held}]
    assert offered["options_shown"] == held[0]["options_shown"]
    assert set(offered["offers"][0]["stimulus"]) == set(held[0]["stimulus"])


def test_offers_come_in_the_order_in_which_the_images_would_be_lent(study: Study) -> None:
    """From her place in the ring on, and round."""
    for place in (0, 1500, 4001):
        person = make_participation(study)
        Participation.objects.filter(pk=person.pk).update(ring_place=place)
        person.refresh_from_db()
        offered = [one.stimulus_key for one in next_offers(participation=person, study=study, n=24)]
        lent = []
        while held := assign_ahead(participation=person, study=study):
            lent.append(held[0].stimulus_key)
            submit_response(
                study=study,
                participation=person,
                assignment_id=held[0].id,
                client_key=uuid.uuid4(),
                answers=answer(),
            )
        assert offered == lent


def test_asking_for_offers_writes_nothing(study: Study, anna: Participation) -> None:
    client = annotator_client(anna)
    before = Participation.objects.filter(pk=anna.pk).values().get()
    with CaptureQueriesContext(connection) as captured:
        asked(client, study)
    statements = [query["sql"].lower() for query in captured]
    assert not [sql for sql in statements if any(word in sql for word in ("insert", "update ", "delete"))]
    assert Participation.objects.filter(pk=anna.pk).values().get() == before
    assert not Assignment.objects.exists()


def test_the_number_of_offers_is_hers_to_choose_within_bounds(mika: Any) -> None:
    study = make_study(mika, n_stimuli=MOST_OFFERS + 5)
    client = annotator_client(make_participation(study))
    assert len(asked(client, study, n=3)["offers"]) == 3
    assert len(asked(client, study, n=100_000)["offers"]) == MOST_OFFERS
    url = f"/api/v1/studies/{study.slug}/offers"
    assert len(client.get(f"{url}?n=many").json()["offers"]) == 24
    assert len(client.get(f"{url}?n=0").json()["offers"]) == 1


def test_a_paused_study_offers_nothing(study: Study, anna: Participation) -> None:
    change_state(study=study, state=Study.PAUSED)
    assert asked(annotator_client(anna), study)["offers"] == []


def test_the_walk_reads_no_more_of_a_larger_study(mika: Any) -> None:
    """Blocks looked at, from the server's own count, follow the offers and not the 400 or 4,000 stimuli."""

    def rows_read(n_stimuli: int) -> int:
        study = make_study(mika, n_stimuli=n_stimuli)
        person = make_participation(study)
        for _ in range(30):
            respond(person)
        person.refresh_from_db()
        with connection.cursor() as cursor:
            cursor.execute("analyze annotation_stimulus, annotation_assignment")
            values = {"study": study.pk, "participation": person.pk, "start": person.ring_place, "n": 24}
            query = offers._NEXT.format(part="s.rank > %(start)s")
            cursor.execute(f"explain (analyze, buffers, format json) {query}", values)
            plan = cursor.fetchone()[0][0]["Plan"]
        return int(plan["Shared Hit Blocks"]) + int(plan["Shared Read Blocks"])

    # a handful of blocks for each of the 24 rows, the way down two larger trees included
    assert max(rows_read(400), rows_read(4000)) <= 24 * 5


def test_an_answer_to_an_offer_takes_an_open_slot(study: Study, anna: Participation) -> None:
    client = annotator_client(anna)
    offer = asked(client, study)["offers"][2]
    saved = send(client, study, offer=offer["offer"], duration_ms=4000)
    assert saved.status_code == 201
    assert saved.json()["status"] == Response.ACCEPTED
    response = Response.objects.get()
    assert response.stimulus.key == offer["stimulus"]["key"]
    assert response.assignment.state == Assignment.ANSWERED
    assert response.stimulus.open_slots == study.wanted_responses - 1
    assert saved.json()["work"]["progress"]["answered"] == 1
    assert offer["stimulus"]["key"] not in [one["stimulus"]["key"] for one in saved.json()["work"]["held"]]
    assert audit_study(study) == []


def test_where_all_slots_are_taken_the_answer_is_kept_as_surplus(study: Study, anna: Participation) -> None:
    offer = next_offers(participation=anna, study=study, n=1)[0]
    stimulus = Stimulus.objects.get(study=study, key=offer.stimulus_key)
    for _ in range(study.wanted_responses):
        other = make_participation(study)
        submit(study, other, token_of(other, stimulus))
    late = submit(study, anna, offer.token)
    assert late.status == Response.SURPLUS
    anna.refresh_from_db()
    assert anna.n_answered == 1
    assert audit_study(study) == []


def test_the_same_key_again_finds_the_first_answer(study: Study, anna: Participation) -> None:
    client = annotator_client(anna)
    offer = asked(client, study)["offers"][0]["offer"]
    key = str(uuid.uuid4())
    assert send(client, study, offer=offer, client_key=key).status_code == 201
    again = send(client, study, offer=offer, client_key=key, answers=answer("fear"))
    assert (again.status_code, again.json()["repeated"]) == (200, True)
    assert Response.objects.get().label == "awe"
    assert Assignment.objects.filter(state=Assignment.ANSWERED).count() == 1


def test_another_key_for_the_same_offer_is_told_that_the_first_answer_stands(study: Study, anna: Participation) -> None:
    offer = next_offers(participation=anna, study=study, n=1)[0].token
    submit(study, anna, offer)
    with pytest.raises(AlreadyAnswered):
        submit(study, anna, offer)


def test_a_key_of_an_offer_cannot_answer_a_second_image(study: Study, anna: Participation) -> None:
    first, second = (one.token for one in next_offers(participation=anna, study=study, n=2))
    key = uuid.uuid4()
    kept = submit(study, anna, first, client_key=key)
    assert submit(study, anna, second, client_key=key) == kept
    assert Response.objects.count() == 1
    assert audit_study(study) == []


def test_an_image_that_was_offered_and_then_lent_is_one_assignment(study: Study, anna: Participation) -> None:
    offer = next_offers(participation=anna, study=study, n=1)[0]
    held = assign_ahead(participation=anna, study=study)[0]
    assert held.stimulus_key == offer.stimulus_key
    response = submit(study, anna, offer.token)
    assert response.assignment_id == held.id
    assert response.status == Response.ACCEPTED
    assert audit_study(study) == []


def test_images_answered_ahead_are_passed_over_by_the_ring(study: Study, anna: Participation) -> None:
    client = annotator_client(anna)
    ahead = asked(client, study)["offers"][:3]
    for offer in ahead:
        held = send(client, study, offer=offer["offer"]).json()["work"]["held"]
        # what was lent in between may be one she has answered on her device; it then keeps its slot for her
        assert len(held) <= 2
    assert Response.objects.filter(status=Response.ACCEPTED).count() == 3
    numbers = list(Assignment.objects.order_by("sequence").values_list("sequence", flat=True))
    assert numbers == list(range(1, len(numbers) + 1))
    left = asked(client, study)["offers"]
    assert not {one["stimulus"]["key"] for one in left} & {one["stimulus"]["key"] for one in ahead}


@pytest.mark.parametrize("made_up", ["", "no token", "a:b:c", signing.dumps([1, 1], salt="another salt")])
def test_a_token_that_is_not_hers_is_refused(study: Study, anna: Participation, made_up: str) -> None:
    client = annotator_client(anna)
    other = make_participation(study)
    stimulus = Stimulus.objects.filter(study=study).earliest("rank")
    for token in (made_up, token_of(other, stimulus)):
        refused = send(client, study, offer=token)
        assert refused.status_code in (400, 410)
        assert refused.json()["message"]
    assert not Response.objects.exists()
    assert not Assignment.objects.exists()


def test_a_token_for_another_studys_image_is_refused(study: Study, anna: Participation, other_study: Study) -> None:
    elsewhere = Stimulus.objects.filter(study=other_study).earliest("rank")
    with pytest.raises(AssignmentGone, match="not in the study"):
        submit(study, anna, token_of(anna, elsewhere))


def test_an_offer_expires_after_two_months(study: Study, anna: Participation, monkeypatch: pytest.MonkeyPatch) -> None:
    offer = next_offers(participation=anna, study=study, n=1)[0].token
    now = timezone.now().timestamp()
    monkeypatch.setattr("django.core.signing.time.time", lambda: now + offers.OFFER_SECONDS - 60)
    assert submit(study, anna, offer).status == Response.ACCEPTED
    second = offer_token(anna.pk, Stimulus.objects.filter(study=study).latest("rank").pk)
    monkeypatch.setattr("django.core.signing.time.time", lambda: now + 2 * offers.OFFER_SECONDS)
    with pytest.raises(AssignmentGone, match="too long ago"):
        submit(study, anna, second)


def test_an_answer_names_an_assignment_or_an_offer_not_both(study: Study, anna: Participation) -> None:
    client = annotator_client(anna)
    offer = asked(client, study)["offers"][0]["offer"]
    assert send(client, study).status_code == 400
    assert send(client, study, offer=offer, assignment=1).status_code == 400


def test_an_offered_image_can_be_skipped(study: Study, anna: Participation) -> None:
    client = annotator_client(anna)
    offer = asked(client, study)["offers"][4]
    url = f"/api/v1/studies/{study.slug}/skips"
    body = {"offer": offer["offer"], "reason": "too_upsetting"}
    for _ in range(2):
        skipped = client.post(url, body, content_type="application/json")
        assert skipped.status_code == 200
        assert skipped.json()["work"]["progress"]["skipped"] == 1
    one = Assignment.objects.get(state=Assignment.SKIPPED)
    assert (one.stimulus.key, one.skip_reason) == (offer["stimulus"]["key"], "too_upsetting")
    assert one.stimulus.open_slots == study.wanted_responses
    assert offer["stimulus"]["key"] not in [each["stimulus"]["key"] for each in asked(client, study)["offers"]]
    assert send(client, study, offer=offer["offer"]).status_code == 410
    assert audit_study(study) == []


def test_an_answer_that_was_taken_back_is_not_given_again_by_its_offer(study: Study, anna: Participation) -> None:
    offer = next_offers(participation=anna, study=study, n=1)[0].token
    withdraw_response(response=submit(study, anna, offer))
    with pytest.raises(AssignmentGone):
        submit(study, anna, offer)


def test_somebody_who_withdrew_sends_no_offer(study: Study, anna: Participation) -> None:
    client = annotator_client(anna)
    offer = asked(client, study)["offers"][0]["offer"]
    withdraw_participation(participation=anna)
    assert send(client, study, offer=offer).status_code == 403
    assert client.get(f"/api/v1/studies/{study.slug}/offers").status_code == 403


def test_an_answer_given_before_the_study_closed_is_kept(study: Study, anna: Participation) -> None:
    """As with a lease that ran out: nothing a person wrote is thrown away."""
    offer = next_offers(participation=anna, study=study, n=1)[0].token
    closed = change_state(study=study, state=Study.CLOSED)
    assert submit(closed, anna, offer).status == Response.ACCEPTED
    assert audit_study(closed) == []


def test_skipping_by_offer_wants_a_token_of_hers(study: Study, anna: Participation) -> None:
    other = make_participation(study)
    with pytest.raises(AssignmentGone):
        skip_assignment(
            participation=anna,
            offer=token_of(other, Stimulus.objects.filter(study=study).earliest("rank")),
            reason="other",
        )


@pytest.mark.parametrize(("limit", "room"), [("most_per_person", 5), ("most_per_hour", 5), ("most_per_day", 5)])
def test_what_is_offered_and_what_is_held_stay_within_her_limits(mika: Any, limit: str, room: int) -> None:
    study = set_limits(study=make_study(mika, n_stimuli=12), limits={limit: room})
    anna = make_participation(study)
    respond(anna)
    held = assign_ahead(participation=anna, study=study)
    anna.refresh_from_db()
    offered = next_offers(participation=anna, study=study, n=24)
    assert 1 + len(held) + len(offered) == room
    for one in offered:
        submit(study, anna, one.token)
    anna.refresh_from_db()
    assert next_offers(participation=anna, study=study, n=24) == []
