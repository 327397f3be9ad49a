"""The pages of a study's networks: train, watch, compare, promote, take back, and the network beside people."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.storage import default_storage
from django.test import Client, TestCase

from analysis.models import RetrainPolicy
from analysis.services.refresh_statistics import refresh_statistics
from annotation.models import Membership, Stimulus, Study
from jobs.models import Job
from modelserve.models import Network, TrainingRun
from modelserve.queries import promoted_network
from tests.analysis.painted_study import painted_study, train_now, work_off
from tests.conftest import make_user

pytestmark = pytest.mark.django_db

SignIn = Callable[[User], Client]
FORM = {"task": "image_emotion", "epochs": "3", "seed": "5", "pretrained": ""}


@pytest.fixture
def painted(mika: User) -> Study:
    return painted_study(mika)


@pytest.fixture
def researcher(painted: Study) -> User:
    user = make_user("rosalind")
    Membership.objects.create(study=painted, user=user, role=Membership.RESEARCHER)
    return user


def page(client: Client, study: Study, place: str = "") -> str:
    response = client.get(f"/studies/{study.slug}/networks{place}")
    assert response.status_code == 200
    return response.content.decode()


def post(client: Client, study: Study, place: str, **data: Any) -> Any:
    return client.post(f"/studies/{study.slug}/networks/{place}", data)


# It works


def test_the_empty_page_says_what_is_needed(painted: Study, mika: User, sign_in: SignIn) -> None:
    text = page(sign_in(mika), painted)
    assert "No network has learned from this study's images yet" in text
    assert "Freeze and train" in text


def test_a_click_starts_the_training_with_what_was_chosen(painted: Study, mika: User, sign_in: SignIn) -> None:
    client = sign_in(mika)
    response = post(client, painted, "train", **FORM)
    assert response.status_code == 302
    job = Job.objects.get(kind="freeze_and_train")
    assert (job.created_by, job.study_key) == (mika, painted.slug)
    options = job.arguments["options"]
    assert (options["epochs"], options["seed"], options["encoder"]) == (3, 5, "small_conv")
    assert "Freezing the responses" in page(client, painted)


def test_a_pretrained_encoder_is_named_in_one_field(painted: Study, mika: User, sign_in: SignIn) -> None:
    post(sign_in(mika), painted, "train", **{**FORM, "pretrained": " some/vision-model ", "freeze_encoder": "on"})
    options = Job.objects.get().arguments["options"]
    assert (options["encoder"], options["freeze_encoder"]) == ("transformers:some/vision-model", True)


def test_the_version_is_told_with_numbers_intervals_and_what_they_stand_on(
    painted: Study, mika: User, sign_in: SignIn
) -> None:
    network = train_now(painted)
    client = sign_in(mika)
    text = page(client, painted)
    assert f'title="{network.snapshot_id}">{network.snapshot_id[:12]}<' in text
    assert "It is the first one." in text
    accuracy = network.metrics["majority_accuracy"]
    assert f"{100 * accuracy['value']:.1f}" in text
    assert f"n = {accuracy['n']}" in text
    assert "simulated" not in text
    run_text = page(client, painted, f"/runs/{network.training_run_id}")
    assert f'title="{network.snapshot_id}"' in run_text
    assert "Kullback–Leibler divergence" in run_text
    assert f"{100 * accuracy['low']:.1f} to {100 * accuracy['high']:.1f}" in run_text
    assert network.code_version[:20] in run_text
    assert "Loss by epoch" in run_text
    assert "<svg" in run_text
    assert "Found again, by emotion" in run_text
    assert 'class="cell t' in run_text


def test_the_curve_is_a_csv_too(painted: Study, mika: User, sign_in: SignIn) -> None:
    network = train_now(painted)
    response = sign_in(mika).get(f"/studies/{painted.slug}/networks/runs/{network.training_run_id}/curve.csv")
    lines = response.content.decode().splitlines()
    assert lines[0] == "epoch,train_loss,validation_loss,learning_rate"
    assert [line.split(",")[0] for line in lines[1:]] == ["1", "2"]


def test_what_was_learned_from_simulated_responses_is_marked(mika: User, sign_in: SignIn) -> None:
    study = painted_study(mika, is_simulated=True)
    network = train_now(study)
    client = sign_in(mika)
    for text in (page(client, study), page(client, study, f"/runs/{network.training_run_id}")):
        assert "Learned from 90 simulated responses, none of them a person&#x27;s" in text
        assert 'class="badge simulated"' in text


def test_a_worse_version_is_not_promoted_and_the_page_says_by_which_numbers(
    painted: Study, mika: User, sign_in: SignIn
) -> None:
    train_now(painted, epochs=8)
    worse = train_now(painted, epochs=1, learning_rate=1e-7)
    text = page(sign_in(mika), painted, f"/runs/{worse.training_run_id}")
    assert "Version 1 stays served: version 2 is not better" in text
    assert "Beside version 1" in text
    assert f"{worse.comparison['served']['kl_divergence']['value']:.3f}" in text
    assert f"Both on the same {worse.comparison['n_stimuli']} test stimuli" in text


def test_promote_and_take_back(painted: Study, mika: User, sign_in: SignIn) -> None:
    first, second = train_now(painted, epochs=8), train_now(painted, epochs=1, learning_rate=1e-7)
    client = sign_in(mika)
    assert post(client, painted, f"{second.pk}/promote").status_code == 302
    assert promoted_network(painted.slug, "image_emotion") == second
    assert "A person chose it." in page(client, painted)
    assert post(client, painted, f"{second.pk}/roll-back").status_code == 302
    assert promoted_network(painted.slug, "image_emotion") == first


def test_a_version_that_is_not_served_can_be_deleted_with_its_files(
    painted: Study, mika: User, sign_in: SignIn
) -> None:
    first, second = train_now(painted), train_now(painted, seed=5, epochs=1)
    client = sign_in(mika)
    served, other = (first, second) if Network.objects.get(pk=first.pk).is_promoted else (second, first)
    assert post(client, painted, f"{served.pk}/delete").status_code == 302
    assert "is served. Promote another one" in page(client, painted)
    assert Network.objects.filter(pk=served.pk).exists()
    assert default_storage.exists(f"{other.weights_location}/network.safetensors")
    with TestCase.captureOnCommitCallbacks(execute=True):
        assert post(client, painted, f"{other.pk}/delete").status_code == 302
    assert not Network.objects.filter(pk=other.pk).exists()
    assert not default_storage.exists(f"{other.weights_location}/network.safetensors")
    assert default_storage.exists(f"{served.weights_location}/network.safetensors")
    assert TrainingRun.objects.filter(pk=other.training_run_id).exists()
    assert train_now(painted, seed=6, epochs=1).version == 3, "a number is never given twice"


def test_a_version_has_a_card_that_says_what_it_learned_from(painted: Study, mika: User, sign_in: SignIn) -> None:
    network = train_now(painted)
    answer = sign_in(mika).get(f"/studies/{painted.slug}/networks/{network.pk}/card.md")
    assert answer["Content-Type"].startswith("text/markdown")
    card = answer.content.decode()
    assert card.startswith("# Image to emotions, version 1\n")
    assert network.snapshot_id in card
    assert "Learned from 90 responses." in card
    assert re.search(r"\| Kullback[^|]* \| [\d.]+ nats \|", card)
    assert "- `epochs` = " in card


def test_a_run_says_what_changed_since_the_one_before(painted: Study, mika: User, sign_in: SignIn) -> None:
    first, second = train_now(painted), train_now(painted, seed=5, epochs=1)
    client = sign_in(mika)
    assert "The very same data as in run" in page(client, painted, f"/runs/{second.training_run_id}")
    assert "Changed" not in page(client, painted, f"/runs/{first.training_run_id}")


def test_a_second_press_of_take_it_back_does_not_go_back_twice(painted: Study, mika: User, sign_in: SignIn) -> None:
    first = train_now(painted, epochs=1, learning_rate=1e-7)
    second = train_now(painted, epochs=8)
    third = train_now(painted, epochs=1, learning_rate=1e-6)
    client = sign_in(mika)
    post(client, painted, f"{third.pk}/promote")
    for _ in range(2):
        post(client, painted, f"{third.pk}/roll-back")
    assert promoted_network(painted.slug, "image_emotion") == second
    assert "This network is not the one that is served" in page(client, painted)
    post(client, painted, f"{second.pk}/roll-back")
    assert promoted_network(painted.slug, "image_emotion") == first
    text = client.post(f"/studies/{painted.slug}/networks/{first.pk}/roll-back", follow=True).content.decode()
    assert "No other network was served before this one" in text


def test_the_network_stands_beside_people_on_the_page_of_the_image(painted: Study, mika: User, sign_in: SignIn) -> None:
    network = train_now(painted, epochs=8)
    work_off("predict_study")
    refresh_statistics(wait=True)
    stimulus = Stimulus.objects.filter(study=painted).order_by("rank")[0]
    response = sign_in(mika).get(f"/studies/{painted.slug}/stimuli/{stimulus.key}")
    text = response.content.decode()
    assert "Image to emotions: version 1" in text
    assert "nats from what people answered" in text
    [entry] = response.context["networks"]
    prediction = network.predictions.get(stimulus_key=stimulus.key)
    assert entry["figure"].raw_rows[2][:2] == ["contentment", prediction.distribution["contentment"]]
    assert entry["divergence"] > 0
    table = sign_in(mika).get(f"/studies/{painted.slug}/stimuli/{stimulus.key}/networks/{network.pk}.csv")
    assert table.content.decode().splitlines()[0] == "label,network_share,people_share"


def test_the_live_part_holds_no_token_and_changes_only_with_the_data(
    painted: Study, mika: User, sign_in: SignIn
) -> None:
    train_now(painted)
    client = sign_in(mika)
    first, second = page(client, painted, "/live"), page(client, painted, "/live")
    assert first == second
    assert "csrfmiddlewaretoken" not in first


def test_cancel_ends_a_waiting_training(painted: Study, mika: User, sign_in: SignIn) -> None:
    client = sign_in(mika)
    post(client, painted, "train", **FORM)
    job = Job.objects.get()
    assert post(client, painted, f"jobs/{job.pk}/cancel").status_code == 302
    job.refresh_from_db()
    assert job.state == Job.CANCELLED


def test_a_rule_for_training_again_is_set_and_ended(painted: Study, mika: User, sign_in: SignIn) -> None:
    client = sign_in(mika)
    post(client, painted, "text_emotion/retraining", **{"text_emotion-rule": "responses", "text_emotion-number": "50"})
    policy = RetrainPolicy.objects.get()
    assert (policy.study_id, policy.task, policy.set_by) == (painted.pk, "text_emotion", mika)
    assert "after every 50 new responses" in page(client, painted)
    post(client, painted, "text_emotion/retraining", **{"text_emotion-rule": "", "text_emotion-number": ""})
    assert not RetrainPolicy.objects.exists()


# Who else may


def test_a_researcher_looks_and_finds_no_button(painted: Study, researcher: User, sign_in: SignIn) -> None:
    network = train_now(painted)
    client = sign_in(researcher)
    text = page(client, painted) + page(client, painted, f"/runs/{network.training_run_id}")
    assert "Freeze and train" not in text
    assert "roll-back" not in text
    assert "/promote" not in text


def test_an_admin_may(painted: Study, ada: User, sign_in: SignIn) -> None:
    assert post(sign_in(ada), painted, "train", **FORM).status_code == 302


# Who may not


ACTS = ["train", "1/promote", "1/roll-back", "jobs/1/cancel", "image_emotion/retraining"]
PLACES = ["", "/live", "/runs/1", "/runs/1/live", "/runs/1/curve.csv"]


@pytest.mark.parametrize("act", ACTS)
def test_acting_needs_the_right(painted: Study, researcher: User, stan: User, sign_in: SignIn, act: str) -> None:
    assert post(sign_in(researcher), painted, act).status_code == 403
    assert post(sign_in(stan), painted, act).status_code == 404
    assert post(Client(), painted, act).status_code == 302
    assert not Job.objects.exists()


@pytest.mark.parametrize("place", PLACES)
def test_looking_needs_the_right(painted: Study, stan: User, sign_in: SignIn, place: str) -> None:
    annotator = make_user("annika")
    Membership.objects.create(study=painted, user=annotator, role=Membership.ANNOTATOR)
    address = f"/studies/{painted.slug}/networks{place}"
    assert sign_in(annotator).get(address).status_code == 403
    assert sign_in(stan).get(address).status_code == 404
    assert Client().get(address).status_code == 302


def test_a_network_of_another_study_cannot_be_promoted_or_seen(painted: Study, mika: User, sign_in: SignIn) -> None:
    other = painted_study(make_user("oskar"), n_stimuli=20)
    network = train_now(other, "text_emotion")
    client = sign_in(mika)
    assert post(client, painted, f"{network.pk}/promote").status_code == 404
    assert post(client, painted, f"{network.pk}/roll-back").status_code == 404
    assert client.get(f"/studies/{painted.slug}/networks/runs/{network.training_run_id}").status_code == 404
    freezing = Job.objects.get(kind="freeze_and_train", study_key=other.slug)
    assert post(client, painted, f"jobs/{freezing.pk}/cancel").status_code == 404


# Bad input


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"epochs": "0"}, "greater than or equal to 1"),
        ({"epochs": "many"}, "Enter a whole number."),
        ({"seed": "-1"}, "greater than or equal to 0"),
        ({"task": "speech"}, "Select a valid choice."),
        ({"task": ""}, "This field is required."),
        ({"pretrained": "x" * 301}, "at most 300 characters"),
    ],
)
def test_a_wrong_choice_is_told_beside_its_field(
    painted: Study, mika: User, sign_in: SignIn, change: dict[str, str], sentence: str
) -> None:
    response = post(sign_in(mika), painted, "train", **{**FORM, **change})
    assert response.status_code == 400
    assert sentence in response.content.decode()
    assert not Job.objects.exists()


def test_a_study_without_responses_is_told_so(study: Study, mika: User, sign_in: SignIn) -> None:
    response = post(sign_in(mika), study, "train", **FORM)
    assert response.status_code == 400
    assert "This study has no responses yet" in response.content.decode()


def test_why_nothing_was_learned_stands_in_the_list(mika: User, sign_in: SignIn) -> None:
    study = painted_study(mika, n_stimuli=20, emotions=["awe"])
    client = sign_in(mika)
    post(client, study, "train", **FORM)
    work_off("freeze_and_train", "train")
    assert "needs at least two emotions to tell apart" in page(client, study)
    run = TrainingRun.objects.get()
    assert "The training ended before its first epoch" in page(client, study, f"/runs/{run.pk}")


@pytest.mark.parametrize("number", ["", "0", "-1", "1000001", "many"])
def test_a_wrong_number_for_the_rule_is_told(painted: Study, mika: User, sign_in: SignIn, number: str) -> None:
    data = {"image_emotion-rule": "responses", "image_emotion-number": number}
    response = post(sign_in(mika), painted, "image_emotion/retraining", **data)
    assert response.status_code == 400
    assert 'class="error-message"' in response.content.decode()
    assert not RetrainPolicy.objects.exists()


def test_an_unknown_task_has_no_rule(painted: Study, mika: User, sign_in: SignIn) -> None:
    assert post(sign_in(mika), painted, "speech/retraining").status_code == 404


# Missing things, wrong methods, twice


def test_missing_things_are_404(painted: Study, mika: User, sign_in: SignIn) -> None:
    client = sign_in(mika)
    for act in ("9/promote", "9/roll-back", "jobs/9/cancel"):
        assert post(client, painted, act).status_code == 404
    assert client.get(f"/studies/{painted.slug}/networks/runs/9").status_code == 404
    assert client.get(f"/studies/{painted.slug}/stimuli/{'0' * 64}/networks/1.csv").status_code == 404


@pytest.mark.parametrize("act", ACTS)
def test_acts_are_posted(painted: Study, mika: User, sign_in: SignIn, act: str) -> None:
    assert sign_in(mika).get(f"/studies/{painted.slug}/networks/{act}").status_code == 405


def test_pressed_twice_it_is_one_training(painted: Study, mika: User, sign_in: SignIn) -> None:
    client = sign_in(mika)
    for _ in range(2):
        post(client, painted, "train", **FORM)
    assert Job.objects.count() == 1


def test_promoting_twice_changes_nothing_more(painted: Study, mika: User, sign_in: SignIn) -> None:
    train_now(painted, "text_emotion", epochs=1)
    second = train_now(painted, "text_emotion", epochs=1, learning_rate=1e-7)
    client = sign_in(mika)
    for _ in range(2):
        assert post(client, painted, f"{second.pk}/promote").status_code == 302
    assert second.promotions.count() == 1
    assert Network.objects.filter(promoted_at__isnull=False, retired_at__isnull=True).get() == second
