"""What is served: one network per study and task, changed by a click and taken back by another."""

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.utils import timezone

from modelserve.errors import NetworkNotFound, NothingToRollBack
from modelserve.models import Network, Promotion, TrainingRun
from modelserve.queries import can_roll_back, promoted_network, promotions_of
from modelserve.services import promote, roll_back
from modelserve.services.delete_network import delete_network
from modelserve.services.promote import promote_over
from tests.modelserve.conftest import STUDY

pytestmark = pytest.mark.django_db
TASK = "text_emotion"


def make_network(version: int, study_key: str = STUDY) -> Network:
    run = TrainingRun.objects.create(study_key=study_key, task=TASK, snapshot_id="a" * 64, seed=1)
    return Network.objects.create(
        study_key=study_key,
        task=TASK,
        version=version,
        training_run=run,
        snapshot_id="a" * 64,
        label_set=[],
        options={},
        seed=1,
        metrics={},
        weights_location=f"networks/{version}",
    )


def test_one_takes_over_from_the_other(mika: User) -> None:
    first, second = make_network(1), make_network(2)
    promote(study_key=STUDY, network_id=first.pk)
    promote(study_key=STUDY, network_id=second.pk, user=mika)
    assert promoted_network(STUDY, TASK) == second
    newest = promotions_of(STUDY, TASK)[0]
    assert (newest.network, newest.previous, newest.promoted_by) == (second, first, mika)


def test_one_click_takes_it_back_and_another_goes_one_further(mika: User) -> None:
    first, second, third = (make_network(version) for version in (1, 2, 3))
    for network in (first, second, third):
        promote(study_key=STUDY, network_id=network.pk)
    assert roll_back(study_key=STUDY, task=TASK, user=mika) == second
    assert promoted_network(STUDY, TASK) == second
    assert roll_back(study_key=STUDY, task=TASK) == first
    assert not can_roll_back(STUDY, TASK)
    assert Promotion.objects.get(network=third).taken_back_by == mika


def test_a_network_can_be_promoted_again_after_it_was_taken_back() -> None:
    first, second = make_network(1), make_network(2)
    for network in (first, second):
        promote(study_key=STUDY, network_id=network.pk)
    roll_back(study_key=STUDY, task=TASK)
    promote(study_key=STUDY, network_id=second.pk)
    assert promoted_network(STUDY, TASK) == second
    assert roll_back(study_key=STUDY, task=TASK) == first


def test_a_version_that_was_deleted_is_passed_over_on_the_way_back() -> None:
    first, second, third = (make_network(version) for version in (1, 2, 3))
    for network in (first, second, third):
        promote(study_key=STUDY, network_id=network.pk)
    delete_network(study_key=STUDY, network_id=second.pk)
    assert can_roll_back(STUDY, TASK)
    assert roll_back(study_key=STUDY, task=TASK) == first
    assert promoted_network(STUDY, TASK) == first
    assert not can_roll_back(STUDY, TASK)
    with pytest.raises(NothingToRollBack):
        roll_back(study_key=STUDY, task=TASK)


def test_where_all_before_were_deleted_there_is_no_way_back() -> None:
    first, second = make_network(1), make_network(2)
    for network in (first, second):
        promote(study_key=STUDY, network_id=network.pk)
    delete_network(study_key=STUDY, network_id=first.pk)
    assert not can_roll_back(STUDY, TASK)
    assert promoted_network(STUDY, TASK) == second


def test_what_was_compared_with_another_version_is_not_promoted() -> None:
    first, second, third = (make_network(version) for version in (1, 2, 3))
    new = {"study_key": STUDY, "network_id": third.pk, "reason": Promotion.BETTER}
    promote(study_key=STUDY, network_id=first.pk)
    promote(study_key=STUDY, network_id=second.pk)
    assert promote_over(compared_with=first, **new) is False
    assert promote_over(compared_with=None, **new) is False
    assert promoted_network(STUDY, TASK) == second
    assert promote_over(compared_with=second, **new) is True
    assert promoted_network(STUDY, TASK) == third


def test_there_is_nothing_before_the_first() -> None:
    network = make_network(1)
    promote(study_key=STUDY, network_id=network.pk)
    with pytest.raises(NothingToRollBack, match="nothing to return to"):
        roll_back(study_key=STUDY, task=TASK)
    assert promoted_network(STUDY, TASK) == network


def test_a_network_of_another_study_is_not_found() -> None:
    network = make_network(1, study_key="another")
    with pytest.raises(NetworkNotFound, match="This study has no network"):
        promote(study_key=STUDY, network_id=network.pk)
    assert promoted_network("another", TASK) is None


def test_promoting_twice_is_promoting_once() -> None:
    network = make_network(1)
    promote(study_key=STUDY, network_id=network.pk)
    promote(study_key=STUDY, network_id=network.pk)
    assert Promotion.objects.count() == 1


def test_the_database_refuses_two_at_once() -> None:
    for version in (1, 2):
        make_network(version)
    with pytest.raises(IntegrityError, match="one_promoted_network"), transaction.atomic():
        Network.objects.update(promoted_at=timezone.now())
