"""The EmoSEM-shaped network: shapes, what it learns from whom, what it writes, and masks as they are stored."""

import json
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
from modelserve.recipes.emosem import asked_for, prompts_of, words_of
from modelserve.regions import mask_table, packed, unpacked
from modelserve.training import Watcher, seeded
from modelserve.world import World, WorldOptions
from modelserve.world.freeze import freeze_world
from snapshots.reader import Snapshot
from snapshots.split import split_of
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


def half_of_the_picture(key: str, emotion: str) -> str:
    """Contentment lies on the left, everything else on the right."""
    left, right = (0.0, 0.5) if emotion == "contentment" else (0.5, 1.0)
    return json.dumps([[[left, 0], [right, 0], [right, 1], [left, 1]]])


def test_it_learns_from_what_people_drew(tmp_path: Path) -> None:
    snapshot = TinyWorld(n_stimuli=60, n_responses=3, regions=half_of_the_picture).freeze(tmp_path)
    options = parse_options("emosem", QUICK | {"epochs": 12, "writes": False, "batch_size": 8})
    learned = learn(snapshot, "emosem", options, work_folder=tmp_path / "run")
    assert learned.metrics["mask_iou"]["value"] > 0.6  # all of the picture, whatever is asked for, would be half
    assert learned.metrics["mask_iou"]["n"] == learned.metrics["n_rows"]  # nobody marked nothing


def test_regions_only_where_nothing_is_validated_are_refused(tmp_path: Path) -> None:
    def drawn(key: str, emotion: str) -> str:
        return half_of_the_picture(key, emotion) if split_of(key) == "train" else ""

    snapshot = TinyWorld(n_stimuli=60, n_responses=2, regions=drawn).freeze(tmp_path)
    with pytest.raises(NothingToLearn, match=r"Nobody drew a region on the \d+ stimuli that tell when"):
        learn(snapshot, "emosem", parse_options("emosem", QUICK), work_folder=tmp_path / "run")
    nobody = TinyWorld(n_stimuli=60, n_responses=2, regions=lambda key, emotion: "").freeze(tmp_path)
    with pytest.raises(NothingToLearn, match="Nobody drew a region on the training stimuli"):
        learn(nobody, "emosem", parse_options("emosem", QUICK), work_folder=tmp_path / "other")


def test_a_region_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    for broken in ("[[[0, 0], [1, 1]]]", "[[[0, 0], [1, null], [1, 1]]]", "no JSON", '{"left": 1}'):
        snapshot = TinyWorld(n_stimuli=40, regions=lambda key, emotion, text=broken: text).freeze(tmp_path)  # type: ignore[misc]
        with pytest.raises(NothingToLearn, match=r"Response [0-9a-f-]{36}: its regions cannot be read"):
            learn(snapshot, "emosem", parse_options("emosem", QUICK), work_folder=tmp_path / "run")


def test_masks_that_were_kept_by_half_are_drawn_anew(world: Snapshot, tmp_path: Path) -> None:
    keys = world.stimuli()["stimulus_key"].to_pylist()[:6]
    labels = [label["id"] for label in world.label_set("emotion")]
    first = mask_table(world, keys, labels, 32, tmp_path)
    (kept,) = tmp_path.iterdir()
    whole = kept.read_bytes()
    for half in (b"", whole[:100], whole[: len(whole) // 2], whole[:-30]):
        kept.write_bytes(half)
        assert (mask_table(world, keys, labels, 32, tmp_path) == first).all()
        assert (mask_table(world, keys, labels, 32, tmp_path) == first).all()
        assert [path.name for path in tmp_path.iterdir()] == [kept.name]
    before = kept.stat().st_mtime_ns
    assert (mask_table(world, keys[2:4], labels, 32, tmp_path) == first[2:4]).all()
    assert kept.stat().st_mtime_ns == before  # nothing new, nothing written


def test_no_text_is_empty() -> None:
    writer = network().writer
    with torch.no_grad():  # <eos> is likeliest, whatever was said
        writer.norm.bias[0] = 10.0
        writer.embedding.weight[:, 0] = 0.0
        writer.embedding.weight[2, 0] = 10.0
    words = writer.write(torch.randn(4, 5, 32), 6)
    assert not (words[:, 0] == 2).any()
    assert (words[:, 1] == 2).any()


def test_an_emotion_that_it_does_not_know_is_named(world: Snapshot, tmp_path: Path) -> None:
    options = parse_options("emosem", QUICK | {"epochs": 1})
    saved = learn(world, "emosem", options, work_folder=tmp_path / "run").saved
    assert emotion_place(saved, "awe") == 1
    with pytest.raises(PredictionImpossible, match="emotion: 'envy' is none of this network's: amusement, awe"):
        emotion_place(saved, "envy")


def test_every_label_is_asked_for_in_words_of_its_own() -> None:
    names = [("joy", "\U0001f600"), ("\U0001f622", "\U0001f622"), ("a", "Happy!"), ("b", "happy"), ("c", "")]
    label_set = [{"id": label, "name": name} for label, name in names]
    assert asked_for(label_set) == [["joy"], ["emotion1"], ["happy"], ["happy", "emotion3"], ["c"]]
    prompts = prompts_of(label_set, words_of([], label_set, 1)).tolist()
    assert len({tuple(prompt) for prompt in prompts}) == 5
    assert all(3 not in prompt for prompt in prompts)  # no word is unknown


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
