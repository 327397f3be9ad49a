"""The cast, and small builders with good defaults.

Rosa is a researcher, Mika manages the study, Anna annotates in it, Bo annotates in another one, Stan is a stranger,
Ada is the admin.
"""

import os
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core import signing
from django.core.cache import caches
from django.test import Client
from hypothesis import HealthCheck, settings

from annotation.models import Annotator, Membership, Participation, Stimulus, Study
from annotation.models.study import consent_hash
from annotation.participant import SALT, cookie_name
from annotation.services.assign import assign_ahead
from annotation.services.change_state import change_state
from annotation.services.create_study import create_study
from annotation.services.join_study import join_study
from annotation.services.submit_response import submit_response

# a busy machine is no failure
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")

ROOT = Path(__file__).resolve().parent.parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Fast tests first: what starts a whole product comes last, and a browser after everything else."""
    last = ("tests/launcher/", "tests/faults/", "tests/browser/")
    items.sort(key=lambda item: next((n for n, folder in enumerate(last, 1) if folder in str(item.path)), 0))


@pytest.fixture(scope="session")
def test_data() -> Path:
    """Real data that may not be redistributed: COMMONGROUND_TEST_DATA, or shared/data beside the checkout."""
    folder = Path(os.environ.get("COMMONGROUND_TEST_DATA") or ROOT.parent / "shared" / "data")
    if not folder.is_dir():
        pytest.skip(f"the reference data are not here; set COMMONGROUND_TEST_DATA (looked in {folder})")
    return folder


@pytest.fixture(autouse=True)
def _files_of_the_test(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "files"
    settings.CACHE_DIR = tmp_path / "cache"
    for cache in caches.all():
        cache.clear()


def make_user(name: str, **more: Any) -> User:
    return User.objects.create_user(username=name, password=f"{name}'s secret", **more)


@pytest.fixture
def mika(db: None) -> User:
    return make_user("mika")


@pytest.fixture
def ada(db: None) -> User:
    return make_user("ada", is_superuser=True, is_staff=True)


@pytest.fixture
def stan(db: None) -> User:
    return make_user("stan")


@pytest.fixture
def study(mika: User) -> Study:
    """Mika's open study of five stimuli (without image files) that want three responses each."""
    return make_study(mika)


@pytest.fixture
def rosa(study: Study) -> User:
    user = make_user("rosa")
    Membership.objects.create(study=study, user=user, role=Membership.RESEARCHER)
    return user


@pytest.fixture
def anna(study: Study) -> Participation:
    return make_participation(study)


@pytest.fixture
def other_study(ada: User) -> Study:
    """A study that Mika, Rosa and Anna have nothing to do with."""
    return make_study(ada, title="Another study")


@pytest.fixture
def bo(other_study: Study) -> Participation:
    return make_participation(other_study)


def make_study(user: User | None = None, *, n_stimuli: int = 5, is_open: bool = True, **changes: Any) -> Study:
    settings = {"title": "Feelings at the lake", "wanted_responses": 3, **changes}
    study = create_study(template="affective_explanation", user=user, **settings)
    make_stimuli(study, n_stimuli)
    return change_state(study=study, state=Study.OPEN) if is_open else study


def make_stimuli(study: Study, n: int, *, prefix: str = "picture") -> list[Stimulus]:
    """Stimuli without image files; enough wherever the image itself is not looked at."""
    return Stimulus.objects.bulk_create(
        Stimulus(
            study=study,
            key=uuid.uuid5(uuid.NAMESPACE_URL, f"{study.pk}/{prefix}/{number}").hex * 2,
            source_dataset="made for a test",
            name=f"{prefix}_{number}.jpg",
            rank=number * 1000 + 1,
            wanted=study.wanted_responses,
            open_slots=study.wanted_responses,
        )
        for number in range(n)
    )


def make_participation(study: Study, *, is_simulated: bool = False, **more: Any) -> Participation:
    return join_study(
        study=study,
        agreed_hash=consent_hash(study.consent),
        annotator=Annotator.objects.create(is_simulated=is_simulated),
        **more,
    )


def answer(emotion: str = "awe", explanation: str = "the quiet lake under the wide sky") -> dict[str, Any]:
    return {"emotion": emotion, "explanation": explanation}


def respond(participation: Participation, answers: dict[str, Any] | None = None, **more: Any) -> Any:
    """One person answers the next image she is lent."""
    study = Study.objects.get(pk=participation.study_id)
    held = assign_ahead(participation=participation, study=study)
    return submit_response(
        study=study,
        participation=participation,
        assignment_id=held[0].id,
        client_key=more.pop("client_key", uuid.uuid4()),
        answers=answers or answer(),
        **more,
    ).response


def annotator_client(participation: Participation) -> Client:
    """A browser that takes part in the study."""
    client = Client()
    client.cookies[cookie_name(participation.study)] = signing.dumps(participation.pk, salt=SALT)
    return client


@pytest.fixture
def sign_in() -> Callable[[User], Client]:
    def client_of(user: User) -> Client:
        client = Client()
        client.force_login(user)
        return client

    return client_of
