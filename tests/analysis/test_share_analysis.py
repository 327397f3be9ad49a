"""An analysis in parts: the same to the last bit whoever did which part, also where a helper never comes."""

import json
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.storage import default_storage

from analysis.models import AnalysisResult
from analysis.over_snapshots import agreement, analysis_named
from analysis.over_snapshots.agreement import AGREEMENT
from analysis.over_snapshots.snapshot_analysis import no_progress
from analysis.services.analyse_snapshot import start_analysis
from analysis.services.latent_truth import snapshot_of_storage
from analysis.services.share_analysis import help_with, run_shared
from annotation.models import Stimulus
from annotation.services.freeze_snapshot import freeze_snapshot
from jobs.errors import JobCancelled
from jobs.models import Job
from snapshots.reader import Snapshot
from tests.analysis.answers import answered_study
from tests.analysis.grouped_study import grouped_study
from tests.analysis.painted_study import work_off
from tests.conftest import make_study

pytestmark = pytest.mark.django_db

VOTES = [["awe", "awe", "fear"], ["fear", "fear", "fear"], ["awe", "anger", "awe"], ["fear", "awe"], ["awe"]]
OPTIONS = AGREEMENT.options_with_defaults({"n_resamples": 50})


@pytest.fixture
def snapshot(mika: User) -> Snapshot:
    study, stimuli = answered_study(mika, VOTES)
    for number, stimulus in enumerate(stimuli):
        stimulus.source_dataset = f"source {number % 2}"
        stimulus.save()
    return snapshot_of_storage(freeze_snapshot(study=study).snapshot_id)


def told(result: dict[str, Any]) -> str:
    return json.dumps(result, sort_keys=True)


def running_job() -> Job:
    return Job.objects.create(kind="snapshot_analysis", study_key="one", state=Job.RUNNING)


def test_parts_joined_are_the_whole_to_the_last_bit(snapshot: Snapshot, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = AGREEMENT.run(snapshot, OPTIONS, no_progress)
    assert set(whole["by_source"]) == {"source 0", "source 1"}
    for size in (1, 2, 4):
        monkeypatch.setattr(agreement, "STIMULI_PER_PART", size)
        assert told(AGREEMENT.run(snapshot, OPTIONS, no_progress)) == told(whole)


def test_shared_with_a_helper_it_is_the_same(snapshot: Snapshot, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = AGREEMENT.run(snapshot, OPTIONS, no_progress)
    monkeypatch.setattr(agreement, "STIMULI_PER_PART", 1)
    job = running_job()
    begin = {"name": "agreement", "options": OPTIONS, "of_job": job.pk, "begin": 3, "progress": no_progress}
    helped: list[int] = []

    def progress(done: int, total: int, message: str) -> None:
        if done == 1 and not helped:  # a helper comes while the first part is done
            helped.append(help_with(snapshot, **begin))  # type: ignore[arg-type]

    shared = run_shared(snapshot, AGREEMENT, OPTIONS, progress, study_key="one", job_id=job.pk)

    assert told(shared) == told(whole)
    assert helped == [4]
    assert Job.objects.filter(kind="analysis_parts").count() == 4
    assert default_storage.listdir("parts")[1] == []
    assert not any(default_storage.listdir(f"parts/{folder}")[1] for folder in default_storage.listdir("parts")[0])


def test_a_helper_that_comes_too_late_does_nothing(snapshot: Snapshot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(agreement, "STIMULI_PER_PART", 1)
    job = running_job()
    run_shared(snapshot, AGREEMENT, OPTIONS, no_progress, study_key="one", job_id=job.pk)
    Job.objects.filter(pk=job.pk).update(state=Job.DONE)

    work_off("analysis_parts")

    for helper in Job.objects.filter(kind="analysis_parts"):
        assert helper.state == Job.DONE, helper.error
        assert helper.result == {"n_parts": 0}


def test_cancelled_it_leaves_nothing_behind(snapshot: Snapshot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(agreement, "STIMULI_PER_PART", 1)

    def cancelled(done: int, total: int, message: str) -> None:
        if done == 2:
            raise JobCancelled

    with pytest.raises(JobCancelled):
        run_shared(snapshot, AGREEMENT, OPTIONS, cancelled, study_key="one", job_id=running_job().pk)
    assert not any(default_storage.listdir(f"parts/{folder}")[1] for folder in default_storage.listdir("parts")[0])


def test_the_job_shares_and_keeps_what_it_found(mika: User, monkeypatch: pytest.MonkeyPatch) -> None:
    study, _ = answered_study(mika, VOTES)
    monkeypatch.setattr(agreement, "STIMULI_PER_PART", 2)
    job = start_analysis(study=study, name="agreement", user=mika)
    work_off("snapshot_analysis", "analysis_parts")
    job.refresh_from_db()
    assert job.state == Job.DONE, job.error
    row = AnalysisResult.objects.get(name="agreement")
    assert row.seed == OPTIONS["seed"]
    assert row.code_version
    assert row.result["n_responses"] == 12


def test_many_sources_are_told_one_by_one_up_to_a_number(mika: User, monkeypatch: pytest.MonkeyPatch) -> None:
    study, stimuli = answered_study(mika, VOTES)
    for number, stimulus in enumerate(stimuli):
        stimulus.source_dataset = f"source {number}"
        stimulus.save()
    monkeypatch.setattr(agreement, "MOST_SOURCES", 2)
    found = AGREEMENT.run(snapshot_of_storage(freeze_snapshot(study=study).snapshot_id), OPTIONS, no_progress)
    assert set(found["by_source"]) == {"source 0", "source 1", "other sources"}
    assert sum(each["n_stimuli"] for each in found["by_source"].values()) == found["n_stimuli"] == 5


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("disagreement", {}),
        ("asking", {}),
        ("groups", {"least_people": 2, "least_answers": 2}),
        ("comparison", {"what": "sources", "first": "source 0", "second": "source 1"}),
    ],
)
def test_every_analysis_in_parts_finds_what_it_finds_in_one_piece(mika: User, name: str, given: dict[str, Any]) -> None:
    study, _people = grouped_study(mika, {"woman": 7, "man": 6}, n_stimuli=6)
    for number, stimulus in enumerate(Stimulus.objects.filter(study=study)):
        stimulus.source_dataset = f"source {number % 2}"
        stimulus.save()
    snapshot = snapshot_of_storage(freeze_snapshot(study=study).snapshot_id)
    analysis = analysis_named(name)
    options = analysis.options_with_defaults(given)
    assert analysis.parts is not None
    assert analysis.parts.number(snapshot, options) > 1
    whole = json.loads(told(analysis.run(snapshot, options, no_progress)))
    assert analysis.parts.run_alone(snapshot, options, no_progress) == whole


def test_an_analysis_in_parts_of_nobody_says_so_in_parts_too(mika: User) -> None:
    study = make_study(mika, n_stimuli=2)
    snapshot = snapshot_of_storage(freeze_snapshot(study=study).snapshot_id)
    for name in ("disagreement", "asking", "groups"):
        analysis = analysis_named(name)
        options = analysis.options_with_defaults({})
        assert analysis.parts is not None
        whole = json.loads(told(analysis.run(snapshot, options, no_progress)))
        assert analysis.parts.run_alone(snapshot, options, no_progress) == whole
