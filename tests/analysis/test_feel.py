"""What would people feel? A picture from outside, the network's guess, and people's own words about similar images."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from analysis.services.count_everything import count_and_replace
from annotation.models import Membership, Study
from modelserve.queries import nearest_predictions
from tests.analysis.painted_study import COLOURS, painted_study, png, train_now, work_off
from tests.conftest import make_user
from tests.modelserve.serving.answering import answering

SignIn = Callable[[User], Client]


@pytest.fixture
def answers(transactional_db: None) -> Iterator[None]:
    with answering():
        yield


@pytest.fixture
def painted(mika: User) -> Study:
    return painted_study(mika, n_stimuli=30)


def bring(client: Client, study: Study, content: bytes, name: str = "holiday.png") -> Any:
    return client.post(f"/studies/{study.slug}/feel", {"picture": SimpleUploadedFile(name, content)})


def test_a_picture_is_felt_and_people_speak_of_similar_images(
    answers: None, painted: Study, mika: User, sign_in: SignIn
) -> None:
    train_now(painted, epochs=8)
    work_off("predict_study")
    count_and_replace(painted)
    answer = bring(sign_in(mika), painted, png(COLOURS["anger"]))
    assert answer.status_code == 200, answer.content.decode()[:2000]
    felt = answer.context["felt"]
    assert felt.likeliest == "Anger"
    assert {words.name for words in felt.said} == {"Anger"}
    assert 1 <= len(felt.said) <= 12
    assert len({words.stimulus_key for words in felt.said[:10]}) == 10  # one per image before a second one
    page = answer.content.decode()
    assert "data:image/jpeg;base64," in page
    assert "Nobody wrote them about your picture" in page
    assert default_storage.listdir("predictions")[1] == []


@pytest.mark.django_db
def test_near_is_by_the_whole_distribution(painted: Study) -> None:
    network = train_now(painted, epochs=8)
    assert nearest_predictions(network, {"awe": 1.0}, 5) == []
    work_off("predict_study")
    pure = {label: float(label == "awe") for label in network.label_ids}
    near = nearest_predictions(network, pure, 10)
    rows = network.predictions.filter(stimulus_key__in=near)
    assert len(near) == 10
    assert {row.most_likely[0] for row in rows} == {"awe"}


def test_before_the_network_has_looked_at_the_study_the_page_says_so(
    answers: None, painted: Study, mika: User, sign_in: SignIn
) -> None:
    train_now(painted)
    page = bring(sign_in(mika), painted, png()).content.decode()
    assert "has not looked at this study" in page


def test_what_is_no_picture_is_said_and_the_next_one_is_answered(
    answers: None, painted: Study, mika: User, sign_in: SignIn, settings: Any
) -> None:
    train_now(painted)
    client = sign_in(mika)
    for content, name, sentence in (
        (b"no picture", "a.jpg", "is not an image that can be read"),
        (b"", "b.png", "empty"),
        (png()[:60], "c.png", "c.png"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "d.svg", "SVG"),
    ):
        answer = bring(client, painted, content, name)
        assert answer.status_code == 400
        assert sentence in answer.content.decode()
    assert client.post(f"/studies/{painted.slug}/feel").status_code == 400
    settings.IMAGE_MAX_PIXELS = 100
    assert "megapixels" in bring(client, painted, png()).content.decode()
    settings.IMAGE_MAX_PIXELS = 10**8
    assert bring(client, painted, png()).status_code == 200


@pytest.mark.django_db
def test_without_a_network_or_a_process_the_page_says_what_is_missing(
    painted: Study, mika: User, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = sign_in(mika)
    assert "No network reads images for this study yet" in client.get(f"/studies/{painted.slug}/feel").content.decode()
    assert bring(client, painted, png()).status_code == 409
    train_now(painted)
    monkeypatch.setattr("analysis.services.ask_about_images.PATIENCE_SECONDS", 0.2)
    answer = bring(client, painted, png())
    assert (answer.status_code, answer["Retry-After"]) == (503, "5")
    assert "did not answer within" in answer.content.decode()


@pytest.mark.django_db
def test_annotators_and_strangers_may_not_ask(painted: Study, sign_in: SignIn) -> None:
    anna = make_user("anna-of-feel")
    Membership.objects.create(study=painted, user=anna, role=Membership.ANNOTATOR)
    assert sign_in(anna).get(f"/studies/{painted.slug}/feel").status_code == 403
    assert sign_in(make_user("stan-of-feel")).get(f"/studies/{painted.slug}/feel").status_code == 404
