"""The EmoSEM-shaped network: shapes, what it learns from whom, what it writes, and masks as they are stored."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from modelserve.errors import BadTrainingOption, NothingToLearn, PredictionImpossible
from modelserve.evaluation.run_lengths import mask_of, run_lengths
from modelserve.masking import emotion_place, masks_and_words
from modelserve.networks.emosem import EmoSem
from modelserve.networks.saved import load_network, save_network
from modelserve.options import EmoSemOptions, parse_options
from modelserve.recipes import learn, measure
from modelserve.regions import packed, unpacked
from modelserve.training import Watcher, seeded
from modelserve.world import World, WorldOptions
from modelserve.world.freeze import freeze_world
from snapshots.reader import Snapshot
from tests.modelserve.tiny_world import TinyWorld

SMALL = EmoSemOptions(side=32, width=32, language_width=32, language_blocks=1, max_tokens=8, heads=2)
QUICK: dict[str, Any] = {
    "side": 32, "width": 32, "language_width": 32, "language_blocks": 1, "max_tokens": 12, "heads": 2,
    "epochs": 2, "batch_size": 16, "device": "cpu", "threads": 1,
}  # fmt: skip


def network() -> EmoSem:
    with seeded(3, torch.device("cpu")):
        prompts = torch.tensor([[1, 4, 5, 2], [1, 4, 6, 2], [1, 4, 0, 0]])
        return EmoSem(12, prompts, SMALL).eval()


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    return freeze_world(World(WorldOptions(side=32)), 60, 3, parent=tmp_path_factory.mktemp("world"))


def test_one_mask_and_one_sentence_per_image_and_emotion() -> None:
    images = torch.randint(0, 255, (3, 32, 32, 3), dtype=torch.uint8)
    shares, words = network().answer(images, torch.tensor([0, 1, 2]))
    assert shares.shape == (3, 32, 32)
    assert float(shares.min()) >= 0
    assert float(shares.max()) <= 1
    assert words.shape[0] == 3
    assert words.shape[1] <= 8
    assert not torch.isin(words, torch.tensor([1, 3])).any()  # neither <sos> nor <unk>


def test_the_emotion_changes_the_mask_and_the_company_does_not() -> None:
    net = network()
    images = torch.randint(0, 255, (2, 32, 32, 3), dtype=torch.uint8)
    both = net(images, torch.tensor([0, 1]))
    assert torch.allclose(both[1:], net(images[1:], torch.tensor([1])), atol=1e-5)
    assert not torch.allclose(both[1:], net(images[1:], torch.tensor([0])), atol=1e-4)


def test_writing_with_kept_keys_is_writing_without() -> None:
    writer = network().writer
    prefix = torch.randn(2, 5, 32)
    words = writer.write(prefix, 6)
    so_far = torch.ones(2, 1, dtype=torch.int64)
    for place in range(words.shape[1]):
        logits = writer.say(prefix, so_far)[:, -1]
        logits[:, [0, 1, 3]] = float("-inf")
        logits.scatter_(1, so_far[:, -1:], float("-inf"))
        alive = words[:, place] != 0
        assert torch.equal(logits.argmax(dim=1)[alive], words[alive, place])
        so_far = torch.cat([so_far, words[:, place : place + 1]], dim=1)


def test_masks_that_nobody_drew_teach_nothing() -> None:
    net = network().train()
    images = torch.randint(0, 255, (2, 32, 32, 3), dtype=torch.uint8)
    inputs = (images, torch.zeros(2, 1, 8, dtype=torch.int64), torch.full((2, 1), -1))
    assert float(net.loss(inputs, torch.zeros(2, 3, 129, dtype=torch.uint8)).detach()) == 0


def test_it_learns_from_the_world_is_saved_and_answers_the_same(world: Snapshot, tmp_path: Path) -> None:
    lines: list[str] = []
    learned = learn(
        world, "emosem", parse_options("emosem", QUICK), work_folder=tmp_path / "run", watcher=Watcher(log=lines.append)
    )
    assert any("masks of image and emotion to learn from" in line for line in lines)
    curve = learned.fitted.curve
    assert curve[-1].train_loss < curve[0].train_loss
    assert learned.metrics["mask_iou"]["n"] > 0
    assert 0 < learned.metrics["baseline"]["mask_iou"]["value"] < 1
    save_network(tmp_path / "net", learned.saved)
    again = load_network(tmp_path / "net")
    pixels = [np.random.default_rng(1).integers(0, 255, (32, 32, 3), dtype=np.uint8)]
    first, second = masks_and_words(learned.saved, pixels, [2]), masks_and_words(again, pixels, [2])
    assert first == second
    assert first[0]["written_by"] == "network"
    assert mask_of(first[0]["mask"]).mean() == pytest.approx(first[0]["share"])
    assert measure(again, world, cache=tmp_path / "cache")["mask_iou"] == learned.metrics["mask_iou"]


def test_without_regions_it_says_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(NothingToLearn, match="no step of kind 'region'"):
        learn(TinyWorld().freeze(tmp_path), "emosem", parse_options("emosem", QUICK), work_folder=tmp_path / "run")


def test_an_emotion_that_it_does_not_know_is_named(world: Snapshot, tmp_path: Path) -> None:
    options = parse_options("emosem", QUICK | {"epochs": 1})
    saved = learn(world, "emosem", options, work_folder=tmp_path / "run").saved
    assert emotion_place(saved, "awe") == 1
    with pytest.raises(PredictionImpossible, match="emotion: 'envy' is none of this network's: amusement, awe"):
        emotion_place(saved, "envy")


def test_widths_must_fit() -> None:
    with pytest.raises(BadTrainingOption, match="side: got 60; a multiple of 8"):
        parse_options("emosem", {"side": 60})
    with pytest.raises(BadTrainingOption, match="language_width: got 50"):
        parse_options("emosem", {"language_width": 50})


def test_bits_and_run_lengths_give_the_mask_back() -> None:
    random = np.random.default_rng(0)
    for mask in (random.random((16, 16)) < 0.4, np.zeros((8, 8), bool), np.ones((8, 8), bool)):
        assert (mask_of(run_lengths(mask)) == mask).all()
        known, masks = unpacked(packed(mask)[None, None], len(mask))
        assert known.all()
        assert (masks[0, 0] == mask).all()
    # COCO's own order: down the columns, zeros first
    assert run_lengths(np.array([[True, False], [True, False]])) == {"size": [2, 2], "counts": [0, 2, 2]}
