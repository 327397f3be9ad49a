"""The nightly recount: finds what is wrong, says it loudly, and mends it."""

from threading import Thread
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection

from analysis.jobs import start_recounts
from analysis.models import AnnotatorStatistics, PaceSlot, Recount, StimulusStatistics, StudyStatistics
from analysis.services.recount import recount
from analysis.services.refresh_statistics import refresh_statistics
from annotation.models import Response
from jobs.models import Job
from jobs.services import run
from tests.analysis.answers import answered_study

# Each act in a transaction of its own, as in life: within one, everything counts as changed since the last look.
pytestmark = pytest.mark.django_db(transaction=True)

TABLE = [["awe", "awe", "fear"], ["amusement", "amusement", "amusement"], ["sadness", "anger"]]


def test_sound_figures_are_found_equal(mika: User) -> None:
    study, _ = answered_study(mika, TABLE)
    refresh_statistics()
    before = StudyStatistics.objects.get(pk=study.pk)

    result = recount(study=study)

    assert (result.is_equal, result.differences) == (True, [])
    assert (result.n_responses, result.n_stimuli) == (8, 3)
    assert StudyStatistics.objects.get(pk=study.pk).as_of == before.as_of


def test_a_recount_that_finds_nothing_holds_up_no_refresh(mika: User) -> None:
    study, stimuli = answered_study(mika, TABLE)
    refresh_statistics()
    refreshed = []

    def meanwhile(_: int) -> None:
        """On a connection of its own, an answer changes and is counted while the recount is at work."""

        def change() -> None:
            Response.objects.filter(stimulus=stimuli[0]).update(label="fear")
            refreshed.append(refresh_statistics().n_stimuli)
            connection.close()

        thread = Thread(target=change)
        thread.start()
        thread.join(timeout=20)

    assert recount(study=study, on_progress=meanwhile).is_equal
    assert refreshed == [1]
    assert StudyStatistics.objects.get(pk=study.pk).label_totals["fear"] == 3
    assert recount(study=study).is_equal


def plant_in_study() -> None:
    StudyStatistics.objects.update(n_responses=9)


def plant_in_totals() -> None:
    row = StudyStatistics.objects.get()
    row.label_totals["awe"] = 7
    row.save()


def plant_in_stimulus() -> None:
    StimulusStatistics.objects.filter(n_responses=2).update(agreement=0.75)


def plant_in_person() -> None:
    AnnotatorStatistics.objects.filter(n_responses=3).update(agreement_units=1)


def plant_in_pace() -> None:
    PaceSlot.objects.update(n_responses=2)


def plant_in_an_estimate() -> None:
    row = StudyStatistics.objects.get()
    row.estimates["krippendorff_alpha"]["value"] = 0.99
    row.save()


def plant_in_an_interval() -> None:
    row = StudyStatistics.objects.get()
    row.estimates["majority.half_or_more"]["low"] = 0.5
    del row.estimates["pairwise_agreement"]
    row.save()


def plant_in_polarities() -> None:
    StudyStatistics.objects.update(polarity_totals={"positive": 1, "negative": 1, "else": 1})


def plant_in_a_persons_agreement() -> None:
    AnnotatorStatistics.objects.filter(n_responses=3).update(agreement=0.125)


def plant_a_stranger() -> None:
    row = StimulusStatistics.objects.first()
    assert row is not None
    row.pk = 999_999_999
    row.save(force_insert=True)


@pytest.mark.parametrize(
    ("plant", "says"),
    [
        (plant_in_study, "n_responses: 9 instead of 8"),
        (plant_in_totals, "'awe': 7"),
        (plant_in_stimulus, "agreement 0.75 instead of 0.0"),
        (plant_in_person, "instead of (3, "),
        (plant_in_an_estimate, "krippendorff_alpha: value 0.99 instead of "),
        (plant_in_an_interval, "majority.half_or_more: low 0.5 instead of "),
        (plant_in_an_interval, "pairwise_agreement: not there, and should be."),
        (plant_in_polarities, "Responses per polarity: "),
        (plant_in_a_persons_agreement, "agreement 0.125 instead of "),
        (plant_in_pace, "2 in 1 slots instead of 8 in 1"),
        (plant_a_stranger, "Stimulus 999999999 has figures, but no responses"),
    ],
)
def test_a_planted_wrong_number_is_found_reported_and_mended(mika: User, caplog: Any, plant: Any, says: str) -> None:
    study, _ = answered_study(mika, TABLE)
    refresh_statistics()
    plant()

    result = recount(study=study)

    assert not result.is_equal
    assert says in " ".join(result.differences)
    assert "were wrong and have been replaced" in caplog.text
    assert recount(study=study).is_equal
    assert StudyStatistics.objects.get(pk=study.pk).n_responses == 8


def test_figures_that_another_program_drew_are_drawn_anew_without_an_alarm(mika: User) -> None:
    """Nobody answers a closed study any more, so no change would bring it the figures of a newer program."""
    study, _ = answered_study(mika, TABLE)
    refresh_statistics()
    right = StudyStatistics.objects.get(pk=study.pk).estimates
    plant_in_an_interval()
    StudyStatistics.objects.update(code_version="0.0.1+abcdef0")

    result = recount(study=study)

    assert (result.is_equal, result.differences) == (True, [])
    statistics = StudyStatistics.objects.get(pk=study.pk)
    assert statistics.estimates == right
    assert statistics.code_version != "0.0.1+abcdef0"


def test_a_change_that_no_refresh_saw_yet_is_no_difference(mika: User) -> None:
    study, stimuli = answered_study(mika, TABLE)
    refresh_statistics()
    Response.objects.filter(stimulus=stimuli[0]).update(label="fear")

    assert recount(study=study).is_equal
    assert StudyStatistics.objects.get(pk=study.pk).label_totals["fear"] == 3


def test_a_difference_of_many_stimuli_keeps_the_first_sentences_and_their_number(mika: User) -> None:
    study, _ = answered_study(mika, [["awe", "fear"]] * 60)
    refresh_statistics()
    StimulusStatistics.objects.update(entropy_nats=3)

    result = recount(study=study)

    assert result.n_differences == 60
    assert len(result.differences) == 50


def test_every_night_each_study_is_recounted_as_a_job(mika: User) -> None:
    study, _ = answered_study(mika, TABLE)
    refresh_statistics()

    start_recounts()
    start_recounts()

    job = Job.objects.get(kind="recount")
    assert (job.study_key, job.state) == (study.slug, Job.QUEUED)
    run(job.pk)
    job.refresh_from_db()
    assert job.state == Job.DONE, job.error
    assert job.result["is_equal"] is True
    assert Recount.objects.get().pk == job.result["recount"]


def test_the_job_of_a_deleted_study_says_so(mika: User) -> None:
    study, _ = answered_study(mika, TABLE)
    refresh_statistics()
    start_recounts()
    study.delete()

    job = Job.objects.get(kind="recount")
    run(job.pk)

    job.refresh_from_db()
    assert job.state == Job.FAILED
    assert "not there any more" in job.error
