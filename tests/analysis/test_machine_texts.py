"""A speaker writes ahead what is shown after answers: who may switch it on, what is written, and what follows."""

import json
from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.test import Client

from analysis.services.machine_texts import JOB_KIND, change_machine_texts, follow_speakers
from annotation.errors import InvalidInput
from annotation.models import MachineText, MachineTextTurn, Stimulus, Study
from annotation.services.change_state import change_state
from jobs.models import Job
from jobs.services import run
from modelserve.models import Network
from modelserve.services.promote import promote
from tests.analysis.painted_study import painted_study
from tests.analysis.test_speak_command import train
from tests.conftest import annotator_client, answer, make_participation, respond

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]
ON = {"is_on": True, "people_are_told": True, "held_out_share": 0.0}


def work_off() -> Job:
    job = Job.objects.filter(kind=JOB_KIND).order_by("-id").first()
    assert job is not None
    run(job.pk)
    job.refresh_from_db()
    return job


def test_without_a_speaker_it_stays_closed(study: Study, mika: User, sign_in: SignIn) -> None:
    with pytest.raises(InvalidInput, match="No speaker is served"):
        change_machine_texts(study=study, changes=ON)
    client, page = sign_in(mika), f"/studies/{study.slug}/after-an-answer"
    shown = client.get(page).content.decode()
    assert "No speaker is served" in shown
    assert 'name="is_on"' not in shown
    refused = client.patch(
        f"/api/v1/studies/{study.slug}/machine-texts", json.dumps(ON), content_type="application/json"
    )
    assert (refused.status_code, list(refused.json()["errors"])) == (400, ["is_on"])
    assert Study.objects.get(pk=study.pk).machine_texts == {}


def test_from_the_settings_page_to_a_text_after_an_answer(mika: User, sign_in: SignIn) -> None:
    study = painted_study(mika)
    Stimulus.objects.filter(study=study).update(open_slots=3, wanted=20)
    train(study, "speaker", hidden=16, embedding=8, min_count=1)
    study = change_state(study=study, state=Study.OPEN) if study.state != Study.OPEN else study
    client, page = sign_in(mika), f"/studies/{study.slug}/after-an-answer"
    given = {"is_on": "on", "held_out_percent": "0", "variant": "grounded"}
    unsaid = client.post(page, given)
    assert unsaid.status_code == 422
    assert "People must be told before they agree" in unsaid.content.decode()
    assert client.post(page, {**given, "variant": "grounded_pragmatic", "people_are_told": "on"}).status_code == 422
    assert client.post(page, {**given, "people_are_told": "on"}).status_code == 302

    # a file that is gone costs its own image only
    lost = Stimulus.objects.filter(study=study).order_by("rank").first()
    assert lost is not None
    Stimulus.objects.filter(pk=lost.pk).update(image_sha256="0" * 64)
    job = work_off()
    assert job.state == Job.DONE, job.error
    n_labels = MachineText.objects.filter(stimulus=lost).count()
    assert n_labels >= 2
    assert MachineText.objects.count() == n_labels * study.stimuli.count()
    assert set(MachineText.objects.filter(stimulus=lost).values_list("text", flat=True)) == {""}
    assert MachineText.objects.exclude(stimulus=lost).exclude(text="").exists()
    before = list(MachineText.objects.order_by("pk").values_list("pk", "text"))
    assert follow_speakers() == 0
    run(Job.objects.create(kind=JOB_KIND, study_key=study.slug, arguments=job.arguments).pk)
    assert list(MachineText.objects.order_by("pk").values_list("pk", "text")) == before

    anna = make_participation(study)
    mine = respond(anna, answer(str(study.labels[0]["id"])))
    while mine.stimulus_id == lost.pk:
        mine = respond(anna, answer(str(study.labels[0]["id"])))
    found = annotator_client(anna).post(f"/api/v1/studies/{study.slug}/responses/{mine.pk}/machine-text").json()
    text = MachineText.objects.get(stimulus=mine.stimulus_id, label=mine.label)
    assert found["text"] == (text.text or None)
    assert MachineTextTurn.objects.count() == bool(text.text)

    # another version is promoted: the texts of the first are shown no more, and the new one writes
    Stimulus.objects.filter(pk=lost.pk).update(image_sha256=lost.image_sha256)
    train(study, "speaker", hidden=12, embedding=8, min_count=1)
    second = Network.objects.order_by("-version").first()
    assert second is not None
    promote(study_key=study.slug, network_id=second.pk)
    assert follow_speakers() == 1
    assert not MachineText.objects.filter(retired_at__isnull=True).exists()
    assert work_off().result["version"] == 2
    standing = MachineText.objects.filter(retired_at__isnull=True)
    assert set(standing.values_list("network_version", flat=True)) == {2}
    assert follow_speakers() == 0
    assert "learned from simulated" not in client.get(f"/studies/{study.slug}/rated-explanations").content.decode()


def test_a_job_that_was_cancelled_is_not_started_again_by_itself(mika: User) -> None:
    study = painted_study(mika)
    Stimulus.objects.filter(study=study).update(open_slots=1, wanted=20)
    train(study, "speaker", hidden=16, embedding=8, min_count=1)
    change_machine_texts(study=study, changes=ON)
    assert Job.objects.filter(kind=JOB_KIND).count() == 1
    Job.objects.filter(kind=JOB_KIND).update(state=Job.CANCELLED)
    assert follow_speakers() == 0
    change_machine_texts(study=study, changes={})
    assert Job.objects.filter(kind=JOB_KIND).count() == 2
    change_machine_texts(study=study, changes={"is_on": False})
    assert work_off().result["n_texts"] == 0
    assert not MachineText.objects.exists()
