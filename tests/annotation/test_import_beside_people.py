"""An import into a study in use: people may work and withdraw in the same moment, and nothing waits in a circle."""

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, connection, connections, transaction

from annotation.errors import InvalidInput
from annotation.models import Assignment, Identity, Participation, Response, Stimulus, Study
from annotation.services.audit_study import audit_study
from annotation.services.import_responses import import_responses
from annotation.services.withdraw import withdraw_participation, withdraw_response
from tests.annotation.races import in_threads, unless
from tests.conftest import answer, make_participation, make_study, respond

pytestmark = pytest.mark.django_db(transaction=True)

WORDS = "the quiet lake at dawn"
N_STIMULI, N_PEOPLE = 30, 12


@pytest.fixture(autouse=True)
def _close_connections() -> Iterator[None]:
    yield
    connections.close_all()


def table(folder: Path, rows: list[tuple[str, str, str]], name: str) -> Path:
    path = folder / name
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["worker", "item", "label", "explanation"])
        writer.writerows((*row, WORDS) for row in rows)
    return path


def half(folder: Path, is_second: bool) -> Path:
    """Half of everybody's answers; the second half goes through the pictures from the other end."""
    numbers = range(N_STIMULI - 1, N_STIMULI // 2 - 1, -1) if is_second else range(N_STIMULI // 2)
    rows = [(f"w{person}", f"picture_{number}.jpg", "awe") for number in numbers for person in range(N_PEOPLE)]
    return table(folder, rows, f"half-{int(is_second)}.csv")


def participations(study: Study) -> list[Participation]:
    return list(Participation.objects.filter(study=study, annotator__identity__panel__startswith="import:"))


@pytest.mark.parametrize("attempt", range(4))
def test_an_import_and_withdrawals_of_the_same_people_do_not_wait_in_a_circle(
    mika: User, tmp_path: Path, attempt: int
) -> None:
    study = make_study(mika, n_stimuli=N_STIMULI, wanted_responses=N_PEOPLE + 2)
    import_responses(path=half(tmp_path, False), study=study)
    people = participations(study)
    second = half(tmp_path, True)

    def bring() -> None:
        with unless(InvalidInput):  # somebody withdrew before: said in words, nothing imported
            import_responses(path=second, study=study)

    in_threads([bring, *(lambda person=person: withdraw_participation(participation=person) for person in people)])  # type: ignore[misc]
    assert audit_study(study) == []
    assert not Response.objects.filter(participation__in=people).exclude(status=Response.WITHDRAWN).exists()
    n = Response.objects.filter(study=study).count()
    assert n in (N_PEOPLE * N_STIMULI // 2, N_PEOPLE * N_STIMULI)


def test_two_imports_of_the_same_people_and_live_answers_come_one_after_the_other(mika: User, tmp_path: Path) -> None:
    study = make_study(mika, n_stimuli=N_STIMULI, wanted_responses=N_PEOPLE + 4)
    live = [make_participation(study) for _ in range(4)]

    def work(person: Participation) -> None:
        for _ in range(8):
            respond(person)

    files = [half(tmp_path, False), half(tmp_path, True)]
    in_threads(
        [
            *(lambda path=path: import_responses(path=path, study=study) for path in files),  # type: ignore[misc]
            *(lambda person=person: work(person) for person in live),  # type: ignore[misc]
        ]
    )
    assert audit_study(study) == []
    assert Response.objects.filter(study=study).count() == N_PEOPLE * N_STIMULI + 4 * 8
    assert Identity.objects.filter(panel=f"import:{study.pk}").count() == N_PEOPLE


def test_who_withdrew_does_not_come_back_by_a_file(mika: User, tmp_path: Path) -> None:
    study = make_study(mika, n_stimuli=N_STIMULI, wanted_responses=N_PEOPLE)
    import_responses(path=half(tmp_path, False), study=study)
    withdraw_participation(participation=participations(study)[0])
    with pytest.raises(InvalidInput, match=r"Row \d+: this person withdrew from the study"):
        import_responses(path=half(tmp_path, True), study=study)
    assert Response.objects.filter(study=study).count() == N_PEOPLE * N_STIMULI // 2


# --- the database keeps what foreign keys would keep (migration 0004) ---


@pytest.fixture
def response(mika: User) -> Any:
    study = make_study(mika, n_stimuli=6, wanted_responses=3)
    return respond(make_participation(study))


@pytest.mark.parametrize("changes", [{"assignment_id": 10**9}, {"stimulus_id": 10**9}, {"participation_id": 10**9}])
def test_no_response_without_its_assignment_stimulus_and_person(response: Any, changes: dict[str, int]) -> None:
    other = respond(response.participation, answer())
    made = Response.objects.get(pk=other.pk)
    values = {"assignment_id": made.assignment_id, **changes}
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("delete from annotation_response where id = %s", [made.pk])
        for name, value in values.items():
            setattr(made, name, value)
        with pytest.raises(IntegrityError, match="a response needs an assignment"), transaction.atomic():
            made.save(force_insert=True)
        transaction.set_rollback(True)


def test_no_assignment_without_a_stimulus_and_a_person_of_its_study(response: Any, mika: User) -> None:
    elsewhere = make_participation(make_study(mika, n_stimuli=1))
    given = Assignment.objects.get(pk=response.assignment_id)
    free = Stimulus.objects.filter(study=response.study).exclude(assignments__participation=given.participation).first()
    for changes in (
        {"stimulus_id": 10**9},
        {"stimulus": free, "participation": elsewhere},
        {"stimulus": free, "study_id": elsewhere.study_id},
    ):
        values = {
            name: getattr(given, name)
            for name in ("study_id", "participation_id", "sequence", "leased_at", "expires_at")
        }
        if "participation" in changes:
            del values["participation_id"]
        with (
            pytest.raises(IntegrityError, match="needs a stimulus and a participation of its study"),
            transaction.atomic(),
        ):
            Assignment.objects.create(**{**values, **changes, "state": Assignment.SURPLUS})


@pytest.mark.parametrize("table_name", ["stimulus", "participation", "assignment"])
def test_nothing_goes_that_is_referred_to(response: Any, table_name: str) -> None:
    pk = getattr(response, f"{table_name}_id")
    with pytest.raises(IntegrityError, match="cannot be deleted while it has"), connection.cursor() as cursor:
        cursor.execute(f"delete from annotation_{table_name} where id = %s", [pk])


def test_nobody_changes_sides(response: Any) -> None:
    other = make_participation(response.study)
    for row in (response, response.assignment):
        with pytest.raises(IntegrityError, match="keep their study, stimulus and person"), transaction.atomic():
            type(row).objects.filter(pk=row.pk).update(participation=other)


def test_a_study_goes_with_all_that_hangs_on_it(response: Any) -> None:
    withdraw_response(response=respond(response.participation))
    response.study.delete()
    assert not any(model.objects.exists() for model in (Response, Assignment, Stimulus, Participation))


def test_a_new_response_carries_its_transaction_whatever_it_says(response: Any) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("select pg_current_xact_id()::text::bigint")
        now = cursor.fetchone()[0]
        first = respond(response.participation)
        assert Response.objects.get(pk=first.pk).changed_xid == now
        Response.objects.filter(pk=response.pk).update(changed_xid=1)
        assert Response.objects.get(pk=response.pk).changed_xid == now
