"""What was computed of a frozen study is not shown as if nothing had happened to its answers since."""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.db.models import F
from django.test import Client

from analysis.models import LatentTruthResult
from analysis.over_snapshots import analysis_named
from analysis.over_snapshots.comparison import SOURCES, STUDIES
from analysis.over_snapshots.snapshot_analysis import no_progress
from analysis.queries import latent_truth_of, latest_analysis
from analysis.services.analyse_snapshot import store_analysis, store_analysis_of
from analysis.services.compare_groups import store_groups
from analysis.services.compare_sides import store_comparison
from analysis.services.latent_truth import store_latent_truth, store_latent_truth_of
from analysis.services.refresh_statistics import refresh_statistics
from annotation.models import Response, Stimulus, Study
from annotation.services.remove_simulated import remove_simulated
from annotation.services.withdraw import withdraw_response
from tests.analysis.answers import answer_stimulus, answered_study, people_of_study

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]

VOTES = [["awe", "awe", "fear"], ["fear", "fear", "awe"], ["awe", "fear", "sadness"]]
TAKEN_BACK, REMOVED = "Somebody has taken answers back since", "simulated answers, which have been removed since"
COMPARE = f"compare?what={SOURCES}&first=lakes&second=made+for+a+test&labels=same&simulated=yes&margin=5"
PAGES = (
    "common-ground", "language", "words", "disagreement", "asking", "planning", "groups", "latent", COMPARE,
)  # fmt: skip


def study_with_room(user: User) -> tuple[Study, list[Stimulus]]:
    """More people may answer than did."""
    study, stimuli = answered_study(user, VOTES)
    Stimulus.objects.filter(study=study).update(wanted=F("wanted") + 9, open_slots=F("open_slots") + 9)
    return study, stimuli


def compute(study: Study) -> None:
    for name in ("agreement", "emotion_map", "words", "disagreement", "asking", "planning"):
        analysis = analysis_named(name)
        store_analysis(study=study, analysis=analysis, options=analysis.options_with_defaults({}), progress=no_progress)
    store_groups(study=study, options={"least_people": 2}, progress=no_progress)
    store_latent_truth(study=study, methods=["wawa"], progress=no_progress)
    store_comparison(
        study=study, options={"what": SOURCES, "first": "lakes", "second": "made for a test"}, progress=no_progress
    )


@pytest.fixture
def study(mika: User) -> Study:
    """Of two sources and two cohorts, with a rehearsal's answers beside those of people."""
    study, stimuli = study_with_room(mika)
    Stimulus.objects.filter(pk=stimuli[0].pk).update(source_dataset="lakes")
    crowd = [person for name in ("north", "south") for person in people_of_study(study, 2, cohort=name)]
    answer_stimulus(stimuli[1], crowd, ["awe"] * 4)
    machines = people_of_study(study, 2, is_simulated=True)
    answer_stimulus(stimuli[0], machines, ["fear"] * 2, is_simulated=True)
    refresh_statistics(wait=True)
    return study


def said(client: Client, study: Study, sentence: str) -> set[str]:
    """The pages that say it."""
    found = set()
    for page in PAGES:
        answer = client.get(f"/studies/{study.slug}/{page}")
        assert answer.status_code == 200, page
        if sentence in answer.content.decode():
            found.add(page)
    return found


def test_every_page_says_what_became_of_the_answers_that_it_rests_on(study: Study, mika: User, sign_in: SignIn) -> None:
    client = sign_in(mika)
    compute(study)
    assert said(client, study, TAKEN_BACK) == said(client, study, REMOVED) == set()

    remove_simulated(study=study)
    refresh_statistics(wait=True)
    assert said(client, study, REMOVED) == set(PAGES)
    assert said(client, study, TAKEN_BACK) == set()

    compute(study)
    assert said(client, study, REMOVED) == set()
    withdraw_response(response=Response.objects.filter(study=study).order_by("pk")[0])
    assert said(client, study, TAKEN_BACK) == set(PAGES)

    refresh_statistics(wait=True)
    compute(study)
    assert said(client, study, TAKEN_BACK) == set()


@pytest.mark.parametrize(
    "page",
    [
        "language?source=lakes&measure=n_words",
        "common-ground?rule=strict_majority",
        "planning?n_people=77",
        "latent?method=glad",
    ],
)
def test_to_compute_anew_keeps_what_the_page_showed(mika: User, sign_in: SignIn, page: str) -> None:
    study, _ = answered_study(mika, VOTES)
    answer = sign_in(mika).post(f"/studies/{study.slug}/{page}")
    assert answer["Location"] == f"/studies/{study.slug}/{page}"


def test_a_comparison_says_what_became_of_either_study(mika: User, sign_in: SignIn) -> None:
    one, _ = answered_study(mika, VOTES)
    two, _ = answered_study(mika, VOTES)
    store_comparison(study=one, options={"what": STUDIES, "other": two.slug}, progress=no_progress)
    page = f"/studies/{one.slug}/compare?what={STUDIES}&other={two.slug}&labels=same&simulated=yes&margin=5"
    client = sign_in(mika)
    assert TAKEN_BACK not in client.get(page).content.decode()
    withdraw_response(response=Response.objects.filter(study=two).order_by("pk")[0])
    assert TAKEN_BACK in client.get(page).content.decode()


def test_what_is_computed_of_an_earlier_snapshot_does_not_take_the_newests_place(mika: User) -> None:
    study, stimuli = study_with_room(mika)
    analysis = analysis_named("planning")
    options = analysis.options_with_defaults({})
    earlier = store_latent_truth(study=study, methods=["wawa"], progress=no_progress)[0].snapshot_id
    answer_stimulus(stimuli[0], people_of_study(study, 1), ["fear"])
    now = store_analysis(study=study, analysis=analysis, options=options, progress=no_progress)
    store_latent_truth(study=study, methods=["wawa"], progress=no_progress)
    assert now.snapshot_id != earlier

    # as a report of the earlier snapshot does, and once more with another program
    for _ in range(2):
        of_report = store_analysis_of(
            study=study, snapshot_id=earlier, analysis=analysis, options=options, progress=no_progress
        )
        store_latent_truth_of(study=study, snapshot_id=earlier, methods=["all"], progress=no_progress)
        assert of_report.snapshot_id == earlier
        assert latest_analysis(study.pk, "planning") == now
        assert {row.snapshot_id for row in latent_truth_of(study.pk)} == {now.snapshot_id}
    assert LatentTruthResult.objects.filter(snapshot_id=earlier).count() > 1


def test_a_study_that_is_again_as_it_was_is_shown_as_it_is(mika: User) -> None:
    study, stimuli = study_with_room(mika)
    analysis = analysis_named("planning")

    def computed() -> str:
        row = store_analysis(study=study, analysis=analysis, options={}, progress=no_progress)
        assert latest_analysis(study.pk, "planning") == row
        return row.snapshot_id

    before = computed()
    answer_stimulus(stimuli[0], people_of_study(study, 1, is_simulated=True), ["fear"], is_simulated=True)
    assert computed() != before
    remove_simulated(study=study)
    assert computed() == before
