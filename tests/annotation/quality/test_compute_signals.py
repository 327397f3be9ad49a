"""Signals follow every change of the answers, at a cost that follows the change, and are forgotten with them."""

import uuid

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from annotation.models import (
    ExplanationText,
    Participation,
    PersonSignals,
    ResponseSignals,
    SignalMark,
    SignalQueue,
    Stimulus,
    Study,
)
from annotation.services.compute_signals import compute_signals, note_changes
from annotation.services.remove_simulated import remove_simulated
from annotation.services.revise_response import revise_response
from annotation.services.withdraw import withdraw_participation, withdraw_response
from tests.annotation.quality.answered import answer_about, signals_of
from tests.conftest import answer, make_participation, make_study

LAKE = "the quiet lake under the wide sky makes me small and calm today"
pytestmark = pytest.mark.django_db


def test_an_answer_has_its_signals_after_the_next_look(study: Study, anna: Participation) -> None:
    first, second = study.stimuli.order_by("pk")[:2]
    one = answer_about(anna, first, LAKE, seconds=12, active_ms=9_000, explanation_typed_characters=60)
    found = signals_of(one)
    assert (found["active_seconds"], found["idle_seconds"], found["pasted_share"], found["n_words"]) == (9, 3, 0, 13)
    assert found["copied_from_self"] == found["copied_from_other"] == 0

    copy = answer_about(anna, second, LAKE.replace("today", "now"))
    assert signals_of(copy)["copied_from_self"] == pytest.approx(1 - 1 / 13, abs=1e-4)
    assert ResponseSignals.objects.get(pk=copy.pk).copied_from_self_id == one.pk
    stranger = answer_about(make_participation(study), first, LAKE)
    assert signals_of(stranger)["copied_from_other"] == 1
    # whoever wrote first stays as she was
    assert signals_of(one)["copied_from_other"] == 0


@pytest.mark.django_db(transaction=True)
def test_a_look_that_finds_nothing_reads_three_small_things(study: Study, anna: Participation) -> None:
    signals_of(answer_about(anna, study.stimuli.first(), LAKE))  # type: ignore[arg-type]
    with CaptureQueriesContext(connection) as asked:
        assert compute_signals().n_responses == 0
    assert len(asked) <= 4, [query["sql"] for query in asked.captured_queries]


def test_the_statements_do_not_grow_with_the_answers(mika: object) -> None:
    study = make_study(n_stimuli=40, wanted_responses=30)
    people = [make_participation(study) for _ in range(6)]

    def statements(stimuli: slice) -> int:
        for person in people:
            for number, stimulus in enumerate(study.stimuli.order_by("pk")[stimuli]):
                answer_about(person, stimulus, f"{LAKE} {number} of {person.pk} and {stimulus.pk}")
        with CaptureQueriesContext(connection) as asked:
            compute_signals()
        return len(asked)

    statements(slice(0, 12))
    few, many = statements(slice(12, 14)), statements(slice(14, 40))
    assert many <= few + 3


def test_a_revision_is_compared_anew_and_its_old_text_forgotten(study: Study, anna: Participation) -> None:
    stimulus = study.stimuli.order_by("pk")[0]
    one = answer_about(anna, stimulus, LAKE)
    signals_of(one)
    revise_response(study=study, response=one, client_key=uuid.uuid4(), answers=answer("fear", "twowordshere now"))
    assert signals_of(one)["n_words"] == 2
    assert ResponseSignals.objects.get(pk=one.pk).revision == 1
    assert ResponseSignals.objects.get(pk=one.pk).label == "fear"
    assert list(ExplanationText.objects.values_list("words", flat=True)) == ["twowordshere now"]


def test_what_is_withdrawn_leaves_no_signals_and_no_words(study: Study, anna: Participation) -> None:
    first, second = study.stimuli.order_by("pk")[:2]
    one, two = answer_about(anna, first, LAKE), answer_about(anna, second, "a red boat on the grey sea far away")
    compute_signals()
    withdraw_response(response=one)
    compute_signals()
    assert list(ResponseSignals.objects.values_list("pk", flat=True)) == [two.pk]
    assert not ExplanationText.objects.filter(words__contains="lake").exists()
    withdraw_participation(participation=anna)
    compute_signals()
    assert not ResponseSignals.objects.exists()
    assert not ExplanationText.objects.exists()


def test_deleted_answers_are_forgotten(study: Study) -> None:
    simulated = make_participation(study, is_simulated=True)
    answer_about(simulated, study.stimuli.first(), LAKE)  # type: ignore[arg-type]
    compute_signals()
    assert ResponseSignals.objects.count() == 1
    remove_simulated(study=study)
    compute_signals()
    assert not ResponseSignals.objects.exists()
    assert not ExplanationText.objects.exists()


def test_after_a_restore_elsewhere_everything_is_computed_anew(study: Study, anna: Participation) -> None:
    one = answer_about(anna, study.stimuli.first(), LAKE)  # type: ignore[arg-type]
    compute_signals()
    ResponseSignals.objects.all().delete()
    SignalMark.objects.update(seen="900000000:900000000:")
    note_changes()
    assert list(SignalQueue.objects.values_list("pk", flat=True)) == [one.pk]
    compute_signals()
    assert ResponseSignals.objects.filter(pk=one.pk).exists()


def test_a_fault_in_one_study_does_not_hold_up_the_others(
    study: Study, anna: Participation, other_study: Study, bo: Participation, caplog: pytest.LogCaptureFixture
) -> None:
    answer_about(anna, study.stimuli.first(), LAKE)  # type: ignore[arg-type]
    good = answer_about(bo, other_study.stimuli.first(), LAKE)  # type: ignore[arg-type]
    Study.objects.filter(pk=study.pk).update(steps=[{"name": "broken", "kind": "no such kind", "options": {}}])
    compute_signals()
    assert list(ResponseSignals.objects.values_list("pk", flat=True)) == [good.pk]
    assert "cannot be computed" in caplog.text
    assert not SignalQueue.objects.exists()


def test_a_persons_variety_is_counted_from_her_tenth_answer_on() -> None:
    study = make_study(n_stimuli=12, wanted_responses=9)
    stimuli = list(study.stimuli.order_by("pk"))
    labels = ["awe", "fear", "sadness", "anger"]
    for number in range(4):
        person = make_participation(study)
        for place, stimulus in enumerate(stimuli):
            answer_about(person, stimulus, f"some words {number} of {place}", label=labels[(number + place) % 4])
    always = make_participation(study)
    for place, stimulus in enumerate(stimuli):
        answer_about(always, stimulus, f"always the same {place}", label="awe")
        if place == 8:
            compute_signals()
            assert not PersonSignals.objects.filter(pk=always.pk).exists()
    compute_signals()
    found = PersonSignals.objects.get(pk=always.pk)
    assert found.signals["one_emotion"] < -1
    assert found.details["one_emotion"]["n_answers"] == 12
    assert PersonSignals.objects.count() == 5


@pytest.mark.parametrize("mended", [LAKE, LAKE.replace("quiet", "silent")], ids=["another-feeling", "a-slip-mended"])
def test_whoever_wrote_first_and_changes_her_answer_later_is_not_the_one_who_copied(
    study: Study, anna: Participation, mended: str
) -> None:
    image = study.stimuli.order_by("pk")[0]
    first = answer_about(anna, image, LAKE)
    compute_signals()
    copy = answer_about(make_participation(study), image, LAKE)
    assert signals_of(copy)["copied_from_other"] == 1
    revise_response(study=study, response=first, client_key=uuid.uuid4(), answers=answer("fear", mended))
    assert signals_of(first)["copied_from_other"] == 0
    kept = ResponseSignals.objects.get(pk=first.pk)
    assert (kept.revision, kept.label, kept.copied_from_other_id) == (1, "fear", None)
    assert ResponseSignals.objects.get(pk=copy.pk).copied_from_other_id == first.pk


def test_whoever_puts_somebodys_text_in_place_of_her_own_is_found(study: Study, anna: Participation) -> None:
    image = study.stimuli.order_by("pk")[0]
    mine = answer_about(anna, image, "nothing much to see in here at all")
    compute_signals()
    theirs = answer_about(make_participation(study), image, LAKE)
    compute_signals()
    revise_response(study=study, response=mine, client_key=uuid.uuid4(), answers=answer("awe", LAKE))
    assert signals_of(mine)["copied_from_other"] == 1
    assert ResponseSignals.objects.get(pk=mine.pk).copied_from_other_id == theirs.pk


def test_words_about_the_image_can_be_told_however_many_texts_other_studies_have(study: Study) -> None:
    Stimulus.objects.filter(study=study).update(wanted=60, open_slots=60, description="a heron in the reeds")
    far_on = ExplanationText(pk=10_000_000_000, study_id=study.pk + 1, digest=b"x" * 16, words="elsewhere", n_words=1)
    far_on.save(force_insert=True)
    image = study.stimuli.order_by("pk")[0]
    for number in range(50):
        answer_about(make_participation(study), image, f"unlike word{number} other{number} third{number}")
    compute_signals()
    about = answer_about(make_participation(study), image, "one heron stands very still")
    beside = answer_about(make_participation(study), image, "makes somebody glad somehow")
    assert signals_of(about)["visible_words"] == 1
    assert signals_of(beside)["visible_words"] == 0
