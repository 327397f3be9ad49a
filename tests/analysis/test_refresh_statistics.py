"""Figures follow every change, whenever it commits, and only what changed is read."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import krippendorff
import pytest
from django.contrib.auth.models import User
from django.db import connection, connections, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analysis.models import AnnotatorStatistics, ChangeMark, PaceSlot, Recount, StimulusStatistics, StudyStatistics
from analysis.services.count_everything import count_and_replace
from analysis.services.refresh_statistics import refresh_statistics
from analysis.statistics import count_labels
from annotation.models import Assignment, Participation, Response, Stimulus, Study
from annotation.services.create_study import update_study
from annotation.services.remove_simulated import remove_simulated
from annotation.services.revise_response import revise_response
from annotation.services.withdraw import withdraw_participation, withdraw_response
from tests.analysis.answers import EMOTIONS, answer_stimulus, answered_study, people_of_study
from tests.conftest import answer, make_study, respond

TABLE = [
    ["awe", "awe", "fear"],
    ["amusement", "amusement", "amusement"],
    ["sadness", "something_else", "contentment"],
    ["fear"],
]


def figures(study: Study) -> StudyStatistics:
    return StudyStatistics.objects.get(pk=study.pk)


@pytest.mark.django_db
def test_the_first_responses_are_counted(mika: User) -> None:
    study, stimuli = answered_study(mika, TABLE)

    assert refresh_statistics().n_stimuli == 4

    found = figures(study)
    assert (found.n_responses, found.n_stimuli, found.n_annotators) == (10, 4, 3)
    assert found.label_totals["amusement"] == 3
    assert found.label_totals["anger"] == 0
    assert found.polarity_totals == {"positive": 6, "negative": 3, "else": 1}
    rows = [(stimulus, EMOTIONS.index(emotion)) for stimulus, row in enumerate(TABLE) for emotion in row]
    counts = count_labels([row[0] for row in rows], [row[1] for row in rows], len(TABLE), len(EMOTIONS))
    expected = krippendorff.alpha(value_counts=counts[:3], level_of_measurement="nominal")
    assert found.estimates["krippendorff_alpha"]["value"] == pytest.approx(expected, abs=1e-9)
    assert found.estimates["majority.strict_majority"]["value"] == 3 / 4
    assert found.estimates["positive_and_negative"]["value"] == 2 / 4
    first = StimulusStatistics.objects.get(pk=stimuli[0].pk)
    assert (first.n_responses, first.agreement, first.top_labels) == (3, pytest.approx(1 / 3), [EMOTIONS.index("awe")])
    assert (first.n_positive, first.n_negative, first.n_else) == (2, 1, 0)
    assert sum(PaceSlot.objects.filter(study_id=study.pk).values_list("n_responses", flat=True)) == 10


@pytest.mark.django_db
def test_a_person_is_compared_with_the_others_on_the_same_images(mika: User) -> None:
    study, _ = answered_study(mika, TABLE)
    refresh_statistics()

    first = AnnotatorStatistics.objects.filter(study_id=study.pk).order_by("participation_id").first()

    # awe: one of two others; amusement: both; sadness: none; fear: nobody else answered
    assert first is not None
    assert (first.n_responses, first.n_compared) == (4, 3)
    assert first.agreement == pytest.approx((1 / 2 + 1 + 0) / 3, abs=1e-8)


@pytest.mark.django_db(transaction=True)
def test_where_nothing_changed_one_look_is_enough(mika: User) -> None:
    answered_study(mika, TABLE)
    refresh_statistics()

    with CaptureQueriesContext(connection) as queries:
        assert refresh_statistics().n_stimuli == 0

    assert len(queries) == 2
    assert all(query["sql"].lstrip().lower().startswith("select") for query in queries)


@pytest.mark.django_db(transaction=True)
def test_the_cost_follows_the_change_and_not_the_study(mika: User) -> None:
    small, few = answered_study(mika, TABLE, title="small")
    large, many = answered_study(mika, TABLE * 15, title="large")
    refresh_statistics()
    counted = {}
    for study, stimuli in ((small, few), (large, many)):
        for stimulus in stimuli[:3]:
            revise(Response.objects.filter(stimulus=stimulus).order_by("pk")[0], "disgust")
        with CaptureQueriesContext(connection) as queries:
            refreshed = refresh_statistics()
        assert refreshed.n_stimuli == 3
        reads = [query["sql"] for query in queries if 'FROM "annotation_response"' in query["sql"]]
        assert len(reads) == 1
        assert f"IN ({', '.join(str(stimulus.pk) for stimulus in stimuli[:3])})" in reads[0]
        counted[study.title] = len(queries)
    assert counted["small"] == counted["large"]


@pytest.mark.django_db(transaction=True)
def test_a_transaction_that_commits_late_is_not_skipped_and_delays_nobody(mika: User) -> None:
    study, stimuli = answered_study(mika, TABLE)
    refresh_statistics()
    early = Response.objects.filter(stimulus=stimuli[0]).order_by("pk")[0]
    late = Response.objects.filter(stimulus=stimuli[1]).order_by("pk")[0]

    with another_connection() as other:
        other.execute("begin")
        other.execute("update annotation_response set label = 'anger' where id = %s", [late.pk])
        revise(early, "disgust")  # begins after the other transaction, commits before it
        assert refresh_statistics().n_stimuli == 1
        assert figures(study).label_totals["disgust"] == 1
        assert figures(study).label_totals["anger"] == 0
        assert refresh_statistics().n_stimuli == 0
        other.execute("commit")

    assert refresh_statistics().n_stimuli == 1
    assert figures(study).label_totals["anger"] == 1
    assert refresh_statistics().n_stimuli == 0
    assert count_and_replace(study) == []


@pytest.mark.django_db(transaction=True)
def test_a_second_refresh_leaves_the_work_to_the_first(mika: User) -> None:
    answered_study(mika, TABLE)
    refresh_statistics()
    revise(Response.objects.order_by("pk")[0], "disgust")

    with another_connection() as other:
        other.execute("begin")
        other.execute("select * from analysis_changemark for update")
        assert refresh_statistics().busy
        other.execute("rollback")  # a closed connection gives its locks back only when the server notices

    assert refresh_statistics().n_stimuli == 1


@pytest.mark.django_db
def test_a_revised_answer_counts_as_it_is_now(mika: User) -> None:
    study, stimuli = answered_study(mika, TABLE)
    refresh_statistics()

    revise(Response.objects.filter(stimulus=stimuli[0], label="fear").get(), "awe")
    refresh_statistics()

    assert figures(study).label_totals["awe"] == 3
    assert figures(study).n_responses == 10
    assert StimulusStatistics.objects.get(pk=stimuli[0].pk).agreement == 1


@pytest.mark.django_db
def test_a_withdrawn_answer_leaves_the_figures(mika: User) -> None:
    study, stimuli = answered_study(mika, TABLE)
    refresh_statistics()

    withdraw_response(response=Response.objects.get(stimulus=stimuli[3]))
    refresh_statistics()

    found = figures(study)
    assert (found.n_responses, found.n_stimuli, found.n_withdrawn) == (9, 3, 1)
    assert found.label_totals["fear"] == 1


@pytest.mark.django_db
def test_a_person_who_withdraws_leaves_the_people(mika: User) -> None:
    study, _ = answered_study(mika, TABLE)
    refresh_statistics()
    person = Participation.objects.filter(study=study).order_by("pk")[2]

    withdraw_participation(participation=person)
    refresh_statistics()

    assert figures(study).n_annotators == 2
    assert not AnnotatorStatistics.objects.filter(pk=person.pk).exists()
    assert count_and_replace(study) == []


@pytest.mark.django_db
def test_removing_what_was_simulated_leaves_the_real_answers(mika: User) -> None:
    study, stimuli = answered_study(mika, TABLE)
    robots = people_of_study(study, 2, is_simulated=True)
    Stimulus.objects.filter(study=study).update(open_slots=5, wanted=5)
    answer_stimulus(stimuli[3], robots, ["anger", "anger"], is_simulated=True)
    refresh_statistics()
    assert (figures(study).n_simulated, figures(study).n_responses) == (2, 12)

    assert remove_simulated(study=study) == 2
    refresh_statistics()

    found = figures(study)
    assert (found.n_simulated, found.n_responses, found.n_annotators) == (0, 10, 3)
    assert found.label_totals["anger"] == 0
    assert count_and_replace(study) == []


@pytest.mark.django_db
def test_surplus_answers_are_seen_but_not_counted(mika: User) -> None:
    study, stimuli = answered_study(mika, TABLE)
    answer_stimulus(stimuli[0], people_of_study(study, 1), ["anger"], status=Response.SURPLUS)

    refresh_statistics()

    found = figures(study)
    assert (found.n_responses, found.n_surplus, found.n_annotators) == (10, 1, 3)
    assert found.label_totals["anger"] == 0


@pytest.mark.django_db
def test_a_submitted_answer_is_in_the_figures_after_one_refresh(study: Study, anna: Participation) -> None:
    respond(anna, answer("awe"))
    refresh_statistics()
    assert figures(study).label_totals["awe"] == 1


@pytest.mark.django_db
def test_another_label_set_before_the_first_response_starts_anew(mika: User) -> None:
    study, stimuli = answered_study(mika, [["awe"]])
    refresh_statistics()
    Assignment.objects.all().delete()  # and with them the responses
    refresh_statistics()
    steps = [{"name": "emotion", "kind": "choice", "options": {"labels": ["calm", "wild"]}}]
    study = update_study(study=study, steps=steps)
    answer_stimulus(stimuli[0], people_of_study(study, 1), ["wild"])

    refresh_statistics()

    assert figures(study).label_totals == {"calm": 0, "wild": 1}
    assert figures(study).polarity_totals is None


@pytest.mark.django_db
def test_a_study_without_a_choice_is_counted_without_agreement(mika: User) -> None:
    steps = [{"name": "explanation", "kind": "text", "options": {}}]
    study = make_study(mika, steps=steps, n_stimuli=1)
    answer_stimulus(Stimulus.objects.get(study=study), people_of_study(study, 2), ["", ""])

    refresh_statistics()

    found = figures(study)
    assert (found.n_responses, found.n_stimuli, found.n_annotators) == (2, 1, 2)
    assert found.estimates == {}
    assert count_and_replace(study) == []


@pytest.mark.django_db
def test_a_deleted_study_takes_its_figures_with_it(mika: User) -> None:
    study, _ = answered_study(mika, TABLE)
    refresh_statistics()
    pk = study.pk
    Response.objects.filter(study=study).delete()
    study.delete()

    refresh_statistics()

    assert not StudyStatistics.objects.filter(pk=pk).exists()
    assert not StimulusStatistics.objects.filter(study_id=pk).exists()
    assert not AnnotatorStatistics.objects.filter(study_id=pk).exists()


@pytest.mark.django_db
def test_a_database_restored_on_a_younger_server_is_counted_anew(mika: User) -> None:
    study, stimuli = answered_study(mika, TABLE)
    refresh_statistics()
    ChangeMark.objects.update(seen="900000000000:900000000000:")  # further than this server has come
    Response.objects.filter(stimulus=stimuli[0]).update(label="anger")

    refresh_statistics()

    assert figures(study).label_totals["anger"] == 3
    assert ChangeMark.objects.get().seen != "900000000000:900000000000:"
    assert count_and_replace(study) == []


@pytest.mark.django_db
def test_sums_that_cannot_be_read_are_counted_anew_and_said_so(mika: User, caplog: Any) -> None:
    study, stimuli = answered_study(mika, TABLE)
    refresh_statistics()
    StudyStatistics.objects.update(sums=b"not sums at all")
    revise(Response.objects.filter(stimulus=stimuli[0], label="fear").get(), "awe")

    refresh_statistics()

    assert figures(study).label_totals["awe"] == 3
    assert not Recount.objects.get().is_equal
    assert "have been replaced" in caplog.text
    assert count_and_replace(study) == []


@pytest.mark.django_db
def test_labels_of_which_only_some_have_a_polarity_are_counted_without(mika: User) -> None:
    labels = [{"id": "calm", "polarity": "positive"}, {"id": "wild"}]
    steps = [{"name": "emotion", "kind": "choice", "options": {"labels": labels}}]
    study = make_study(mika, steps=steps, n_stimuli=1)
    answer_stimulus(Stimulus.objects.get(study=study), people_of_study(study, 2), ["calm", "wild"])

    refresh_statistics()

    assert figures(study).label_totals == {"calm": 1, "wild": 1}
    assert figures(study).polarity_totals is None


@pytest.mark.django_db(transaction=True)
def test_a_study_that_cannot_be_counted_holds_up_no_other(mika: User, caplog: Any, client: Any) -> None:
    broken, stimuli = answered_study(mika, TABLE, title="broken")
    sound, others = answered_study(mika, TABLE, title="sound")
    refresh_statistics()
    steps = broken.steps
    Study.objects.filter(pk=broken.pk).update(steps=[{"name": "emotion", "kind": "unheard-of", "options": {}}])
    for stimulus in (stimuli[0], others[0]):
        Response.objects.filter(stimulus=stimulus, label="fear").update(label="awe")

    refresh_statistics()

    assert figures(sound).label_totals["awe"] == 3
    assert figures(broken).label_totals["awe"] == 2
    assert figures(broken).is_stale
    assert "cannot be counted" in caplog.text

    Study.objects.filter(pk=broken.pk).update(steps=steps)
    client.force_login(mika)
    assert "These figures are old" in client.get(f"/studies/{broken.slug}/").content.decode()
    Response.objects.filter(stimulus=stimuli[1]).update(label="anger")
    refresh_statistics()
    assert figures(broken).label_totals["awe"] == 3
    assert figures(broken).label_totals["anger"] == 3
    assert not figures(broken).is_stale


acts = st.lists(
    st.tuples(
        st.sampled_from(["answer", "surplus", "revise", "withdraw", "leave", "delete", "refresh"]),
        st.integers(0, 10_000),
        st.sampled_from(EMOTIONS),
    ),
    min_size=1,
    max_size=25,
)


@pytest.mark.django_db
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(acts=acts)
def test_after_any_acts_the_figures_equal_a_recount(mika: User, acts: list[tuple[str, int, str]]) -> None:
    with transaction.atomic():
        study = make_study(mika, n_stimuli=4, wanted_responses=4)
        people = people_of_study(study, 4)
        stimuli = list(Stimulus.objects.filter(study=study).order_by("rank"))
        for act, number, emotion in acts:
            do(act, number, emotion, study, people, stimuli)
        refresh_statistics()
        assert count_and_replace(study) == [] or not Response.objects.filter(study=study).exists()
        transaction.set_rollback(True)


def do(act: str, number: int, emotion: str, study: Study, people: list[Participation], stimuli: list[Stimulus]) -> None:
    """One act, on something that `number` picks; nothing where there is nothing to act on."""
    person, stimulus = people[number % len(people)], stimuli[number // len(people) % len(stimuli)]
    taken = Response.objects.filter(participation=person, stimulus=stimulus).exists()
    standing = Response.objects.filter(study=study).exclude(status=Response.WITHDRAWN).order_by("pk")
    picked = standing[number % len(standing)] if standing else None
    if act in ("answer", "surplus") and not taken:
        moment = timezone.now() - timedelta(minutes=number % 100)
        status = Response.ACCEPTED if act == "answer" else Response.SURPLUS
        answer_stimulus(stimulus, [person], [emotion], status=status, created_at=moment)
    elif act == "revise" and picked:
        revise(picked, emotion)
    elif act == "withdraw" and picked:
        withdraw_response(response=picked)
    elif act == "leave":
        withdraw_participation(participation=person)
    elif act == "delete" and picked:
        picked.assignment.delete()  # and with it the response
    elif act == "refresh":
        refresh_statistics()


def revise(response: Response, emotion: str) -> None:
    revise_response(
        study=response.study,
        response=response,
        client_key=uuid.uuid4(),
        answers=answer(emotion, "on second thoughts it is that"),
    )


@contextmanager
def another_connection() -> Iterator[Any]:
    """A second connection to the same database: what its transaction does, ours cannot see before it commits."""
    other = connections["default"].copy()
    try:
        with other.cursor() as cursor:
            yield cursor
    finally:
        other.close()
