"""Analyses over frozen studies: the job and the command keep what was found, with all that is needed to repeat it."""

import io
import json
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command

from analysis.models import AnalysisResult
from analysis.over_snapshots.snapshot_analysis import Progress, SnapshotAnalysis
from analysis.queries import latest_analysis
from analysis.services.analyse_snapshot import newest_analysis_job, start_analysis
from annotation.errors import InvalidInput
from jobs.models import Job
from jobs.services import run
from snapshots.reader import Snapshot
from tests.analysis.answers import answered_study

pytestmark = pytest.mark.django_db

VOTES = [["awe", "awe", "fear"], ["fear", "fear", "awe"]]


def count(snapshot: Snapshot, options: dict[str, Any], progress: Progress) -> dict[str, Any]:
    progress(1, 1, "counting")
    return {"n": snapshot.n_responses * options["times"]}


@pytest.fixture(autouse=True)
def one_analysis(monkeypatch: pytest.MonkeyPatch) -> None:
    analysis = SnapshotAnalysis("count", "Count", "How many.", "Here.", count, {"times": 1, "seed": 0, "scale": 1.0})
    monkeypatch.setattr("analysis.over_snapshots.ANALYSES", (analysis,))


def test_the_job_keeps_one_row_per_snapshot_and_options_however_often_it_runs(mika: User) -> None:
    study, _ = answered_study(mika, VOTES)
    job = start_analysis(study=study, name="count", options={"times": 2}, user=mika)
    assert start_analysis(study=study, name="count", options={"times": 2}).pk == job.pk
    assert start_analysis(study=study, name="count").pk != job.pk

    for _ in range(2):
        Job.objects.filter(pk=job.pk).update(state=Job.QUEUED)
        run(job.pk)

    job.refresh_from_db()
    assert job.state == Job.DONE, job.error
    row = AnalysisResult.objects.get()
    assert row.result == {"n": 12}
    assert row.options == {"times": 2, "seed": 0, "scale": 1.0}
    assert row.seed == 0
    assert row.definition["source"] == "Here."
    assert row.snapshot_id == job.result["snapshot_id"]
    assert latest_analysis(study.pk, "count") == row == latest_analysis(study.pk, "count", times=2)
    assert latest_analysis(study.pk, "count", times=3) is None
    newest = newest_analysis_job(study, "count")
    assert newest is not None
    assert newest.arguments["options"]["times"] == 1


def test_the_command_prints_what_was_found_and_how_to_repeat_it(mika: User) -> None:
    study, _ = answered_study(mika, VOTES)
    out = io.StringIO()
    call_command("snapshot_analysis", study.slug, "count", "--option", "times=3", stdout=out)
    found = json.loads(out.getvalue())
    assert found["result"] == {"n": 18}
    assert found["options"] == {"times": 3, "seed": 0, "scale": 1.0}
    assert found["snapshot"] == AnalysisResult.objects.get().snapshot_id


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"time": 1}, "no option 'time'; it has: scale, seed, times"),
        ({"times": "two"}, "times must be like 1, not 'two'"),
        ({"times": True}, "times must be like 1, not True"),
    ],
)
def test_an_option_that_does_not_fit_is_refused_before_anything_runs(
    mika: User, options: dict[str, Any], says: str
) -> None:
    study, _ = answered_study(mika, VOTES)
    with pytest.raises(InvalidInput, match=says):
        start_analysis(study=study, name="count", options=options)
    assert not Job.objects.filter(kind="snapshot_analysis").exists()


def test_a_whole_number_is_a_number(mika: User) -> None:
    study, _ = answered_study(mika, VOTES)
    assert start_analysis(study=study, name="count", options={"scale": 2}).arguments["options"]["scale"] == 2


def test_an_analysis_that_there_is_not(mika: User) -> None:
    study, _ = answered_study(mika, VOTES)
    with pytest.raises(CommandError, match="no analysis 'oracle'; there are: count"):
        call_command("snapshot_analysis", study.slug, "oracle")
    with pytest.raises(CommandError, match="no study and no snapshot folder 'nowhere'"):
        call_command("snapshot_analysis", "nowhere", "count")
