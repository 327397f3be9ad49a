"""People come through a source, are found again by their id, and go back with what the source expects."""

import re
from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client
from django.urls import reverse

from annotation.models import Annotator, Assignment, Identity, Participation, PayPlan, Recruitment, Study, Visit
from annotation.services.change_recruitment import add_recruitment, change_recruitment, link_of
from tests.annotation.recruitment.conftest import (
    PERSON,
    SUBMISSION,
    agree,
    arrive,
    arrive_from_prolific,
    join_from_prolific,
)
from tests.annotation.recruitment.prolific_standin import STUDY, World
from tests.conftest import respond

pytestmark = pytest.mark.django_db


def test_somebody_from_prolific_takes_part_under_a_pseudonym(study: Study, prolific: Recruitment) -> None:
    client = Client()
    arrived = arrive_from_prolific(client, prolific)
    assert arrived.headers["Location"] == reverse("annotate_welcome", args=[study.slug])  # her id is not in it
    assert agree(client, study).status_code == 302
    participation = Participation.objects.get(study=study)
    assert participation.cohort == "prolific"
    identity = Identity.objects.get(annotator=participation.annotator)
    assert (identity.panel, identity.panel_id) == ("prolific", PERSON.format(1))
    visit = Visit.objects.get()
    assert (visit.participation, visit.external_id) == (participation, SUBMISSION.format(1))
    assert PERSON.format(1) not in str(visit.details) + participation.annotator.pseudonym


def test_before_she_agrees_nothing_about_her_is_stored(study: Study, prolific: Recruitment) -> None:
    client = Client()
    arrive_from_prolific(client, prolific)
    declined = client.post(reverse("annotate_welcome", args=[study.slug]), {"answer": "no"})
    assert "Go back to Prolific" in declined.content.decode()
    assert (Identity.objects.count(), Annotator.objects.count(), Visit.objects.count()) == (0, 0, 0)
    left = client.get(reverse("annotate_exit", args=[study.slug]))
    assert left.headers["Location"] == "https://app.prolific.com/submissions/complete?cc=NO1"


def test_the_same_person_is_found_again_in_another_browser(study: Study, prolific: Recruitment) -> None:
    participation = join_from_prolific(prolific)
    other = Client()
    arrived = arrive_from_prolific(other, prolific)
    assert arrived.headers["Location"] == reverse("annotate_task", args=[study.slug])
    assert other.get(reverse("annotate_task", args=[study.slug])).status_code == 200
    arrive_from_prolific(other, prolific, session=9)  # a second submission of hers
    assert Participation.objects.get() == participation
    assert Visit.objects.filter(participation=participation).count() == 2


def test_a_second_person_in_the_same_browser_is_another_person(study: Study, prolific: Recruitment) -> None:
    client = Client()
    for number in (1, 2):
        arrive_from_prolific(client, prolific, number)
        agree(client, study)
    assert Participation.objects.count() == Annotator.objects.count() == 2


def test_one_person_in_two_sources_stays_two_pseudonyms(study: Study, prolific: Recruitment) -> None:
    pool = add_recruitment(study=study, kind="url", name="pool", options={"panel_title": "Pool", "id_parameter": "id"})
    client = Client()
    arrive_from_prolific(client, prolific)
    agree(client, study)
    arrive(client, pool, id=PERSON.format(1))
    agree(client, study)
    assert Annotator.objects.count() == 2
    assert set(Participation.objects.values_list("cohort", flat=True)) == {"prolific", "pool"}


def test_a_submission_of_somebody_else_is_refused(study: Study, prolific: Recruitment) -> None:
    join_from_prolific(prolific, 1)
    thief = Client()
    arrive_from_prolific(thief, prolific, 2, session=1)
    assert agree(thief, study).status_code == 409
    assert Identity.objects.count() == 1  # nothing of the second one was kept


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ({}, "PROLIFIC_PID is missing"),
        (
            {"PROLIFIC_PID": "x'; drop table", "STUDY_ID": STUDY, "SESSION_ID": SUBMISSION.format(1)},
            "PROLIFIC_PID does",
        ),
        ({"PROLIFIC_PID": PERSON.format(1), "STUDY_ID": "0" * 24, "SESSION_ID": SUBMISSION.format(1)}, "another study"),
    ],
)
def test_an_incomplete_link_says_so(prolific: Recruitment, query: dict[str, str], sentence: str) -> None:
    answered = arrive(Client(), prolific, **query)
    assert answered.status_code == 400
    assert sentence in answered.content.decode()


def test_a_submission_that_prolific_does_not_know_is_refused(prolific: Recruitment, prolific_world: World) -> None:
    change_recruitment(recruitment=prolific, options={**prolific.options, "verify_arrivals": True})
    prolific_world.add(SUBMISSION.format(1), PERSON.format(1), "ACTIVE")
    assert arrive_from_prolific(Client(), prolific, 1).status_code == 302
    assert "does not fit" in arrive_from_prolific(Client(), prolific, 2, session=1).content.decode()
    assert "does not know" in arrive_from_prolific(Client(), prolific, 3).content.decode()


def test_while_prolific_is_away_people_are_let_in(
    prolific: Recruitment, prolific_world: World, settings: object
) -> None:
    change_recruitment(recruitment=prolific, options={**prolific.options, "verify_arrivals": True})
    settings.PROLIFIC_API_URL = "http://127.0.0.1:9"  # type: ignore[attr-defined]
    assert arrive_from_prolific(Client(), prolific, 1).status_code == 302


def test_a_token_that_does_not_hold_keeps_nobody_out(
    study: Study, prolific: Recruitment, prolific_world: World, settings: Any
) -> None:
    prolific.options["verify_arrivals"] = True
    prolific.save()
    settings.PROLIFIC_TOKEN = "an old one"
    assert arrive_from_prolific(Client(), prolific).status_code == 302


def test_each_end_has_its_code(study: Study, prolific: Recruitment, plan: PayPlan) -> None:
    client = Client()
    arrive_from_prolific(client, prolific)
    agree(client, study)
    leave = reverse("annotate_exit", args=[study.slug])
    participation = Participation.objects.get()
    respond(participation)
    stopped = client.get(leave)
    assert stopped.status_code == 200
    assert "return your submission on Prolific" in stopped.content.decode()
    assert (
        "Stop here and go back to Prolific" in client.get(reverse("annotate_end", args=[study.slug])).content.decode()
    )
    respond(participation)
    assert "One last step" in client.get(reverse("annotate_end", args=[study.slug])).content.decode()
    assert client.get(leave).headers["Location"].endswith("?cc=DONE1")
    visit = Visit.objects.get()
    assert (visit.outcome, visit.left_at is not None) == (Visit.COMPLETED, True)


def test_whoever_is_screened_out_gets_that_code(study: Study, prolific: Recruitment) -> None:
    from annotation.recruitment.leave import screen_out

    client = Client()
    arrive_from_prolific(client, prolific)
    agree(client, study)
    screen_out(Participation.objects.get())
    assert client.get(reverse("annotate_exit", args=[study.slug])).headers["Location"].endswith("?cc=OUT1")


def test_a_full_study_sends_back_before_consent(study: Study, prolific: Recruitment) -> None:
    study.stimuli.update(open_slots=0)  # type: ignore[attr-defined]
    client = Client()
    arrive_from_prolific(client, prolific)
    page = client.get(reverse("annotate_welcome", args=[study.slug]))
    assert "The study is full" in page.content.decode()
    assert client.get(reverse("annotate_exit", args=[study.slug])).headers["Location"].endswith("?cc=FULL1")


def test_withdrawing_does_not_take_the_way_back(study: Study, prolific: Recruitment, plan: PayPlan) -> None:
    from annotation.services.withdraw import withdraw_participation

    client = Client()
    arrive_from_prolific(client, prolific)
    agree(client, study)
    participation = Participation.objects.get()
    respond(participation)
    respond(participation)
    withdraw_participation(participation=participation)
    page = client.get(reverse("annotate_welcome", args=[study.slug]))
    assert "Go back to Prolific" in page.content.decode()
    assert client.get(reverse("annotate_exit", args=[study.slug])).headers["Location"].endswith("?cc=DONE1")


def test_a_source_that_is_off_lets_nobody_new_in(study: Study, prolific: Recruitment) -> None:
    participation = join_from_prolific(prolific)
    change_recruitment(recruitment=prolific, is_active=False)
    assert arrive_from_prolific(Client(), prolific, 2).status_code == 400
    respond(participation)  # whoever takes part goes on


def test_with_the_plain_link_off_only_sources_lead_in(study: Study, prolific: Recruitment) -> None:
    change_recruitment(recruitment=link_of(study), is_active=False)
    client = Client()
    assert "by invitation" in client.get(f"/s/{study.slug}/").content.decode()
    assert agree(client, study).status_code == 409
    joined = client.post(
        reverse("api_join", args=[study.slug]), {"consent_hash": "0" * 64}, content_type="application/json"
    )
    assert joined.status_code == 403
    assert Participation.objects.count() == 0
    join_from_prolific(prolific)


def test_the_address_for_prolific_holds_its_three_words(study: Study, prolific: Recruitment) -> None:
    from annotation.recruitment import SOURCES

    url = SOURCES["prolific"].study_url(prolific, "https://site.example.org")
    assert url == (
        f"https://site.example.org/s/{study.slug}/from/prolific"
        "?PROLIFIC_PID={{%PROLIFIC_PID%}}&STUDY_ID={{%STUDY_ID%}}&SESSION_ID={{%SESSION_ID%}}"
    )


POOL = {
    "panel_title": "SONA",
    "id_parameter": "survey_code",
    "completed_url": "https://pool.sona-systems.com/webstudy_credit.aspx?experiment_id=1&survey_code={id}",
    "no_consent_url": "https://pool.sona-systems.com/",
}


def test_a_panel_by_url_gets_the_id_back_encoded(study: Study, plan: PayPlan) -> None:
    pool = add_recruitment(study=study, kind="url", name="sona", options=POOL)
    client = Client()
    arrive(client, pool, survey_code="a&x=1/../#2")
    agree(client, study)
    participation = Participation.objects.get()
    respond(participation)
    respond(participation)
    target = client.get(reverse("annotate_exit", args=[study.slug])).headers["Location"]
    query = urlencode({"experiment_id": 1, "survey_code": "a&x=1/../#2"})
    assert target == f"https://pool.sona-systems.com/webstudy_credit.aspx?{query}"


@pytest.mark.parametrize("left", ["%SURVEY_CODE%", "{{%PROLIFIC_PID%}}", "[[id]]", "${e://Field/id}", "<id>", "a b"])
def test_a_placeholder_that_the_panel_did_not_fill_in_is_nobodys_id(study: Study, left: str) -> None:
    pool = add_recruitment(study=study, kind="url", name="sona", options=POOL)
    refused = arrive(Client(), pool, survey_code=left)
    assert refused.status_code == 400
    assert "nothing about you was stored" in refused.content.decode()
    assert not Identity.objects.exists()


@pytest.mark.parametrize(
    "url",
    [
        "http://pool.example.org/{id}",
        "https://{id}.example.org/",
        "https://example.org@{id}/",
        "javascript:alert(1)",
        "//example.org/{id}",
        "https://example.org/{name}",
        "https://me:secret@example.org/",
    ],
)
def test_a_way_back_that_could_lead_anywhere_is_refused(study: Study, url: str) -> None:
    from annotation.errors import InvalidInput

    with pytest.raises(InvalidInput) as caught:
        add_recruitment(study=study, kind="url", name="pool", options={**POOL, "completed_url": url})
    assert "completed_url" in caught.value.errors


def test_no_parameter_of_a_link_chooses_where_one_is_sent(study: Study) -> None:
    pool = add_recruitment(study=study, kind="url", name="sona", options=POOL)
    client = Client()
    arrive(
        client, pool, survey_code="https://evil.example/", completed_url="https://evil.example/", next="//evil.example"
    )
    for page in ("annotate_exit", "annotate_welcome"):
        answered = client.get(reverse(page, args=[study.slug]), {"next": "https://evil.example/"})
        assert not re.match("https?://(?!pool.sona-systems.com)", answered.headers.get("Location", ""))


def test_coming_lends_nothing_and_drafts_have_no_way_in(study: Study, prolific: Recruitment) -> None:
    arrive_from_prolific(Client(), prolific)
    assert Assignment.objects.count() == 0
    Study.objects.filter(pk=study.pk).update(state=Study.DRAFT)
    assert arrive_from_prolific(Client(), prolific).status_code == 404


def test_a_known_id_with_a_submission_made_up_opens_nobodys_answers(
    study: Study, prolific: Recruitment, prolific_world: World
) -> None:
    participation = join_from_prolific(prolific)
    respond(participation)
    stranger = Client()
    sent = arrive_from_prolific(stranger, prolific, 1, session=9)
    assert sent.headers["Location"] == f"/s/{study.slug}/return?known"
    assert stranger.get(f"/s/{study.slug}/answers").status_code == 302
    assert "takes part already" in agree(stranger, study).content.decode()
    assert Visit.objects.count() == 1
    # the link that she came by, elsewhere; a new submission with her code; or one that Prolific vouches for
    assert arrive_from_prolific(Client(), prolific, 1).headers["Location"] == f"/s/{study.slug}/task"
    stranger.post(f"/s/{study.slug}/return?known", {"code": participation.withdrawal_code})
    assert set(Visit.objects.values_list("external_id", flat=True)) == {SUBMISSION.format(1), SUBMISSION.format(9)}
    change_recruitment(recruitment=prolific, options={**prolific.options, "verify_arrivals": True})
    prolific_world.add(SUBMISSION.format(8), PERSON.format(1), "ACTIVE")
    arrived = arrive_from_prolific(Client(), prolific, 1, session=8)
    assert arrived.headers["Location"] == f"/s/{study.slug}/task"


def test_a_guessed_id_opens_nobodys_answers(study: Study) -> None:
    pool = add_recruitment(study=study, kind="url", name="sona", options=POOL)
    early, own = Client(), Client()
    arrive(early, pool, survey_code="10482")  # has guessed it before she came
    arrive(own, pool, survey_code="10482")
    agree(own, study)
    participation = Participation.objects.get()
    assert arrive(Client(), pool, survey_code="10482").headers["Location"] == f"/s/{study.slug}/task"  # nothing to see
    respond(participation)
    for stranger in (Client(), early):
        if stranger is early:
            said = agree(stranger, study)
        else:
            sent = arrive(stranger, pool, survey_code="10482")
            assert sent.headers["Location"] == f"/s/{study.slug}/return?known"
            said = stranger.get(sent.headers["Location"])
        assert "takes part already" in said.content.decode()
        assert stranger.get(f"/s/{study.slug}/answers").status_code == 302
        assert stranger.get(f"/api/v1/studies/{study.slug}/responses").status_code != 200
    # she goes on where she began, and elsewhere with her code
    assert arrive(own, pool, survey_code="10482").headers["Location"] == f"/s/{study.slug}/task"
    elsewhere = Client()
    elsewhere.post(f"/s/{study.slug}/return?known", {"code": participation.withdrawal_code})
    assert arrive(elsewhere, pool, survey_code="10482").headers["Location"] == f"/s/{study.slug}/task"
