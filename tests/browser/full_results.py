"""Everything that can be computed, computed once, so that every page of results is looked at with results on it.

Runs inside the product (`product.manage("shell", ...)`), where the jobs' services are at hand.
"""

import io
import random
import uuid
from typing import Any

from django.contrib.auth.models import User
from django.core.management import call_command

from analysis.models import StimulusStatistics
from analysis.over_snapshots.comparison import STUDIES
from analysis.over_snapshots.snapshot_analysis import no_progress
from analysis.services.compare_groups import store_groups
from analysis.services.compare_sides import store_comparison
from analysis.services.index_explanations import index_everything
from analysis.services.latent_truth import store_latent_truth
from analysis.services.make_judged_study import make_judged_study
from analysis.services.people_and_networks import store_people_and_networks
from analysis.services.refresh_statistics import refresh_statistics
from annotation.models import Participation, Stimulus, Study
from annotation.services.assign import assign_ahead
from annotation.services.change_state import change_state
from annotation.services.submit_response import submit_response
from jobs.models import Job
from jobs.services import run
from tests.analysis.grouped_study import grouped_study
from tests.conftest import make_participation

ANALYSES = ("agreement", "emotion_map", "words", "disagreement", "asking", "planning")
N_SHARED, N_TRIALS, N_JUDGES = 18, 8, 5


def compute_everything(slug: str) -> dict[str, str]:
    """Of the demo study, of a second one with groups of people, and of one that judges: their slugs by what they show.

    The demo has a network from images to emotions.
    """
    demo, user = Study.objects.get(slug=slug), User.objects.get(username="admin")
    grouped = _grouped(demo, user)
    judging = _judging(demo, user)
    refresh_statistics(wait=True)
    index_everything()
    for name in ANALYSES:
        call_command("snapshot_analysis", slug, name, stdout=io.StringIO())
    call_command("snapshot_analysis", judging.slug, "judged", stdout=io.StringIO())
    for study in (demo, grouped):
        store_groups(study=study, options={}, progress=no_progress)
    store_comparison(study=demo, options={"what": STUDIES, "other": grouped.slug}, progress=no_progress)
    store_latent_truth(study=demo, methods=["all"], progress=no_progress)
    for job in Job.objects.filter(kind="predict_study", study_key=slug).exclude(state__in=Job.ENDED):
        run(job.pk)
    store_people_and_networks(demo)
    return {"grouped": grouped.slug, "judging": judging.slug}


def _grouped(demo: Study, user: User) -> Study:
    """Two cohorts, two genders, the demo's own photographs, so that both studies have images in common."""
    study, _ = grouped_study(user, {"woman": 12, "man": 12}, n_stimuli=N_SHARED)
    study.title, study.is_demo = "The same photographs, other people", False
    study.save(update_fields=["title", "is_demo"])
    answered = StimulusStatistics.objects.filter(study_id=demo.pk).order_by("-n_responses", "stimulus_id")
    photographs = Stimulus.objects.in_bulk(list(answered.values_list("stimulus_id", flat=True)[:N_SHARED]))
    copied = ("key", "name", "source_dataset", "description", "image_sha256", "width", "height", "bytes")
    for own, photograph in zip(study.stimuli.order_by("rank"), photographs.values(), strict=True):
        for field in copied:
            setattr(own, field, getattr(photograph, field))
        own.save(update_fields=copied)
    return study


def _judging(demo: Study, user: User) -> Study:
    """An emotional Turing test about the demo's photographs, judged."""
    answered = StimulusStatistics.objects.filter(study_id=demo.pk, n_responses__gte=2).order_by("stimulus_id")
    keys = list(answered.values_list("stimulus_key", flat=True)[:N_TRIALS])
    variants = ("default", "pragmatic")
    machines = {key: {name: f"the light and the colours are {name} to me" for name in variants} for key in keys}
    made = make_judged_study(
        source=demo, design="turing", machines=machines, seed=3, title="Who wrote this, with results?", user=user
    )
    study = change_state(study=made, state=Study.OPEN)
    drawn = random.Random(5)
    for _ in range(N_JUDGES):
        _judge(study, make_participation(study), drawn)
    return study


def _judge(study: Study, person: Participation, drawn: random.Random) -> None:
    while held := assign_ahead(participation=person, study=study):
        given: dict[str, Any] = {"verdict": drawn.choice(("a", "b", "both", "none"))}
        submit_response(
            study=study, participation=person, assignment_id=held[0].id, client_key=uuid.uuid4(), answers=given
        )
