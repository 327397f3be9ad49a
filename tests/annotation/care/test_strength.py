"""Which images are strong: by rating, by what people felt; and what it costs to follow the responses."""

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from annotation.care import strength
from annotation.care.ratings import rate_stimulus
from annotation.care.strength import follow_responses, learn_strength_of_all, mark_strong_in_all
from annotation.errors import InvalidInput
from annotation.models import Participation, Response, Stimulus, Study
from annotation.services.create_study import update_study
from annotation.services.insert_stimuli import NewStimulus, insert_stimuli
from annotation.services.withdraw import withdraw_response
from jobs.models import Job
from jobs.services import run
from tests.conftest import answer, make_participation, make_stimuli, make_study, respond

pytestmark = pytest.mark.django_db

LEARNING = {"learn_strength": True, "least_responses": 2, "blur_strong": True}


def felt(study: Study, *emotions: str, is_simulated: bool = False) -> Stimulus:
    """One answer each, by another person, about the first image of the study."""
    for emotion in emotions:
        person: Participation = make_participation(study, is_simulated=is_simulated)
        person.ring_place = 0
        person.save()
        response = respond(person, answer(emotion))
    return response.stimulus


def strengths(study: Study) -> list[float | None]:
    return list(Stimulus.objects.filter(study=study).order_by("rank").values_list("strength_learned", flat=True))


def test_strength_is_the_share_of_strong_feelings_once_enough_have_answered(mika: User) -> None:
    study = make_study(mika, n_stimuli=2, care=LEARNING)
    follow_responses()
    stimulus = felt(study, "fear")
    follow_responses()
    stimulus.refresh_from_db()
    assert (stimulus.strength_learned, stimulus.is_strong) == (None, False)
    felt(study, "awe", "sadness")
    follow_responses()
    stimulus.refresh_from_db()
    assert stimulus.strength_learned == pytest.approx(2 / 3)
    assert stimulus.is_strong is True


def test_an_answer_taken_back_leaves_the_strength(mika: User) -> None:
    study = make_study(mika, n_stimuli=1, care=LEARNING)
    stimulus = felt(study, "fear", "awe", "disgust")
    follow_responses()
    withdraw_response(response=Response.objects.filter(label="disgust").get())
    follow_responses()
    stimulus.refresh_from_db()
    assert stimulus.strength_learned == pytest.approx(1 / 2)


def test_simulated_answers_say_nothing_about_strength(mika: User) -> None:
    study = make_study(mika, n_stimuli=1, care=LEARNING)
    felt(study, "fear", "fear", "fear", is_simulated=True)
    follow_responses()
    assert strengths(study) == [None]


def test_the_researchers_rating_goes_first(mika: User) -> None:
    study = make_study(mika, n_stimuli=1, care=LEARNING)
    stimulus = felt(study, "fear", "fear")
    follow_responses()
    rate_stimulus(study=study, stimulus=stimulus, strength=0.1)
    assert (stimulus.strength_rated, stimulus.is_strong) == (0.1, False)
    rate_stimulus(study=study, stimulus=stimulus, strength="")
    assert (stimulus.strength_rated, stimulus.is_strong) == (None, True)


@pytest.mark.django_db(transaction=True)  # changes of one's own transaction are found again
def test_following_asks_no_more_the_larger_the_study(mika: User) -> None:
    small, large = make_study(mika, n_stimuli=3, care=LEARNING), make_study(mika, n_stimuli=300, care=LEARNING)
    follow_responses()
    counts = []
    for study in (small, large):
        felt(study, "fear", "fear")
        with CaptureQueriesContext(connection) as captured:
            assert follow_responses() == 1
        counts.append(len(captured))
    assert counts[0] == counts[1]
    with CaptureQueriesContext(connection) as captured:
        assert follow_responses() == 0
    assert len(captured) < counts[0]


def test_switching_it_on_learns_what_is_there_in_the_background(mika: User) -> None:
    study = make_study(mika, n_stimuli=2)
    felt(study, "fear", "anger")
    study = update_study(study=study, care=LEARNING)
    job = Job.objects.get(kind="learn_strength", study_key=study.slug)
    assert job.state != Job.FAILED
    assert learn_strength_of_all(study) == 1
    assert learn_strength_of_all(study) == 0
    assert strengths(study) == [1.0, None]


def test_many_images_are_marked_by_a_job_and_the_page_says_so(
    mika: User, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(strength, "STIMULI_AT_ONCE", 2)
    study = make_study(mika, n_stimuli=5)
    Stimulus.objects.filter(study=study).update(strength_rated=0.4)
    study = update_study(study=study, care={"blur_strong": True, "strong_from": 0.3})
    assert not Stimulus.objects.filter(study=study, is_strong=True).exists()
    job = Job.objects.get(kind="mark_strong", study_key=study.slug)
    client.force_login(mika)
    page = client.get(reverse("study_care", args=[study.slug])).content.decode()
    assert "Marking the strong images anew" in page
    assert f'data-job="{job.pk}"' in page
    run(job.pk)
    job.refresh_from_db()
    assert (job.state, job.result, job.message) == (Job.DONE, {"n_changed": 5}, "5 of 5 images marked")
    assert Stimulus.objects.filter(study=study, is_strong=True).count() == 5
    assert "Marking the strong images" not in client.get(reverse("study_care", args=[study.slug])).content.decode()


def test_marking_follows_settings_that_change_meanwhile(mika: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(strength, "STIMULI_AT_ONCE", 2)
    study = make_study(mika, n_stimuli=4, care={"blur_strong": True, "strong_from": 0.3})
    Stimulus.objects.filter(study=study).update(strength_rated=0.4)

    def change(done: int, total: int) -> None:
        if done == 2:
            Study.objects.filter(pk=study.pk).update(care={"blur_strong": True, "strong_from": 0.9})

    mark_strong_in_all(study, change)
    assert Stimulus.objects.filter(study=study, is_strong=True).count() == 2


def test_marks_exist_only_where_something_depends_on_them(mika: User) -> None:
    study = make_study(mika, n_stimuli=2)
    stimulus = Stimulus.objects.filter(study=study).first()
    assert stimulus is not None
    rate_stimulus(study=study, stimulus=stimulus, strength=0.9)
    assert stimulus.is_strong is None
    study = update_study(study=study, care={"others_between_strong": 2})
    assert sorted(Stimulus.objects.filter(study=study).values_list("is_strong", flat=True)) == [False, True]
    insert_stimuli(study=study, stimuli=[NewStimulus("new", strength=0.7), NewStimulus("newer")])
    assert set(Stimulus.objects.filter(study=study, name__startswith="new").values_list("name", "is_strong")) == {
        ("new", True),
        ("newer", False),
    }
    study = update_study(study=study, care={"strong_from": 0.8})
    assert Stimulus.objects.get(study=study, name="new").is_strong is False
    study = update_study(study=study, care={"others_between_strong": 0})
    assert not Stimulus.objects.filter(study=study).exclude(is_strong=None).exists()


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"strength": 1.5}, "strength"),
        ({"strength": "much"}, "strength"),
        ({"themes": "x" * 41}, "themes"),
        ({"themes": [str(n) for n in range(21)]}, "themes"),
        ({"content_note": "x" * 301}, "content_note"),
    ],
)
def test_a_rating_that_cannot_be_is_refused(study: Study, given: dict[str, object], field: str) -> None:
    [stimulus, *_] = make_stimuli(study, 1, prefix="rated")
    with pytest.raises(InvalidInput) as refused:
        rate_stimulus(study=study, stimulus=stimulus, **given)
    assert list(refused.value.errors) == [field]


def test_themes_are_compared_in_lower_case_and_each_once(study: Study) -> None:
    [stimulus, *_] = make_stimuli(study, 1, prefix="rated")
    rate_stimulus(study=study, stimulus=stimulus, themes=" Spiders;  deep   water, spiders ")
    assert stimulus.themes == ["deep water", "spiders"]
