"""Who people are stands in one place only: planted names are looked for on every page, answer, file and in the log."""

import logging
from pathlib import Path
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.core.files.storage import default_storage
from django.http import FileResponse, HttpResponseBase, StreamingHttpResponse
from django.test import Client
from django.urls import reverse

from annotation.errors import InvalidInput
from annotation.models import Identity, Invitation, Participation, Payment, Recruitment, Response, Visit
from annotation.people.erase import erase_on_request
from annotation.recruitment.invitation.addresses import mark_of
from annotation.services.export_snapshot import export_snapshot
from annotation.services.freeze_snapshot import freeze_snapshot
from annotation.services.import_snapshot import import_snapshot
from annotation.services.pay_plan import set_plan
from annotation.services.plan_payments import plan_from_csv
from snapshots.exports import EXPORT_FORMATS
from snapshots.local_copy import snapshot_folder
from snapshots.local_folder import local_folder
from snapshots.schema import MANIFEST_FILE, TABLE_FILES
from tests.conftest import make_participation, make_user, respond
from tests.house.addresses import our_addresses
from tests.house.world import World, make_world

pytestmark = pytest.mark.django_db

PANEL, VISIT = "60bf9310e8dec401be6eface", "625d4a831bcda2d59acaced0"
EMAIL, ACCOUNT = "planted.person@example.org", "zyzzyva-account"
PLANTED = (PANEL, VISIT, EMAIL, ACCOUNT)


@pytest.fixture
def world() -> World:
    """The world of all addresses, with somebody from a panel and somebody invited in Mika's study."""
    world = make_world()
    study = world.here.study
    source = Recruitment.objects.create(study=study, name="prolific", kind="prolific", options={})
    letters = Recruitment.objects.create(study=study, name="letters", kind="invitation", options={})
    Invitation.objects.create(recruitment=letters, email=EMAIL, mark=mark_of(EMAIL), state=Invitation.JOINED)
    person = make_participation(study)
    account = make_user(ACCOUNT)
    Identity.objects.create(annotator=person.annotator, user=account, panel="prolific", panel_id=PANEL, email=EMAIL)
    Payment.objects.create(
        study=study, participation=person, kind=Payment.REWARD, purpose="reward", amount=150, currency="GBP"
    )
    Visit.objects.create(recruitment=source, participation=person, external_id=VISIT, details={"study": "s"})
    Participation.objects.filter(pk=person.pk).update(preparation=Participation.PASSED)
    respond(person)
    return world


def body(answer: HttpResponseBase) -> str:
    if isinstance(answer, FileResponse | StreamingHttpResponse):
        return b"".join(answer.streaming_content).decode("utf-8", "replace")  # type: ignore[arg-type]
    return answer.content.decode("utf-8", "replace")  # type: ignore[attr-defined,no-any-return]


def found_in(text: str) -> list[str]:
    return [words for words in PLANTED if words.lower() in text.lower()]


@pytest.mark.parametrize("who", ["rosa", "mika", "ada"])
def test_no_page_and_no_answer_of_the_api_tells_who_somebody_is(
    world: World, who: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    browser, seen, wrong = world.browsers[who], 0, []
    for address in our_addresses():
        if not address.name:
            continue
        answer = browser.get(address.url(world.here.arguments))
        if answer.status_code == 200:
            seen += 1
            wrong += [f"{address.name}: {words}" for words in found_in(body(answer))]
    assert wrong == []
    assert seen > 30
    assert found_in(caplog.text) == []


def test_no_list_and_no_row_of_the_admin_tells_it(world: World) -> None:
    browser, wrong, seen = world.browsers["ada"], [], 0
    for model in set(admin.site._registry) - {User}:  # accounts are what admins look after
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        urls = [reverse(f"{name}_changelist")]
        urls += [reverse(f"{name}_change", args=[row.pk]) for row in model._default_manager.all()[:5]]
        for url in urls:
            answer = browser.get(url)
            seen += answer.status_code == 200
            wrong += [f"{url}: {words}" for words in found_in(body(answer))]
    assert wrong == []
    assert seen > 20
    assert Identity not in admin.site._registry


@pytest.mark.parametrize("format_name", list(EXPORT_FORMATS))
def test_no_export_tells_it(world: World, format_name: str) -> None:
    study = world.here.study
    record = freeze_snapshot(study=study)
    written = export_snapshot(snapshot_id=record.snapshot_id, format_name=format_name, folder="exports/test")
    with default_storage.open(written.storage_name) as file:
        content = file.read()
    assert len(content) > 50
    assert found_in(content.decode("utf-8", "replace")) == []


def test_only_the_ledger_tells_it_to_a_manager_with_a_reason(world: World) -> None:
    url = reverse("study_pay_ledger", args=[world.here.study.slug])
    assert found_in(body(world.browsers["mika"].get(url))) == []
    told = body(world.browsers["mika"].post(url, {"reason": "The tax office asks for May"}))
    assert found_in(told) == [PANEL]
    assert world.browsers["rosa"].post(url, {"reason": "because I want to"}).status_code == 403


def test_a_copy_of_a_study_tells_nobody_who_its_people_are(world: World, tmp_path: Path) -> None:
    study = world.here.study
    record = freeze_snapshot(study=study)
    folder = local_folder(
        default_storage, snapshot_folder(record.snapshot_id), tmp_path, names=(*TABLE_FILES, MANIFEST_FILE)
    )
    mallory = make_user("mallory")
    copy = import_snapshot(folder=folder, user=mallory)
    person = Identity.objects.get(panel_id=PANEL).annotator
    assert Participation.objects.filter(study=copy, annotator=person).exists()
    set_plan(study=copy, reward=100)
    table = f"pseudonym,amount\n{person.pseudonym},1.00\n"
    plan_from_csv(study=copy, text=table, purpose="Thank you", user=mallory)
    browser = Client()
    browser.force_login(mallory)
    told = body(browser.post(reverse("study_pay_ledger", args=[copy.slug]), {"reason": "I would like to know"}))
    assert person.pseudonym in told
    assert found_in(told) == []
    asked: dict[str, Any] = {"study": copy, "user": mallory, "reason": "She asked me to", "with_answers": True}
    for who in (PANEL, EMAIL, ACCOUNT):
        with pytest.raises(InvalidInput, match="Nobody in this study"):
            erase_on_request(who=who, **asked)
    with pytest.raises(InvalidInput, match="does not know who she is"):
        erase_on_request(who=person.pseudonym, **{**asked, "with_answers": False})
    erase_on_request(who=person.pseudonym, **asked)
    assert Identity.objects.filter(panel_id=PANEL).exists()  # it belongs to the study that she took part in
    assert Visit.objects.filter(external_id=VISIT).exists()
    assert Response.objects.get(study=copy, participation__annotator=person).status == Response.WITHDRAWN
    assert Response.objects.get(study=study, participation__annotator=person).status == Response.ACCEPTED
