"""A network learns numbers beside the emotions, and heads per source; unknown numbers add nothing."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from modelserve.errors import BadTrainingOption, NothingToLearn
from modelserve.networks.image_emotion import ImageEmotion
from modelserve.networks.saved import load_network, save_network
from modelserve.options import ImageEmotionOptions, parse_options
from modelserve.predictor import ServedNetwork
from modelserve.recipes import learn, measure
from tests.modelserve.tiny_world import CALM, TinyWorld

QUICK: dict[str, Any] = {"side": 32, "epochs": 8, "learning_rate": 4e-3, "device": "cpu", "threads": 1}


def valence(number: int, emotion: str) -> dict[str, Any]:
    """Of two images in three, and one that is wrong in every tenth."""
    return {"valence_mean": 2.0 * CALM[emotion] + 0.01 * number} if number % 3 else {}


WORLD = TinyWorld(n_stimuli=150, emotions=["contentment", "anger"], facts=valence, is_rated=True)


def test_numbers_are_learned_beside_the_emotions_and_come_back_with_the_network(tmp_path: Path) -> None:
    snapshot = WORLD.freeze(tmp_path / "world")
    options = parse_options("image_emotion", QUICK | {"heads": "valence, calm"})
    learned = learn(snapshot, "image_emotion", options, work_folder=tmp_path / "run")
    heads = learned.metrics["heads"]
    assert list(heads) == ["valence", "calm"]
    for found in heads.values():
        assert found["pearson"]["low"] > 0.5
        assert found["mean_absolute_error"]["value"] < found["baseline"]["mean_absolute_error"]["value"]
    assert heads["valence"]["n_stimuli"] < heads["calm"]["n_stimuli"]
    assert heads["valence"]["ceiling"] == {}
    assert 0.5 < heads["calm"]["reliability"]["value"] < 1
    assert any("valence is known of" in note for note in learned.metrics["notes"])
    assert learned.metrics["kl_divergence"]["high"] < learned.metrics["baseline"]["kl_divergence"]["low"]

    save_network(tmp_path / "saved", learned.saved)
    again = load_network(tmp_path / "saved")
    images = [snapshot.image_bytes(sha256) for sha256 in snapshot.stimuli()["image_sha256"].to_pylist()[:3]]
    answers = ServedNetwork(again).look_at(images, ["tiny"] * 3)
    assert [list(ratings) for _, ratings in answers] == [["valence", "calm"]] * 3
    assert all(3.9 < ratings["valence"] < 9.6 for _, ratings in answers)  # within what it has learned from
    assert answers == ServedNetwork(learned.saved).look_at(images, ["tiny"] * 3)
    # compared on a snapshot without such numbers it is measured by its emotions
    bare = replace(WORLD, facts=lambda number, emotion: {}, is_rated=False).freeze(tmp_path / "bare")
    assert "heads" not in measure(again, bare, cache=tmp_path / "cache")


def test_what_is_unknown_adds_nothing_and_few_known_count_as_many() -> None:
    torch.manual_seed(0)
    network = ImageEmotion.create(3, ImageEmotionOptions(side=32, heads="valence,arousal", heads_weight=2)).eval()
    values = torch.tensor([[1.0, 5.0], [float("nan"), 7.0], [3.0, 6.0], [float("nan"), 6.0]])
    network.start_ratings(values)
    assert network.rating_mean.tolist() == [2, 6]
    assert network.rating_spread.tolist() == pytest.approx([1, 0.5**0.5])
    images = torch.randint(0, 256, (4, 32, 32, 3), dtype=torch.uint8)
    shares = torch.full((4, 3), 1 / 3)
    _, numbers = network._answer(images, None)
    units = ((values - network.rating_mean) / network.rating_spread).tolist()
    first = [(numbers[row, 0].item() - units[row][0]) ** 2 for row in (0, 2)]
    second = [(numbers[row, 1].item() - units[row][1]) ** 2 for row in range(4)]
    by_hand = 2 * (np.mean(first) + np.mean(second)) / 2
    loss = network.loss(images, (shares, values)) - network.loss(images, shares)
    assert loss.item() == pytest.approx(by_hand, abs=1e-5)
    nothing = torch.full((4, 2), float("nan"))
    assert network.loss(images, (shares, nothing)).item() == pytest.approx(network.loss(images, shares).item())
    network.train()
    network.loss(images, (shares, values)).backward()  # type: ignore[no-untyped-call]
    assert all(not weight.grad.isnan().any() for weight in network.parameters() if weight.grad is not None)


def test_a_source_has_its_own_outputs_and_others_get_the_shared_ones(tmp_path: Path) -> None:
    snapshot = replace(WORLD, sources=("here", "there"), n_stimuli=160).freeze(tmp_path / "world")
    options = parse_options("image_emotion", QUICK | {"source_heads": True, "heads": "calm", "epochs": 3})
    learned = learn(snapshot, "image_emotion", options, work_folder=tmp_path / "run")
    assert set(learned.metrics["sources"]) == {"here", "there"}
    assert all(found["own"]["value"] is not None for found in learned.metrics["sources"].values())
    network = learned.saved.network
    with torch.no_grad():
        network.by_source.bias.view(2, -1)[1, 0] = 5.0  # 'there' feels the first emotion
    served = ServedNetwork(learned.saved)
    image = snapshot.image_bytes(snapshot.stimuli()["image_sha256"][0].as_py())
    (here, _), (there, _), (elsewhere, _), (nowhere, _) = served.look_at([image] * 4, ["here", "there", "else", ""])
    assert there["contentment"] > 0.9
    assert there["contentment"] > here["contentment"]
    shared = pytest.approx(served.predict_images([image])[0], abs=1e-5)
    assert elsewhere == shared
    assert nowhere == shared
    save_network(tmp_path / "saved", learned.saved)
    assert load_network(tmp_path / "saved").network.sources == ("here", "there")


def test_one_source_needs_no_head_of_its_own(tmp_path: Path) -> None:
    options = parse_options("image_emotion", QUICK | {"source_heads": True, "epochs": 1})
    learned = learn(
        replace(WORLD, n_stimuli=40).freeze(tmp_path), "image_emotion", options, work_folder=tmp_path / "run"
    )
    assert "sources" not in learned.metrics
    assert any("do not come from several sources" in note for note in learned.metrics["notes"])


@pytest.mark.parametrize(
    ("facts", "sentence"),
    [
        (lambda number, emotion: {}, "'valence' is neither a step that gives numbers"),
        (lambda number, emotion: {"valence": 4}, r"must have different numbers, but all have 4 \('valence' in"),
        (lambda number, emotion: {"valence": 4} if number == 0 else {}, "must have different numbers, but [01] of"),
    ],
)
def test_numbers_that_teach_nothing_are_refused(facts: Any, sentence: str, tmp_path: Path) -> None:
    snapshot = TinyWorld(n_stimuli=30, facts=facts).freeze(tmp_path)
    with pytest.raises(NothingToLearn, match=sentence):
        learn(
            snapshot,
            "image_emotion",
            parse_options("image_emotion", {"heads": "valence"}),
            work_folder=tmp_path / "run",
        )


@pytest.mark.parametrize("heads", ["valence,,arousal", "valence,valence", ",", ",".join(map(str, range(51)))])
def test_names_of_heads_are_checked_before_anything_starts(heads: str) -> None:
    with pytest.raises(BadTrainingOption, match="give up to 50 different names"):
        parse_options("image_emotion", {"heads": heads})
