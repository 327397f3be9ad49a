"""The page that sets the served network beside people."""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.test import Client

from analysis.models import AnalysisResult
from analysis.services.people_and_networks import start_people_and_networks
from analysis.services.refresh_statistics import refresh_statistics
from annotation.errors import StateConflict
from annotation.models import Study
from jobs.models import Job
from jobs.services import run
from snapshots.split import split_of
from tests.analysis.painted_study import painted_study, train_now, work_off

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]


def test_images_that_it_did_not_learn_from_are_set_beside_peoples_answers(mika: User, sign_in: SignIn) -> None:
    study = painted_study(mika, n_stimuli=60, n_people=3)
    train_now(study, epochs=3)
    refresh_statistics(wait=True)
    work_off("predict_study")
    client, address = sign_in(mika), f"/studies/{study.slug}/people-and-networks"
    assert "Not compared yet" in client.get(address).content.decode()
    assert client.post(address).status_code == 302
    job = Job.objects.get(kind="people_and_networks")
    run(job.pk)
    job.refresh_from_db()
    assert job.state == Job.DONE, job.error
    held_out = [key for key in study.stimuli.values_list("key", flat=True) if split_of(key) == "test"]
    row = AnalysisResult.objects.get()
    assert row.result["n_compared"] == len(held_out) > 0
    named = {key for group in row.result["groups"].values() for key in group["keys"]}
    assert named == set(held_out)
    page = client.get(address).content.decode()
    assert "Surely wrong" in page
    assert f"/studies/{study.slug}/stimuli/{held_out[0]}" in page


def test_without_a_network_it_says_what_is_missing(study: Study, mika: User, sign_in: SignIn) -> None:
    page = sign_in(mika).get(f"/studies/{study.slug}/people-and-networks").content.decode()
    assert "No network yet" in page
    with pytest.raises(StateConflict, match="Train one first"):
        start_people_and_networks(study=study)
