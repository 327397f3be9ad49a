"""What a network wrote: only after the answer, only to those drawn to see it, rated once, gone with the person."""

import json
import uuid
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from annotation.machine_texts.options import MachineTextOptions
from annotation.models import MachineText, MachineTextArm, MachineTextTurn, Participation, Response, Study
from annotation.services.keep_machine_texts import Writer, let_stand
from annotation.services.remove_simulated import remove_simulated
from annotation.services.set_machine_texts import set_machine_texts
from annotation.services.withdraw import withdraw_participation, withdraw_response
from tests.annotation.machine_texts.written import telling_study, write_all
from tests.conftest import annotator_client, answer, make_participation, make_study, respond

pytestmark = pytest.mark.django_db


@pytest.fixture
def study(mika: User) -> Study:
    return telling_study(mika)


@pytest.fixture
def anna(study: Study) -> Participation:
    return make_participation(study)


def url(study: Study, response: Response, rest: str = "") -> str:
    return f"/api/v1/studies/{study.slug}/responses/{response.pk}/machine-text{rest}"


def show(client: Client, study: Study, response: Response) -> Any:
    return client.post(url(study, response))


def rate(client: Client, study: Study, response: Response, rating: Any, key: uuid.UUID | None = None) -> Any:
    body = {"client_key": str(key or uuid.uuid4()), "rating": rating}
    return client.post(url(study, response, "/rating"), json.dumps(body), content_type="application/json")


def test_it_is_shown_for_the_feeling_she_chose_and_rated_once(study: Study, anna: Participation) -> None:
    client, mine = annotator_client(anna), respond(anna, answer("fear"))
    body = show(client, study, mine).json()
    assert body["text"].startswith("fear since picture_")
    assert (body["emotion"]["id"], body["is_machine_written"], body["network_version"]) == ("fear", True, 3)
    key = uuid.uuid4()
    assert rate(client, study, mine, 4, key).json() == {"saved": True, "repeated": False, "rating": 4}
    assert rate(client, study, mine, 2, key).json() == {"saved": True, "repeated": True, "rating": 4}
    other = rate(client, study, mine, 1)
    assert (other.status_code, other.json()["type"]) == (409, "already_rated")
    turn = MachineTextTurn.objects.get()
    assert (turn.rating, turn.network_version, turn.label, turn.is_shown) == (4, 3, "fear", True)
    assert show(client, study, mine).json()["is_answered"] is True


def test_not_rating_is_an_answer_and_is_kept_as_such(study: Study, anna: Participation) -> None:
    client, mine = annotator_client(anna), respond(anna)
    show(client, study, mine)
    assert rate(client, study, mine, None).json()["rating"] is None
    turn = MachineTextTurn.objects.get()
    assert turn.rating is None
    assert turn.answered_at is not None


@pytest.mark.parametrize("rating", [0, 6, "much", 2.5, [], True])
def test_a_rating_that_is_none_is_refused(study: Study, anna: Participation, rating: Any) -> None:
    client, mine = annotator_client(anna), respond(anna)
    show(client, study, mine)
    assert rate(client, study, mine, rating).status_code == 400
    assert MachineTextTurn.objects.get().answered_at is None


def test_nothing_is_told_of_an_answer_that_is_not_ones_own(study: Study, anna: Participation) -> None:
    mine = respond(anna)
    bo = annotator_client(make_participation(study))
    assert show(bo, study, mine).status_code == 404
    show(annotator_client(anna), study, mine)
    assert rate(bo, study, mine, 3).status_code == 410
    assert show(Client(), study, mine).status_code == 403


def test_there_is_nothing_before_the_answer_is_saved(study: Study, anna: Participation) -> None:
    page = annotator_client(anna).get(f"/s/{study.slug}/task").content.decode()
    work = annotator_client(anna).get(f"/api/v1/studies/{study.slug}/work").content.decode()
    assert "machine_text.js" in page
    assert "says version" not in page + work


def test_whoever_is_held_out_sees_nothing_and_cannot_tell(mika: User) -> None:
    study = telling_study(mika, held_out_share=0.5, n_stimuli=3, wanted_responses=60)
    pages, sides = set(), []
    for _ in range(40):
        person = make_participation(study)
        client, mine = annotator_client(person), respond(person)
        config = client.get(f"/s/{study.slug}/task").context["config"]["machine_text"]
        pages.add(json.dumps(config))
        is_shown = show(client, study, mine).json()["text"] is not None
        sides.append(is_shown)
        assert MachineTextTurn.objects.get(pk=mine.pk).is_shown is is_shown
        assert MachineTextArm.objects.get(pk=person.pk).is_shown is is_shown
        if not is_shown:
            assert rate(client, study, mine, 5).status_code == 410
            assert show(client, study, mine).json() == {"text": None}
    assert len(pages) == 1
    assert 8 <= sum(sides) <= 32


def test_the_side_stays_whatever_the_settings_become(mika: User) -> None:
    study = telling_study(mika, held_out_share=0.0)
    anna = make_participation(study)
    client = annotator_client(anna)
    show(client, study, respond(anna))
    Study.objects.filter(pk=study.pk).update(
        machine_texts={**Study.objects.get(pk=study.pk).machine_texts, "held_out_share": 0.9, "seed": 1}
    )
    assert all(show(client, study, respond(anna)).json()["text"] for _ in range(3))


@pytest.mark.parametrize("missing", ["off", "retired", "empty", "another label"])
def test_where_there_is_no_text_nothing_is_shown_and_nobody_is_drawn(
    study: Study, anna: Participation, missing: str
) -> None:
    if missing == "off":
        set_machine_texts(study=study, changes={"is_on": False})
    elif missing == "retired":
        let_stand(study=study, network_id=None)
    elif missing == "empty":
        MachineText.objects.update(text="")
    else:
        MachineText.objects.exclude(label="awe").delete()
    assert show(annotator_client(anna), study, respond(anna, answer("fear"))).json() == {"text": None}
    assert not MachineTextTurn.objects.exists()
    assert not MachineTextArm.objects.exists()


def test_another_version_speaks_from_then_on_and_a_rating_keeps_its_own(study: Study, anna: Participation) -> None:
    client, first = annotator_client(anna), respond(anna)
    show(client, study, first)
    write_all(study, Writer(network_id=9, version=4, variant="grounded", learned_from_simulated=True))
    second = respond(anna)
    body = show(client, study, second).json()
    assert (body["network_version"], body["learned_from_simulated"]) == (4, True)
    rate(client, study, first, 2)
    assert list(MachineTextTurn.objects.order_by("pk").values_list("network_version", "rating")) == [(3, 2), (4, None)]
    let_stand(study=study, network_id=7, variant="grounded")
    assert show(client, study, respond(anna)).json()["network_version"] == 3


def test_a_rating_that_comes_late_is_kept_though_nothing_is_shown_any_more(study: Study, anna: Participation) -> None:
    client, mine = annotator_client(anna), respond(anna)
    show(client, study, mine)
    set_machine_texts(study=study, changes={"is_on": False})
    Study.objects.filter(pk=study.pk).update(state=Study.CLOSED)
    assert rate(client, study, mine, 3).status_code == 200


def test_what_is_taken_back_takes_its_rating_along(study: Study, anna: Participation) -> None:
    client = annotator_client(anna)
    one, other = respond(anna), respond(anna)
    for response in (one, other):
        show(client, study, response)
        rate(client, study, response, 5)
    withdraw_response(response=one)
    assert list(MachineTextTurn.objects.values_list("pk", flat=True)) == [other.pk]
    assert rate(client, study, one, 1).status_code == 410
    assert show(client, study, one).json() == {"text": None}
    withdraw_participation(participation=anna)
    assert not MachineTextTurn.objects.exists()
    assert not MachineTextArm.objects.exists()


def test_an_answer_changed_after_reading_it_is_marked(study: Study, anna: Participation) -> None:
    client, mine = annotator_client(anna), respond(anna, answer("fear"))
    show(client, study, mine)
    body = {"client_key": str(uuid.uuid4()), "answers": answer("awe")}
    client.patch(f"/api/v1/studies/{study.slug}/responses/{mine.pk}", json.dumps(body), content_type="application/json")
    mine.refresh_from_db()
    assert mine.signals == {"saw_machine_text": True}


def test_simulated_people_carry_their_mark_and_are_removed_with_their_turns(study: Study) -> None:
    person = make_participation(study, is_simulated=True)
    show(annotator_client(person), study, respond(person))
    assert MachineTextTurn.objects.get().is_simulated
    remove_simulated(study=study)
    assert not MachineTextTurn.objects.exists()


def test_the_database_keeps_ratings_to_the_scale_and_to_what_was_shown(study: Study, anna: Participation) -> None:
    show(annotator_client(anna), study, respond(anna))
    for values in ({"rating": 9}, {"rating": 3}, {"is_shown": False, "rating": 3, "client_key": uuid.uuid4()}):
        with pytest.raises(IntegrityError), transaction.atomic():
            MachineTextTurn.objects.update(**values)


def test_an_answer_costs_no_statement_more_for_it(mika: User) -> None:
    counts = []
    for study in (make_study(mika), telling_study(mika)):
        client = annotator_client(make_participation(study))
        held = client.get(f"/api/v1/studies/{study.slug}/work").json()["held"]
        for work in held:
            body = {"client_key": str(uuid.uuid4()), "assignment": work["id"], "answers": answer()}
            with CaptureQueriesContext(connection) as captured:
                client.post(
                    f"/api/v1/studies/{study.slug}/responses", json.dumps(body), content_type="application/json"
                )
        counts.append(len(captured))
    assert counts[0] == counts[1]


def test_the_whole_study_can_be_deleted_with_its_texts(study: Study, anna: Participation) -> None:
    show(annotator_client(anna), study, respond(anna))
    Response.objects.filter(study=study).delete()
    assert not MachineTextTurn.objects.exists()
    assert MachineText.objects.filter(study=study).exists()


def test_settings_are_closed_by_default_and_need_that_people_are_told(mika: User) -> None:
    assert MachineTextOptions.of(make_study(mika).machine_texts) == MachineTextOptions()
    assert not MachineTextOptions().is_on
