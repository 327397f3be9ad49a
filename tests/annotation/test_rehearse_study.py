"""A rehearsal: real services on a clock of its own, and nothing left behind."""

from typing import Any

import pytest
from django.db import connection

from annotation.errors import InvalidInput
from annotation.models import (
    Annotator,
    Assignment,
    ConsentText,
    Participation,
    QualityFlag,
    QualityRule,
    Response,
    ResponseSignals,
    Stimulus,
    Study,
)
from annotation.services.caps import set_limits
from annotation.services.rehearsal_limits import RehearsalLimits
from annotation.services.rehearse_study import (
    FINISHED,
    LEFT_EARLY,
    NOTHING_LEFT,
    Rehearsed,
    rehearse_study,
)
from annotation.simulator.crowd import CrowdSettings
from annotation.simulator.rehearsal import RehearsalOptions
from jobs.errors import JobCancelled
from tests.conftest import make_participation, make_study, respond

pytestmark = pytest.mark.django_db

TABLES = (Study, Stimulus, Annotator, Participation, ConsentText, Assignment, Response)


def rehearsed(study: Study, crowd: dict[str, Any] | None = None, **changes: Any) -> Rehearsed:
    given = {"n_people": 12, "wanted": 3, "recruiting_hours": 2.0} | changes
    options = RehearsalOptions(**given, crowd=CrowdSettings(**(crowd or {})))
    n_events = 0

    def progress(_done: int, _total: int) -> None:
        nonlocal n_events
        n_events += 1
        assert n_events < 5_000, "the rehearsal does not end"

    return rehearse_study(study=study, options=options, progress=progress)


def counts() -> list[int]:
    return [model.objects.count() for model in TABLES]


def test_every_image_gets_exactly_what_it_wants(rosa: Any) -> None:
    done = rehearsed(make_study(rosa, n_stimuli=10))
    assert [len(labels) for labels in done.labels] == [3] * 10
    assert len(done.moments) == 30
    assert done.moments == sorted(done.moments)
    assert sum(worker.n_answers for worker in done.workers) == 30 + done.n_surplus


def test_nothing_of_it_is_left_and_the_study_is_as_it_was(rosa: Any) -> None:
    study = make_study(rosa, n_stimuli=6)
    respond(make_participation(study))
    before, slots = counts(), list(study.stimuli.order_by("pk").values_list("open_slots", flat=True))
    rehearsed(study)
    assert counts() == before
    assert list(study.stimuli.order_by("pk").values_list("open_slots", flat=True)) == slots


def test_a_draft_can_be_rehearsed_and_stays_a_draft(rosa: Any) -> None:
    study = make_study(rosa, n_stimuli=4, is_open=False)
    assert len(rehearsed(study).moments) == 12
    study.refresh_from_db()
    assert study.state == Study.DRAFT


def test_the_same_seed_gives_the_same_crowd_and_timetable(rosa: Any) -> None:
    study = make_study(rosa, n_stimuli=8)
    first, second, other = rehearsed(study), rehearsed(study), rehearsed(study, seed=1)
    assert first.moments == second.moments
    assert first.labels == second.labels
    assert other.moments != first.moments


def test_people_leave_early_and_others_do_their_part(rosa: Any) -> None:
    crowd = {"dropout_share": 0.5, "mean_answers_before_dropout": 1.0}
    done = rehearsed(make_study(rosa, n_stimuli=10), crowd, n_people=30, most_answers=4)
    ends = {worker.ended for worker in done.workers}
    assert {LEFT_EARLY, FINISHED} <= ends
    assert all(worker.n_answers == 4 for worker in done.workers if worker.ended == FINISHED)
    assert all(worker.n_answers == 1 for worker in done.workers if worker.ended == LEFT_EARLY)


def test_too_few_people_leave_images_open(rosa: Any) -> None:
    done = rehearsed(make_study(rosa, n_stimuli=20), {"dropout_share": 0.0}, n_people=3, most_answers=5)
    assert len(done.moments) == 15
    assert [worker.ended for worker in done.workers] == [FINISHED] * 3


def test_whoever_has_seen_all_images_finds_nothing_left(rosa: Any) -> None:
    done = rehearsed(make_study(rosa, n_stimuli=5), {"dropout_share": 0.0, "skip_share": 0.0}, n_people=3)
    assert [worker.ended for worker in done.workers] == [NOTHING_LEFT] * 3
    assert [worker.n_answers for worker in done.workers] == [5] * 3


def test_images_held_over_an_absence_are_lent_to_others(rosa: Any) -> None:
    """The lease of ten minutes ends while its holder is away for hours; the real service takes it back."""
    study = make_study(rosa, n_stimuli=10, lease_seconds=600)
    done = rehearsed(study, sitting_minutes=1.0, hours_between_sittings=5.0)
    assert done.n_expired > 0
    assert [len(labels) for labels in done.labels] == [3] * 10


def test_slower_people_take_longer(rosa: Any) -> None:
    study = make_study(rosa, n_stimuli=10)
    crowd = {"dropout_share": 0.0, "pace_spread": 0.0}
    both = [rehearsed(study, crowd | {"median_seconds": seconds}, recruiting_hours=0.0) for seconds in (10.0, 100.0)]
    worked = [sum(worker.worked_seconds for worker in done.workers) for done in both]
    # another order of the people: not the same people meet the same images
    assert 6 < worked[1] / worked[0] < 16
    assert both[1].moments[-1] > 4 * both[0].moments[-1]


def test_a_large_study_is_rehearsed_in_part(rosa: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("annotation.services.rehearse_study.MOST_RESPONSES", 30)
    done = rehearsed(make_study(rosa, n_stimuli=20), n_people=40)
    assert (done.n_stimuli, done.n_stimuli_of_study, done.part) == (10, 20, 0.5)
    assert done.n_people == 20
    assert [len(labels) for labels in done.labels] == [3] * 10


def test_a_study_without_images_says_so(rosa: Any) -> None:
    with pytest.raises(InvalidInput, match="no images yet"):
        rehearsed(make_study(rosa, n_stimuli=0, is_open=False))


@pytest.mark.parametrize(
    ("options", "field", "words"),
    [
        ({"n_people": 0}, "n_people", "from 1 to"),
        ({"n_people": 2, "wanted": 3}, "n_people", "2 people cannot give 3"),
        ({"sitting_minutes": 0.0}, "sitting_minutes", "got 0"),
        ({"paid_per": "hour"}, "paid_per", "got 'hour'"),
        ({"dropout_share": 1.5}, "dropout_share", "share from 0 to 1"),
        ({"reward": float("nan")}, "reward", "got nan"),
    ],
)
def test_an_option_out_of_range_is_named(options: dict[str, Any], field: str, words: str) -> None:
    with pytest.raises(ValueError) as refused:
        RehearsalOptions.from_json(options)
    assert words in refused.value.args[0][field]


def test_a_cancelled_rehearsal_leaves_nothing_either(rosa: Any) -> None:
    study = make_study(rosa, n_stimuli=10)
    before = counts()

    def progress(done: int, total: int) -> None:
        if done > 5:
            raise JobCancelled

    with pytest.raises(JobCancelled):
        rehearse_study(study=study, options=RehearsalOptions(n_people=12, wanted=3), progress=progress)
    assert counts() == before


@pytest.mark.django_db(transaction=True)
def test_others_see_nothing_of_it_while_it_runs(rosa: Any) -> None:
    """A second connection counts the tables in the middle of the rehearsal."""
    study = make_study(rosa, n_stimuli=6)
    before = counts()
    outside = connection.copy()
    seen: list[list[int]] = []

    def progress(done: int, total: int) -> None:
        if done == 9 and not seen:
            with outside.cursor() as cursor:
                for model in TABLES:
                    cursor.execute(f"select count(*) from {model._meta.db_table}")
                    seen.append([int(cursor.fetchone()[0])])

    try:
        rehearse_study(study=study, options=RehearsalOptions(n_people=12, wanted=3), progress=progress)
    finally:
        outside.close()
    assert [row[0] for row in seen] == before


def test_every_rule_of_the_study_is_tried_and_nobody_is_flagged(rosa: Any) -> None:
    study = make_study(rosa, n_stimuli=10)
    few_words = {"signal": "n_words", "is": "at_most", "value": 7}
    all_words = {"signal": "n_words", "is": "at_most", "value": 500}
    for name, condition, is_on in (("few words", few_words, True), ("any words", all_words, False)):
        definition = {"scope": "response", "match": "all", "conditions": [condition]}
        QualityRule.objects.create(study=study, name=name, definition=definition, is_on=is_on)
    done = rehearsed(study, {"lazy_share": 0.3})
    few, every = done.rules
    assert (few.name, few.is_on, every.is_on) == ("few words", True, False)
    assert every.found["n_flagged"] == every.found["n_responses"] == 30 + done.n_surplus
    assert 0 < few.found["n_flagged"] < 25
    assert not QualityFlag.objects.exists()
    assert not ResponseSignals.objects.exists()


# --- the limits of the study ---

ALL_ALIKE = {"dropout_share": 0.0, "skip_share": 0.0, "revision_share": 0.0}


def test_whoever_has_given_what_one_person_may_has_done_her_part(rosa: Any) -> None:
    study = set_limits(study=make_study(rosa, n_stimuli=5), limits={"most_per_person": 2})
    done = rehearsed(study, ALL_ALIKE, n_people=3)
    assert [(worker.n_answers, worker.ended) for worker in done.workers] == [(2, FINISHED)] * 3
    assert len(done.moments) == 6


def test_nobody_gives_more_in_an_hour_than_the_study_lets_her_and_all_comes_in_later(rosa: Any) -> None:
    study = set_limits(study=make_study(rosa, n_stimuli=6), limits={"most_per_hour": 2})
    options = {"n_people": 3, "recruiting_hours": 0.0, "sitting_minutes": 1_000.0, "hours_between_sittings": 0.0}
    done = rehearsed(study, ALL_ALIKE, **options)
    assert [len(labels) for labels in done.labels] == [3] * 6
    # three people with two answers an hour each
    for moment in done.moments:
        assert sum(moment <= other < moment + 3600 for other in done.moments) <= 6
    assert 2 * 3600 < done.moments[-1] < 4 * 3600
    assert rehearsed(study, ALL_ALIKE, **options).moments == pytest.approx(done.moments)


def test_a_day_goes_by_on_the_rehearsals_clock(rosa: Any) -> None:
    study = set_limits(study=make_study(rosa, n_stimuli=4), limits={"most_per_day": 2})
    done = rehearsed(study, ALL_ALIKE, n_people=3, hours_between_sittings=1.0)
    assert [len(labels) for labels in done.labels] == [3] * 4
    assert done.moments[-1] > 24 * 3600


def test_the_budget_of_the_study_ends_it_and_is_as_good_as_all(rosa: Any) -> None:
    study = set_limits(study=make_study(rosa, n_stimuli=10), limits={"most_of_study": 7})
    done = rehearsed(study, {"dropout_share": 0.3, "mean_answers_before_dropout": 1.0}, n_people=20)
    assert (len(done.moments), done.asked) == (7, 7)
    assert study.budget.taken == 0


def test_of_a_large_study_a_part_of_the_budget_is_rehearsed(rosa: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("annotation.services.rehearse_study.MOST_RESPONSES", 30)
    study = set_limits(study=make_study(rosa, n_stimuli=20), limits={"most_of_study": 40})
    done = rehearsed(study, n_people=40)
    assert (done.part, done.asked, len(done.moments)) == (0.5, 20, 20)


def test_a_strong_image_counts_for_an_hour_of_the_rehearsal(study: Study, anna: Participation) -> None:
    study.care = {"most_strong_per_hour": 2}
    clock = RehearsalLimits(study, part=1.0)
    for assignment, moment in ((11, 0.0), (12, 3000.0), (13, 100.0)):
        clock.note_image(assignment, moment)
    anna.care = {"n_strong": 3, "recent_strong": [11, 12, 13]}
    clock.carry(anna, 5_000.0, leased={13})  # what she still holds counts for as long as she holds it
    assert Participation.objects.get(pk=anna.pk).care == {"n_strong": 3, "recent_strong": [12, 13]}
