"""Erasure takes a person's identity from every column of the database, at once; withdrawal takes what she wrote."""

import uuid
from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client

from annotation.models import (
    DemographicAnswers,
    Erasure,
    Identity,
    IdentityReading,
    Invitation,
    Membership,
    Participation,
    Payment,
    PayPlan,
    QualityFlag,
    Recruitment,
    Response,
    Study,
    Visit,
)
from annotation.models.study import consent_hash
from annotation.people.demographics import record_demographics, set_demographics, settings_of
from annotation.people.erase import erase_on_request, erase_person
from annotation.people.questions import questions_of
from annotation.recruitment.invitation.addresses import mark_of
from annotation.services.assign import assign_ahead
from annotation.services.change_recruitment import add_recruitment
from annotation.services.compute_signals import compute_signals
from annotation.services.revise_response import revise_response
from annotation.services.skip_assignment import skip_assignment
from jobs.models import Job
from tests.annotation.recruitment import prolific_standin
from tests.annotation.recruitment.conftest import agree, arrive
from tests.conftest import annotator_client, answer, make_participation, make_user, respond

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]

PANEL = "60bf9310e8dec401be6eface"
SUBMISSION = "625d4a831bcda2d59acaced0"
EMAIL = "planted.person@example.org"
TEXT = "A heron over zyzzyva water that only she would name."


@pytest.fixture
def panel(study: Study) -> Recruitment:
    options = {"prolific_study_id": prolific_standin.STUDY, "completion_code": "DONE1"}
    return add_recruitment(study=study, kind="prolific", name="prolific", options=options)


def columns_with(words: str) -> set[str]:
    """Every column of text or JSON, of every table, that holds these words anywhere."""
    found = set()
    with connection.cursor() as cursor:
        cursor.execute(
            """
            select table_name, column_name from information_schema.columns
            where table_schema = current_schema()
              and data_type in ('text', 'character varying', 'character', 'jsonb', 'json', 'ARRAY', 'bytea')
            """
        )
        columns = cursor.fetchall()
        assert len(columns) > 150
        for table, column in columns:
            cursor.execute(
                f"select exists (select 1 from {connection.ops.quote_name(table)}"
                f" where strpos(lower({connection.ops.quote_name(column)}::text), lower(%s)) > 0)",
                [words],
            )
            if cursor.fetchone()[0]:
                found.add(f"{table}.{column}")
    return found


def planted(panel: Recruitment) -> Participation:
    browser = Client()
    arrive(browser, panel, PROLIFIC_PID=PANEL, STUDY_ID=prolific_standin.STUDY, SESSION_ID=SUBMISSION)
    agree(browser, panel.study)
    visit = Visit.objects.get(external_id=SUBMISSION)
    participation = visit.participation
    Identity.objects.filter(annotator=participation.annotator).update(email=EMAIL)
    PayPlan.objects.create(study=participation.study, reward=150)
    Payment.objects.create(
        study=participation.study, participation=participation, visit=visit, kind=Payment.REWARD, purpose="reward",
        amount=150, currency="GBP", state=Payment.CONFIRMED, reference=SUBMISSION, note=f"paid to {PANEL}",
    )  # fmt: skip
    Job.objects.create(
        kind="send_payments", study_key=participation.study.slug, state=Job.DONE, log=f"{PANEL}: 1.50",
        error=EMAIL, message=f"of {SUBMISSION}", result={"refused": [{"who": PANEL}]}, arguments={"to": EMAIL},
    )  # fmt: skip
    IdentityReading.objects.create(
        study=participation.study, user_name="mika", reason=f"{EMAIL} wrote to us", what="panel ids"
    )
    return participation


def test_after_an_erasure_no_column_of_the_database_knows_her(panel: Recruitment) -> None:
    participation = planted(panel)
    response = respond(participation)
    for words in (PANEL, SUBMISSION, EMAIL):
        assert columns_with(words)
    erase_person(participation=participation, with_answers=False)
    for words in (PANEL, SUBMISSION, EMAIL):
        assert columns_with(words) == set()
    payment = Payment.objects.get()
    assert (payment.amount, payment.currency, payment.state, payment.reference) == (150, "GBP", Payment.CONFIRMED, "")
    response.refresh_from_db()
    assert response.status == Response.ACCEPTED  # her answers stay, under a name that means nothing
    assert Job.objects.get().result == {"refused": [{"who": "[erased]"}]}


def test_an_erasure_with_answers_leaves_none_of_her_words(study: Study, anna: Participation) -> None:
    set_demographics(
        study=study, is_on=True, consent="why", questions=[{"text": "Zyzzyva?", "options": ["zyzzyva", "no"]}]
    )
    (question,) = questions_of(settings_of(study).questions)
    record_demographics(study=study, participation=anna, agreed_hash=consent_hash("why"), given={question.key: "1"})
    response = respond(anna)
    written = answer()
    written = {
        name: (TEXT if isinstance(value, str) and name != "emotion" else value) for name, value in written.items()
    }
    revise_response(study=study, response=response, client_key=uuid.uuid4(), answers=written)
    revise_response(
        study=study, response=response, client_key=uuid.uuid4(),
        answers={name: f"{value} Twice." if value == TEXT else value for name, value in written.items()},
    )  # fmt: skip
    skipped = assign_ahead(participation=anna, study=study)[0]
    skip_assignment(participation=anna, assignment_id=skipped.id, reason="zyzzyva, I know this place")
    QualityFlag.objects.create(study=study, participation=anna, appeal="My zyzzyva was honest.")
    compute_signals(wait=True)
    before = columns_with("zyzzyva")
    assert {
        "annotation_response.answers",
        "annotation_responserevision.answers",
        "annotation_assignment.skip_reason",
        "annotation_qualityflag.appeal",
        "annotation_explanationtext.words",
    } <= before
    erase_person(participation=anna, with_answers=True)
    compute_signals(wait=True)
    # the question itself is the study's
    assert columns_with("zyzzyva") == {"annotation_demographicsettings.questions"}
    assert not DemographicAnswers.objects.exists()
    response.refresh_from_db()
    assert (response.status, response.answers) == (Response.WITHDRAWN, {})  # the tombstone


def test_she_erases_herself_with_her_code_also_after_she_withdrew(panel: Recruitment) -> None:
    participation = planted(panel)
    respond(participation)
    slug, browser = participation.study.slug, annotator_client(participation)
    assert browser.post(f"/api/v1/studies/{slug}/withdrawal").json() == {"withdrawn": 1}
    assert columns_with(PANEL)  # a withdrawal alone forgets no identity: pay may be due
    later = Client()
    came = later.post(f"/s/{slug}/return", {"code": participation.withdrawal_code})
    assert came["Location"] == f"/s/{slug}/my-data"
    unsure = later.post(came["Location"], {"do": "erase"})
    assert unsure.status_code == 302
    assert columns_with(PANEL)
    later.post(came["Location"], {"do": "erase", "sure": "yes"})
    assert columns_with(PANEL) == set()
    assert "Nothing here tells who you are" in later.get(came["Location"]).content.decode()
    row = Erasure.objects.get()
    assert (row.user, row.user_name, row.with_answers) == (None, "", False)


def test_an_account_loses_its_tie_and_its_part(study: Study, anna: Participation) -> None:
    account = make_user("zyzzyva-user")
    Identity.objects.create(annotator=anna.annotator, user=account)
    Membership.objects.create(study=study, user=account, role=Membership.ANNOTATOR)
    erase_person(participation=anna, with_answers=False)
    assert not Identity.objects.exists()
    assert columns_with("zyzzyva-user") == {"auth_user.username"}  # the account itself is its administrator's to delete
    assert not Membership.objects.filter(user=account).exists()


def test_an_invited_person_is_forgotten_and_not_invited_again(study: Study, mika: User) -> None:
    options = {"subject": "Would you like to take part?", "text": "Please look at {link}, or say no: {decline_link}"}
    source = add_recruitment(study=study, kind="invitation", name="letters", options=options)
    Invitation.objects.create(recruitment=source, email=EMAIL, mark=mark_of(EMAIL))
    erase_on_request(study=study, user=mika, who=EMAIL.upper(), reason=f"{EMAIL} wrote", with_answers=False)
    assert columns_with(EMAIL) == set()
    invitation = Invitation.objects.get()
    assert (invitation.state, invitation.mark) == (Invitation.DECLINED, mark_of(EMAIL))


def test_a_manager_erases_on_request_and_leaves_a_row_and_no_name(
    panel: Recruitment,
    mika: User,
    rosa: User,
    sign_in: SignIn,
) -> None:
    participation = planted(panel)
    url, browser = f"/studies/{participation.study.slug}/privacy", sign_in(mika)
    form = {"who": PANEL, "reason": f"{PANEL} asked by mail", "sure": "on", "with_answers": "on"}
    assert sign_in(rosa).post(url, form).status_code == 403
    assert browser.post(url, {**form, "sure": ""}).status_code == 422
    assert browser.post(url, {**form, "reason": "x"}).status_code == 422
    assert Identity.objects.exists()
    assert browser.post(url, form).status_code == 302
    assert columns_with(PANEL) == set()
    page = browser.get(url).content.decode()
    assert "[erased] asked by mail" in page
    assert participation.annotator.pseudonym not in page
    reading = IdentityReading.objects.get(what="erasure")
    assert (reading.user_name, reading.n_people) == ("mika", 1)
    participation.refresh_from_db()
    assert participation.withdrawn_at is not None


def test_somebody_unknown_is_said_to_be_unknown_and_the_look_is_kept(study: Study, mika: User, sign_in: SignIn) -> None:
    answered = sign_in(mika).post(
        f"/api/v1/studies/{study.slug}/erasures", {"who": "nobody@example.org", "reason": "She called us"},
        content_type="application/json",
    )  # fmt: skip
    assert answered.status_code == 400
    assert "Nobody in this study" in answered.json()["message"]
    assert IdentityReading.objects.get().n_people == 0


def test_twice_is_as_once_and_another_person_is_left_alone(panel: Recruitment) -> None:
    participation = planted(panel)
    other = make_participation(participation.study)
    Identity.objects.create(annotator=other.annotator, panel="prolific", panel_id="60bf9310e8dec401be6eBEEF")
    for _ in range(2):
        erase_person(participation=participation, with_answers=True)
    assert columns_with("60bf9310e8dec401be6eBEEF") == {"annotation_identity.panel_id"}


def test_an_id_of_digits_goes_and_the_numbers_of_jobs_stay(study: Study) -> None:
    pool = add_recruitment(
        study=study, kind="url", name="sona", options={"panel_title": "SONA", "id_parameter": "survey_code"}
    )
    browser = Client()
    arrive(browser, pool, survey_code="10482")
    agree(browser, study)
    participation = Participation.objects.get()
    job = Job.objects.create(
        kind="export", study_key=study.slug, state=Job.DONE, log="104823 rows; 10482: sent", message="of 10482",
        result={"n_rows": 104823, "row": 10482, "who": ["10482"], "file_name": "study-2104829.zip"},
    )  # fmt: skip
    erase_person(participation=participation, with_answers=False)
    job.refresh_from_db()
    assert (job.log, job.message) == ("104823 rows; [erased]: sent", "of [erased]")
    assert job.result == {"n_rows": 104823, "row": 10482, "who": ["[erased]"], "file_name": "study-2104829.zip"}
