"""Features of an encoder that does not learn are computed once, are the network's own, and are found again."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from modelserve.data import image_rows
from modelserve.errors import BadTrainingOption
from modelserve.features import encoder_hash, feature_table
from modelserve.networks.encoders import Preprocessing, SmallConv
from modelserve.networks.image_emotion import ImageEmotion
from modelserve.networks.low_rank import LowRank, add_low_rank
from modelserve.networks.pixels import Pixels
from modelserve.networks.saved import SavedNetwork, load_network, save_network
from modelserve.networks.small_vit import SmallVit
from modelserve.options import ImageEmotionOptions, parse_options
from modelserve.recipes import learn
from modelserve.recipes.pair_inputs import place_table
from modelserve.temperature import fitted_temperature
from modelserve.training import seeded
from tests.modelserve.tiny_world import TinyWorld

CPU = torch.device("cpu")
QUICK: dict[str, Any] = {"side": 32, "epochs": 4, "learning_rate": 5e-3, "device": "cpu", "threads": 1}


def frozen_network(seed: int = 1) -> ImageEmotion:
    with seeded(seed, CPU):
        return ImageEmotion.create(3, ImageEmotionOptions(side=32, freeze_encoder=True))


def test_kept_features_are_the_networks_own_and_nothing_is_read_twice(tmp_path: Path) -> None:
    snapshot = TinyWorld(n_stimuli=60).freeze(tmp_path / "snapshot")
    items = image_rows(snapshot).train.items
    network, read = frozen_network(), []

    def reading(sha256: str) -> bytes:
        read.append(sha256)
        return snapshot.image_bytes(sha256)

    first = feature_table(network, items[:20], reading, tmp_path / "cache", CPU)
    assert first.shape == (20, 2, network.encoder.n_features)
    assert read == items[:20]
    again = feature_table(network, items[:20], reading, tmp_path / "cache", CPU)
    grown = feature_table(network, items[5:25], reading, tmp_path / "cache", CPU)
    assert read == items[:25]  # only the five that no table held
    assert torch.equal(again, first)
    assert torch.equal(grown[:15], first[5:])
    other = feature_table(frozen_network(2), items[:20], reading, tmp_path / "cache", CPU)
    assert not torch.equal(other, first)
    assert encoder_hash(network) != encoder_hash(frozen_network(2))


def test_places_of_another_preprocessing_are_not_taken_for_ones_own(tmp_path: Path) -> None:
    images = torch.randint(0, 255, (3, 32, 32, 3), dtype=torch.uint8, generator=torch.Generator().manual_seed(1))
    tables = []
    for spread in (0.25, 0.5, 0.25):
        torch.manual_seed(1)
        encoder = SmallConv(side=32)
        encoder.preprocessing = Preprocessing(32, (0.5, 0.5, 0.5), (spread, spread, spread))
        pixels = Pixels(encoder, learns=False).eval()
        tables.append(place_table(pixels, images, tmp_path, CPU))
        with torch.inference_mode():
            torch.testing.assert_close(tables[-1].float(), pixels.places(images), atol=1e-2, rtol=1e-2)
    assert not torch.equal(tables[0], tables[1])
    assert torch.equal(tables[0], tables[2])
    assert len(list(tmp_path.glob("places-*.npy"))) == 2


def test_from_features_it_answers_as_from_pixels(tmp_path: Path) -> None:
    snapshot = TinyWorld(n_stimuli=20).freeze(tmp_path / "snapshot")
    items = image_rows(snapshot).train.items[:4]
    network = frozen_network().eval()
    kept = feature_table(network, items, snapshot.image_bytes, tmp_path / "cache", CPU)
    from modelserve.pictures import pixel_table

    pixels = torch.from_numpy(np.array(pixel_table(items, 32, snapshot.image_bytes, tmp_path / "cache")))
    with torch.inference_mode():
        assert torch.allclose(network(kept), network(pixels), atol=1e-5)
        assert torch.allclose(network(kept.flip(1)), network(pixels.flip(2)), atol=1e-5)


def test_a_frozen_encoder_learns_from_features_and_is_measured_on_pixels(tmp_path: Path) -> None:
    snapshot = TinyWorld(n_stimuli=120).freeze(tmp_path / "snapshot")
    options = parse_options("image_emotion", QUICK | {"freeze_encoder": True, "epochs": 20})
    learned = learn(snapshot, "image_emotion", options, work_folder=tmp_path / "run", cache=tmp_path / "cache")
    assert len(list((tmp_path / "cache").glob("features-*.npy"))) == 2
    assert learned.metrics["kl_divergence"]["value"] < learned.metrics["baseline"]["kl_divergence"]["value"]


def test_a_small_vit_learns_and_is_saved(tmp_path: Path) -> None:
    snapshot = TinyWorld(n_stimuli=120).freeze(tmp_path / "snapshot")
    options = parse_options("image_emotion", QUICK | {"encoder": "small_vit", "learning_rate": 1e-3, "epochs": 6})
    learned = learn(snapshot, "image_emotion", options, work_folder=tmp_path / "run")
    assert learned.metrics["kl_divergence"]["value"] < learned.metrics["baseline"]["kl_divergence"]["value"]
    save_network(tmp_path / "net", learned.saved)
    images = torch.randint(0, 255, (2, 32, 32, 3), dtype=torch.uint8)
    with torch.inference_mode():
        assert torch.equal(load_network(tmp_path / "net").network(images), learned.saved.network.eval()(images))
    with pytest.raises(BadTrainingOption, match="small_vit needs a multiple of 8"):
        parse_options("image_emotion", {"encoder": "small_vit", "side": 50})


def test_low_rank_additions_change_nothing_at_first_and_alone_learn() -> None:
    vit = SmallVit(side=32, width=32, n_blocks=1, n_heads=2).eval()
    pixels = torch.randn(2, 3, 32, 32)
    before = vit(pixels)
    frozen = {name: weight.clone() for name, weight in vit.state_dict().items()}
    n_added = add_low_rank(vit, 4)
    assert n_added == 3  # the MLP's two, and what attention says; its questions are in one piece of torch's own
    assert torch.allclose(vit(pixels), before, atol=1e-6)
    learning = [weight for weight in vit.parameters() if weight.requires_grad]
    assert sum(weight.numel() for weight in learning) == 4 * (2 * (32 + 128) + (32 + 32))
    vit(pixels).square().sum().backward()
    torch.optim.SGD(learning, lr=0.1).step()
    changed = vit(pixels)
    assert not torch.allclose(changed, before)
    with torch.inference_mode():  # torch's fused path reads the weights itself
        assert torch.allclose(vit(pixels), changed, atol=1e-5)
    kept = {name.replace(".parametrizations.weight.original", ".weight"): w for name, w in vit.state_dict().items()}
    assert all(torch.equal(kept[name], weight) for name, weight in frozen.items())
    assert sum(isinstance(module, LowRank) for module in vit.modules()) == 3


def test_a_pretrained_encoder_learns_by_additions_and_is_rebuilt(tmp_path: Path) -> None:
    options = ImageEmotionOptions(encoder="small_vit", side=32, lora_rank=4)
    with seeded(1, CPU):
        network = ImageEmotion.create(3, options)
    save_network(tmp_path, SavedNetwork("image_emotion", network, [{"id": str(n)} for n in range(3)], []))
    images = torch.randint(0, 255, (2, 32, 32, 3), dtype=torch.uint8)
    again = load_network(tmp_path).network
    with torch.inference_mode():
        assert torch.equal(again(images), network.eval()(images))
    assert {factor for factor, _ in network.parameter_groups()} == {1.0}


def test_low_rank_needs_linear_layers() -> None:
    with pytest.raises(BadTrainingOption, match="no linear layer"):
        add_low_rank(torch.nn.Conv2d(3, 3, 1), 4)
    with pytest.raises(BadTrainingOption, match="lora_rank: low-rank additions stand beside"):
        parse_options("image_emotion", {"lora_rank": 4})


def test_class_balance_finds_rare_emotions_more_often(tmp_path: Path) -> None:
    with seeded(1, CPU):
        plain = ImageEmotion.create(3, ImageEmotionOptions(side=32, dropout=0.0, mirror=False))
        balanced = ImageEmotion.create(3, ImageEmotionOptions(side=32, dropout=0.0, mirror=False, class_balance=1.0))
    balanced.load_state_dict(plain.state_dict())
    shares = torch.tensor([0.8, 0.15, 0.05])
    for network in (plain, balanced):
        network.start_from(shares)
        network.train()
    assert float((balanced.label_weights * shares).sum()) == pytest.approx(1)
    assert balanced.label_weights[2] > balanced.label_weights[0]
    images = torch.randint(0, 255, (4, 32, 32, 3), dtype=torch.uint8)
    rare = torch.tensor([[0.0, 0.0, 1.0]]).expand(4, 3)
    assert float(balanced.loss(images, rare).detach()) > 2 * float(plain.loss(images, rare).detach())
    for network in (plain, balanced):
        network.eval()
    # held-out stimuli are judged alike
    balanced.load_state_dict(plain.state_dict())
    assert float(balanced.loss(images, rare).detach()) == pytest.approx(float(plain.loss(images, rare).detach()))


def test_listeners_and_speakers_learn_by_additions_too(tmp_path: Path) -> None:
    snapshot = TinyWorld(n_stimuli=60).freeze(tmp_path / "snapshot")
    values = QUICK | {"encoder": "small_vit", "lora_rank": 2, "epochs": 2}
    for task, more in (("listener", {"width": 32}), ("speaker", {"hidden": 16, "embedding": 8, "attention": 8})):
        options = parse_options(task, values | more)
        with seeded(options.training.seed, CPU):
            fresh = SmallVit(side=32)
        saved = learn(snapshot, task, options, work_folder=tmp_path / task).saved
        eye = saved.network.pixels.encoder
        assert {factor for factor, _ in saved.network.parameter_groups()} == {1.0}
        learned = [name for name, weight in eye.named_parameters() if weight.requires_grad]
        assert learned
        assert all(name.endswith((".0.down", ".0.up")) for name in learned)
        assert all(bool(weight.any()) for name, weight in eye.named_parameters() if name.endswith(".up"))
        first = eye.state_dict()["patches.0.weight"]
        assert torch.equal(first, fresh.state_dict()["patches.0.weight"])  # what was there stays
        save_network(tmp_path / f"{task}-saved", saved)
        again = load_network(tmp_path / f"{task}-saved").network
        images = torch.randint(0, 255, (2, 32, 32, 3), dtype=torch.uint8)
        with torch.inference_mode():
            assert torch.equal(again.pixels.places(images), saved.network.eval().pixels.places(images))
    for task in ("listener", "speaker"):
        for wrong in ({"lora_rank": 2}, {"lora_rank": 2, "encoder": "small_vit", "freeze_encoder": True}):
            with pytest.raises(BadTrainingOption, match="lora_rank: low-rank additions stand beside"):
                parse_options(task, wrong)
    assert parse_options("listener", {"lora_rank": 2, "clip": "transformers:/models/clip"}).network.lora_rank == 2


def test_a_listeners_eye_that_does_not_learn_looks_once(tmp_path: Path) -> None:
    snapshot = TinyWorld(n_stimuli=60).freeze(tmp_path / "snapshot")
    options = parse_options("listener", QUICK | {"freeze_encoder": True, "width": 32})
    learned = learn(snapshot, "listener", options, work_folder=tmp_path / "run", cache=tmp_path / "cache")
    assert len(list((tmp_path / "cache").glob("features-*.npy"))) == 2  # one to learn from, one to validate
    network, pixels = learned.saved.network, torch.randint(0, 255, (2, 32, 32, 3), dtype=torch.uint8)
    with torch.inference_mode():
        features = network.pixels.features(pixels)
        assert torch.equal(network.embed_images(features), network.embed_images(pixels))
    assert learned.fitted.curve[-1].train_loss < learned.fitted.curve[0].train_loss


def test_how_sure_it_is_is_set_where_it_validates(tmp_path: Path) -> None:
    snapshot = TinyWorld(n_stimuli=120).freeze(tmp_path / "snapshot")
    found = {}
    for calibrate in (False, True):
        options = parse_options("image_emotion", QUICK | {"epochs": 3, "calibrate": calibrate})
        learned = learn(snapshot, "image_emotion", options, work_folder=tmp_path / f"run{calibrate}")
        save_network(tmp_path / f"net{calibrate}", learned.saved)
        found[calibrate] = learned
    network = load_network(tmp_path / "netTrue").network
    temperature = float(network.temperature)
    assert 0.05 < temperature != 1.0
    assert f"logits divided by {temperature:.3f}" in found[True].metrics["notes"][-1]
    assert found[False].metrics["majority_accuracy"] == found[True].metrics["majority_accuracy"]
    images = torch.randint(0, 255, (3, 32, 32, 3), dtype=torch.uint8)
    plain = load_network(tmp_path / "netFalse").network
    with torch.inference_mode():
        expected = torch.log_softmax(plain(images) / temperature, dim=1)
        torch.testing.assert_close(network(images), expected, atol=1e-5, rtol=1e-4)


def test_a_temperature_is_found_where_the_shares_are_nearest() -> None:
    random = np.random.default_rng(1)
    logits = random.normal(0, 1, (2000, 5))
    shares = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    assert fitted_temperature(3.0 * logits, shares) == pytest.approx(3.0, rel=1e-3)
    assert fitted_temperature(0.4 * logits, shares) == pytest.approx(0.4, rel=1e-3)
    answers = np.eye(5)[[random.choice(5, p=row) for row in shares]]
    assert fitted_temperature(3.0 * logits, answers) == pytest.approx(3.0, rel=0.15)
    assert fitted_temperature(np.zeros((4, 5)), answers[:4]) == 1.0
    assert fitted_temperature(np.zeros((0, 5)), np.zeros((0, 5))) == 1.0
