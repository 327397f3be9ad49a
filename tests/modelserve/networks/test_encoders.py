"""Encoders by name: ours from scratch, and any vision model of transformers, offline."""

import json
from pathlib import Path

import pytest
import torch
from transformers import CLIPConfig, CLIPModel, ResNetConfig, ResNetModel, ViTConfig, ViTModel

from modelserve.errors import EncoderUnreachable
from modelserve.networks.encoders import make_encoder, rebuild_encoder
from modelserve.networks.image_emotion import ImageEmotion
from modelserve.networks.saved import SavedNetwork, load_network, save_network
from modelserve.options import ImageEmotionOptions, parse_options
from modelserve.recipes import learn
from tests.modelserve.tiny_world import LABEL_SET, TinyWorld

MEAN, STD = [0.4, 0.5, 0.6], [0.2, 0.3, 0.4]


@pytest.fixture
def vit_folder(tmp_path: Path) -> Path:
    torch.manual_seed(0)
    config = ViTConfig(
        hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=32, image_size=32, patch_size=8
    )
    ViTModel(config).save_pretrained(tmp_path / "vit")
    preprocessor = {"size": {"height": 32, "width": 32}, "image_mean": MEAN, "image_std": STD}
    (tmp_path / "vit" / "preprocessor_config.json").write_text(json.dumps(preprocessor))
    return tmp_path / "vit"


def test_a_local_folder_says_its_own_size_and_normalisation(vit_folder: Path) -> None:
    encoder = make_encoder(f"transformers:{vit_folder}")
    assert (encoder.preprocessing.side, encoder.preprocessing.mean) == (32, (0.4, 0.5, 0.6))
    assert encoder(torch.zeros(2, 3, 32, 32)).shape == (2, 16)


def test_a_pretrained_network_learns_frozen_and_is_rebuilt_without_its_folder(vit_folder: Path, tmp_path: Path) -> None:
    snapshot = TinyWorld(n_stimuli=40).freeze(tmp_path / "snapshots")
    values = {"encoder": f"transformers:{vit_folder}", "freeze_encoder": True, "epochs": 2, "device": "cpu"}
    options = parse_options("image_emotion", values)
    before = make_encoder(f"transformers:{vit_folder}").state_dict()
    learned = learn(snapshot, "image_emotion", options, work_folder=tmp_path / "work")
    assert isinstance(learned.saved.network, ImageEmotion)
    after = learned.saved.network.encoder.state_dict()
    assert all(torch.equal(before[name], after[name]) for name in before)
    save_network(tmp_path / "saved", learned.saved)
    vit_folder.rename(tmp_path / "gone")
    images = torch.randint(0, 256, (3, 32, 32, 3), dtype=torch.uint8)
    again = load_network(tmp_path / "saved")
    assert torch.equal(again.network(images), learned.saved.network(images))


def test_a_fine_tuned_encoder_changes_its_weights(vit_folder: Path, tmp_path: Path) -> None:
    snapshot = TinyWorld(n_stimuli=40).freeze(tmp_path / "snapshots")
    values = {"encoder": f"transformers:{vit_folder}", "epochs": 1, "device": "cpu"}
    learned = learn(snapshot, "image_emotion", parse_options("image_emotion", values), work_folder=tmp_path / "work")
    before = make_encoder(f"transformers:{vit_folder}").state_dict()
    assert isinstance(learned.saved.network, ImageEmotion)
    after = learned.saved.network.encoder.state_dict()
    assert any(not torch.equal(before[name], after[name]) for name in before)


def test_a_convolutional_model_and_the_eye_of_clip_work_too(tmp_path: Path) -> None:
    torch.manual_seed(0)
    resnet = ResNetConfig(embedding_size=8, hidden_sizes=[8, 16], depths=[1, 1], layer_type="basic")
    ResNetModel(resnet).save_pretrained(tmp_path / "resnet")
    tiny = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 32}
    clip = CLIPConfig(
        text_config={**tiny, "vocab_size": 20, "max_position_embeddings": 8},
        vision_config={**tiny, "image_size": 32, "patch_size": 8},
        projection_dim=8,
    )
    CLIPModel(clip).save_pretrained(tmp_path / "clip")
    for name, side in (("resnet", 224), ("clip", 32)):
        encoder = make_encoder(f"transformers:{tmp_path / name}").eval()
        assert (encoder.preprocessing.side, encoder.n_features) == (side, 16)
        rebuilt = rebuild_encoder(json.loads(json.dumps(encoder.description()))).eval()
        rebuilt.load_state_dict(encoder.state_dict())
        pixels = torch.rand(2, 3, side, side)
        assert torch.equal(rebuilt(pixels), encoder(pixels))


def test_a_folder_that_is_not_there_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(EncoderUnreachable, match="name the folder: 'transformers:/path/to/folder'"):
        make_encoder(f"transformers:{tmp_path / 'missing'}")


def test_a_name_that_is_neither_says_what_there_is() -> None:
    with pytest.raises(EncoderUnreachable, match="Use 'small_conv', 'small_vit', 'transformers:'"):
        make_encoder("resnet50")


def test_a_saved_network_knows_what_its_outputs_mean(tmp_path: Path) -> None:
    network = ImageEmotion.create(4, ImageEmotionOptions(side=32))
    save_network(tmp_path, SavedNetwork("image_emotion", network, LABEL_SET, []))
    assert load_network(tmp_path).label_set == LABEL_SET
