"""The way of a response: saved once, whatever the person, the page or the network does."""

import re
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from annotation.errors import AlreadyAnswered, AssignmentGone, InvalidInput
from annotation.models import Assignment, Participation, Response, Stimulus, Study
from annotation.queries import responses_of_participation
from annotation.services.assign import HELD_AHEAD, assign_ahead, expire_leases
from annotation.services.audit_study import audit_study
from annotation.services.change_state import change_state
from annotation.services.submit_response import submit_response
from tests.conftest import annotator_client, answer, make_participation, make_study, respond

pytestmark = pytest.mark.django_db


def submit(client: Any, study: Study, **body: Any) -> Any:
    body = {"client_key": str(uuid.uuid4()), "answers": answer(), **body}
    return client.post(f"/api/v1/studies/{study.slug}/responses", body, content_type="application/json")


def work(client: Any, study: Study) -> Any:
    return client.get(f"/api/v1/studies/{study.slug}/work").json()


def test_a_submitted_answer_is_saved_with_all_that_was_shown(study: Study, anna: Participation) -> None:
    client = annotator_client(anna)
    held = work(client, study)["held"]
    answered = submit(client, study, assignment=held[0]["id"], duration_ms=5321, device="phone", theme="dark")
    assert answered.status_code == 201
    assert answered.json()["saved"] is True
    response = Response.objects.get()
    assert response.answers == answer()
    assert response.label == "awe"
    assert (response.duration_ms, response.device, response.theme) == (5321, "phone", "dark")
    assert response.consent_hash == anna.consent.hash
    assert response.sequence == 1
    assert response.options_shown["emotion"][0] == "amusement"
    assert len(answered.json()["work"]["held"]) == HELD_AHEAD
    assert audit_study(study) == []


def test_the_same_key_again_finds_the_first_answer(study: Study, anna: Participation) -> None:
    client = annotator_client(anna)
    held = work(client, study)["held"]
    key = str(uuid.uuid4())
    submit(client, study, assignment=held[0]["id"], client_key=key)
    again = submit(client, study, assignment=held[0]["id"], client_key=key, answers=answer("fear", "another text here"))
    assert again.status_code == 200
    assert again.json()["repeated"] is True
    assert again.json()["response"]["answers"] == answer()
    assert Response.objects.count() == 1


def test_a_second_tab_with_another_key_is_told_that_the_first_answer_stands(study: Study, anna: Participation) -> None:
    client = annotator_client(anna)
    held = work(client, study)["held"]
    submit(client, study, assignment=held[0]["id"])
    second = submit(client, study, assignment=held[0]["id"], answers=answer("fear", "another text here"))
    assert second.status_code == 409
    assert second.json()["type"] == "already_answered"
    assert second.json()["response"]["answers"] == answer()
    assert second.json()["work"]["held"]
    assert Response.objects.get().label == "awe"


def test_nobody_answers_for_somebody_else(study: Study, anna: Participation) -> None:
    held = assign_ahead(participation=anna, study=study)
    other = make_participation(study)
    with pytest.raises(AssignmentGone):
        submit_response(
            study=study, participation=other, assignment_id=held[0].id, client_key=uuid.uuid4(), answers=answer()
        )
    assert not Response.objects.exists()


def test_without_taking_part_nothing_can_be_sent(client: Any, study: Study) -> None:
    assert submit(client, study, assignment=1).status_code == 403


def test_somebody_of_another_study_is_not_let_in(study: Study, bo: Participation) -> None:
    assert submit(annotator_client(bo), study, assignment=1).status_code == 403


@pytest.mark.parametrize(
    ("answers", "step", "sentence"),
    [
        ({"emotion": "joyful", "explanation": "the quiet lake"}, "emotion", "'joyful' is not an option"),
        ({"explanation": "the quiet lake"}, "emotion", "Choose one option"),
        ({"emotion": "awe", "explanation": "  "}, "explanation", "Write why"),
        ({"emotion": "awe", "explanation": "lake"}, "explanation", "at least 10 characters; these are 4"),
        ({"emotion": "awe", "explanation": "x" * 100_000}, "explanation", "at most 2000 characters; these are 100000"),
        ({"emotion": "awe", "explanation": 7}, "explanation", "as text"),
        ({"emotion": "awe", "explanation": "a lake\x00 and sky"}, "explanation", "NUL"),
        ({"emotion": "awe", "explanation": "the quiet lake", "mood": 1}, "mood", "no such step"),
        ("awe", "answers", "one answer per step"),
    ],
)
def test_an_answer_that_cannot_be_used_is_refused_with_a_sentence(
    study: Study, anna: Participation, answers: Any, step: str, sentence: str
) -> None:
    client = annotator_client(anna)
    held = work(client, study)["held"]
    refused = submit(client, study, assignment=held[0]["id"], answers=answers)
    assert refused.status_code == 400
    assert sentence in refused.json()["errors"][step][0]
    assert not Response.objects.exists()
    # the image is still hers
    assert submit(client, study, assignment=held[0]["id"]).status_code == 201


def test_a_lease_that_ran_out_still_counts_while_a_slot_is_open(study: Study, anna: Participation) -> None:
    held = assign_ahead(participation=anna, study=study)
    Assignment.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert expire_leases() == HELD_AHEAD
    submitted = submit_response(
        study=study, participation=anna, assignment_id=held[0].id, client_key=uuid.uuid4(), answers=answer()
    )
    assert submitted.response.status == Response.ACCEPTED
    assert audit_study(study) == []


def test_a_late_answer_without_a_slot_is_kept_as_surplus(mika: Any) -> None:
    study = make_study(mika, n_stimuli=1, wanted_responses=1)
    late, quick = make_participation(study), make_participation(study)
    held = assign_ahead(participation=late, study=study)
    Assignment.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    respond(quick)
    submitted = submit_response(
        study=study, participation=late, assignment_id=held[0].id, client_key=uuid.uuid4(), answers=answer()
    )
    assert submitted.response.status == Response.SURPLUS
    assert submitted.response.answers == answer()
    assert Stimulus.objects.get(study=study).open_slots == 0
    assert audit_study(study) == []


def test_an_answer_given_while_the_study_closes_is_saved_and_nothing_new_is_lent(
    study: Study, anna: Participation
) -> None:
    client = annotator_client(anna)
    held = work(client, study)["held"]
    change_state(study=study, state=Study.CLOSED)
    answered = submit(client, study, assignment=held[0]["id"])
    assert answered.status_code == 201
    assert answered.json()["work"]["study_state"] == "closed"
    assert len(answered.json()["work"]["held"]) == 1


def test_a_skipped_image_cannot_be_answered(study: Study, anna: Participation) -> None:
    client = annotator_client(anna)
    held = work(client, study)["held"]
    body = {"assignment": held[0]["id"], "reason": "too upsetting"}
    skipped = client.post(f"/api/v1/studies/{study.slug}/skips", body, content_type="application/json")
    assert skipped.status_code == 200
    assert held[0]["id"] not in [one["id"] for one in skipped.json()["work"]["held"]]
    assert submit(client, study, assignment=held[0]["id"]).status_code == 410


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"assignment": "x"}', b"\xff"])
def test_a_malformed_request_gets_a_clear_error(study: Study, anna: Participation, body: bytes) -> None:
    client = annotator_client(anna)
    answered = client.post(f"/api/v1/studies/{study.slug}/responses", body, content_type="application/json")
    assert answered.status_code == 400
    assert answered.json()["message"]


def test_a_body_of_megabytes_is_refused_unread(study: Study, anna: Participation) -> None:
    client = annotator_client(anna)
    held = work(client, study)["held"]
    refused = submit(client, study, assignment=held[0]["id"], signals={"noise": "x" * 3_000_000})
    assert refused.status_code == 413
    assert "larger than 2000000 bytes" in refused.json()["message"]
    assert not Response.objects.exists()


def test_odd_signals_are_dropped_and_the_answer_is_kept(study: Study, anna: Participation) -> None:
    client = annotator_client(anna)
    held = work(client, study)["held"]
    odd = {
        "typed": 41,
        "pasted": False,
        "nul": "a\x00b",
        "nested": {"a": 1},
        "long": "x" * 101,
        "vast": 1e300,
        "a b": 1,
    }
    assert submit(client, study, assignment=held[0]["id"], signals=odd).status_code == 201
    assert Response.objects.get().signals == {"typed": 41, "pasted": False}


def test_the_wrong_method_is_refused(study: Study, anna: Participation) -> None:
    assert annotator_client(anna).put(f"/api/v1/studies/{study.slug}/responses").status_code == 405


def test_a_request_without_the_csrf_token_is_refused(study: Study, anna: Participation) -> None:
    client = annotator_client(anna)
    client.handler.enforce_csrf_checks = True
    held = assign_ahead(participation=anna, study=study)
    assert submit(client, study, assignment=held[0].id).status_code == 403
    assert not Response.objects.exists()


def test_invalid_answers_name_every_step_at_fault(study: Study, anna: Participation) -> None:
    held = assign_ahead(participation=anna, study=study)
    with pytest.raises(InvalidInput) as caught:
        submit_response(study=study, participation=anna, assignment_id=held[0].id, client_key=uuid.uuid4(), answers={})
    assert set(caught.value.errors) == {"emotion", "explanation"}


def test_answering_through_the_service_twice_raises(study: Study, anna: Participation) -> None:
    held = assign_ahead(participation=anna, study=study)
    kwargs: dict[str, Any] = {"study": study, "participation": anna, "assignment_id": held[0].id, "answers": answer()}
    submit_response(**kwargs, client_key=uuid.uuid4())
    with pytest.raises(AlreadyAnswered):
        submit_response(**kwargs, client_key=uuid.uuid4())


def test_an_answer_and_the_next_image_are_one_read_and_one_write(
    study: Study, anna: Participation, django_assert_num_queries: Any
) -> None:
    client = annotator_client(anna)
    respond(anna)
    held = work(client, study)["held"]
    with django_assert_num_queries(5):  # the study; begin, read and lock, write, commit
        assert submit(client, study, assignment=held[0]["id"]).status_code == 201


def test_nothing_on_the_way_of_an_answer_reads_all_that_the_person_has_had() -> None:
    study = make_study(n_stimuli=40, wanted_responses=9)
    people = [make_participation(study) for _ in range(3)]
    for person in people:
        for _ in range(30):
            respond(person)
    held = assign_ahead(participation=people[0], study=study)
    plans: list[str] = []
    with connection.cursor() as cursor:  # as in tables too large to be read as a whole, whatever they held before
        cursor.execute(
            "analyze annotation_stimulus, annotation_participation, annotation_assignment, annotation_response"
        )
        cursor.execute("discard plans; set local enable_seqscan = off; set local enable_bitmapscan = off")

    def look(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.startswith("execute "):
            with connection.connection.cursor() as cursor:
                cursor.execute("savepoint look")
                cursor.execute(f"explain (analyze, costs off, timing off, summary off) {sql}", params)
                plans.append("\n".join(line for (line,) in cursor.fetchall()))
                cursor.execute("rollback to savepoint look")
        return execute(sql, params, many, context)

    with connection.execute_wrapper(look):
        submit_response(
            study=study, participation=people[0], assignment_id=held[0].id, client_key=uuid.uuid4(),
            answers=answer(), lend=True,
        )  # fmt: skip
    assert len(plans) == 2
    assert not re.search(r"Rows Removed by Filter: \d\d", "\n".join(plans)), "\n\n".join(plans)


def test_a_persons_newest_answers_are_not_looked_for_among_everybodys(anna: Participation) -> None:
    """Who has just joined has none: from the newest on, everybody's would be walked to the first."""
    for _ in range(3):
        other = make_participation(anna.study)
        for _ in range(4):
            respond(other)
    with connection.cursor() as cursor:
        cursor.execute("analyze annotation_response")  # of these rows, and not of what other tests left behind
        cursor.execute("set local enable_seqscan = off; set local enable_bitmapscan = off")
    plan = responses_of_participation(anna)[:1].explain()
    assert "one_response_per_client_key" in plan
    assert "annotation_response_pkey" not in plan
