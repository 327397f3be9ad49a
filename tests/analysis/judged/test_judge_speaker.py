"""The job that lets a speaker write and makes a study of it: one version for all trials, and early refusals."""

from typing import Any

import pytest
from django.contrib.auth.models import User

from analysis.models import JudgedStudy
from analysis.services import judge_speaker as judging
from annotation.errors import InvalidInput
from annotation.models import Study
from jobs.models import Job
from jobs.services import run
from modelserve.models import Network, TrainingRun
from modelserve.services.promote import promote
from tests.analysis.painted_study import painted_study
from tests.analysis.test_speak_command import train

pytestmark = pytest.mark.django_db


@pytest.fixture
def spoken(mika: User) -> Study:
    study = painted_study(mika)
    train(study, "speaker", hidden=16, embedding=8, min_count=1, caption_images=0)
    return study


def next_version(study: Study) -> Network:
    """A further version with the same weights."""
    network = Network.objects.get(study_key=study.slug)
    network.pk = None
    network.training_run = TrainingRun.objects.create(
        study_key=study.slug, task="speaker", snapshot_id=network.snapshot_id, seed=2
    )
    network.version, network.promoted_at = 2, None
    network.save(force_insert=True)
    return network


def test_another_speaker_that_is_promoted_meanwhile_writes_nothing(
    spoken: Study, mika: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    second, asked, write = next_version(spoken), [], judging.explain_images

    def write_and_promote(*given: Any, **named: Any) -> Any:
        speaker, texts = write(*given, **named)
        asked.append(speaker.version)
        promote(study_key=spoken.slug, network_id=second.pk)
        return speaker, texts

    monkeypatch.setattr(judging, "explain_images", write_and_promote)
    monkeypatch.setattr(judging, "AT_ONCE", 1)
    job = judging.start_judging(
        study=spoken, design="turing", variants=["default"], n_images=9, seed=1, title="Who wrote this?", user=mika
    )
    run(job.pk)
    job.refresh_from_db()
    assert job.state == Job.DONE, job.error
    assert len(asked) > 1
    assert set(asked) == {1}
    assert JudgedStudy.objects.get().networks == {"speaker": 1}


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"design": "preference", "variants": ["default"]}, "choose two variants or more"),
        ({"design": "turing", "variants": ["default"], "seed": 2**63}, "whole number from 0 to"),
    ],
)
def test_what_could_make_no_study_is_refused_before_anything_is_written(
    study: Study, mika: User, given: dict[str, Any], says: str
) -> None:
    wish: dict[str, Any] = {"n_images": 9, "seed": 1, "title": "Which is better?", "user": mika}
    with pytest.raises(InvalidInput, match=says):
        judging.start_judging(study=study, **{**wish, **given})
    assert not Job.objects.filter(kind=judging.JOB_KIND).exists()
