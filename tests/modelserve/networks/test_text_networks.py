"""Texts to emotions: a transformer from scratch, and any text encoder of transformers, offline."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from transformers import BertConfig, BertModel, PreTrainedTokenizerFast, ViTConfig, ViTModel

from modelserve.errors import BadTrainingOption, EncoderUnreachable
from modelserve.features import text_inputs
from modelserve.networks.by_option import create_text_emotion
from modelserve.networks.saved import load_network, save_network
from modelserve.networks.text_pretrained import TextPretrained
from modelserve.networks.text_transformer import TextTransformer
from modelserve.options import TextEmotionOptions, parse_options
from modelserve.predictor import ServedNetwork
from modelserve.recipes import Learned, learn
from tests.modelserve.tiny_world import WORDS, TinyWorld

SKY = WORDS["awe"]
TEXT: dict[str, Any] = {"epochs": 4, "learning_rate": 5e-3, "device": "cpu", "threads": 1}


@pytest.fixture(scope="module")
def bert(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A BERT of random weights with a tokenizer of its own, as a hub would hand it out."""
    folder = tmp_path_factory.mktemp("bert")
    words = sorted({word for text in WORDS.values() for word in text.split()})
    vocabulary = {word: number for number, word in enumerate(["[PAD]", "[UNK]", "[CLS]", "[SEP]", *words])}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))  # a word, no password
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, unk_token="[UNK]", pad_token="[PAD]").save_pretrained(folder)
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=len(vocabulary), hidden_size=32, num_hidden_layers=1, num_attention_heads=2, intermediate_size=64,
        max_position_embeddings=24,
    )  # fmt: skip
    BertModel(config).save_pretrained(folder)
    return folder


def learned_from(tmp_path: Path, **options: Any) -> Learned:
    snapshot = TinyWorld(n_stimuli=60, n_responses=3).freeze(tmp_path / "world")
    return learn(snapshot, "text_emotion", parse_options("text_emotion", TEXT | options), work_folder=tmp_path / "run")


def test_a_transformer_learns_from_nothing(tmp_path: Path) -> None:
    learned = learned_from(tmp_path, encoder="transformer", hidden=32)
    assert isinstance(learned.saved.network, TextTransformer)
    assert learned.metrics["majority_accuracy"]["value"] > 0.9
    save_network(tmp_path / "saved", learned.saved)
    again = ServedNetwork(load_network(tmp_path / "saved"))
    (answer,) = again.predict_texts([SKY])
    assert max(answer, key=answer.__getitem__) == "awe"
    assert answer == ServedNetwork(learned.saved).predict_texts([SKY])[0]


def test_padding_changes_no_answer_of_a_transformer_and_nothing_to_read_is_no_number() -> None:
    torch.manual_seed(1)
    options = TextEmotionOptions(encoder="transformer", hidden=8, attention_heads=2)
    network = create_text_emotion(10, 3, options).eval()
    alone = network(torch.tensor([[1, 4, 2]]))
    beside_a_long_one = network(torch.tensor([[1, 4, 2, 0, 0, 0], [1, 4, 5, 6, 7, 2]]))[:1]
    assert torch.allclose(alone, beside_a_long_one, atol=1e-6)
    assert not network(torch.zeros((2, 5), dtype=torch.int64)).isnan().any()
    assert not torch.allclose(network(torch.tensor([[1, 4, 5, 2]])), network(torch.tensor([[1, 5, 4, 2]])))  # order


@pytest.mark.parametrize("how", [{}, {"freeze_encoder": True}, {"lora_rank": 4}])
def test_a_pretrained_encoder_learns_as_it_is_asked_to(bert: Path, tmp_path: Path, how: dict[str, Any]) -> None:
    name = f"transformers:{bert}"
    learned = learned_from(tmp_path, encoder=name, max_tokens=20, encoder_rate_factor=0.5, hidden=32, epochs=8, **how)
    network = learned.saved.network
    assert isinstance(network, TextPretrained)
    assert learned.saved.words == []
    assert learned.metrics["majority_accuracy"]["value"] > 0.8
    before = BertModel.from_pretrained(bert).state_dict()
    after = network.encoder.state_dict()
    name_of = "encoder.layer.0.output.dense.weight"
    if how == {}:
        assert not torch.equal(after[name_of], before[name_of])
    elif "freeze_encoder" in how:
        assert all(torch.equal(after[key], before[key]) for key in before)
        assert text_inputs(network, [SKY], [], torch.device("cpu")).shape == (1, 32)  # kept features
    else:
        original = "encoder.layer.0.output.dense.parametrizations.weight.original"
        assert torch.equal(after[original], before[name_of])
        assert network.encoder.encoder.layer[0].output.dense.weight.shape == before[name_of].shape
    # what is saved needs neither the folder nor a hub
    save_network(tmp_path / "saved", learned.saved)
    text = (tmp_path / "saved" / "network.json").read_text()
    assert json.loads(text)["structure"]["config"]["model_type"] == "bert"
    (answer,) = ServedNetwork(load_network(tmp_path / "saved")).predict_texts([SKY])
    assert answer == pytest.approx(ServedNetwork(learned.saved).predict_texts([SKY])[0], abs=1e-6)


def test_padding_and_length_of_a_pretrained_encoder(bert: Path) -> None:
    network = create_text_emotion(
        0, 3, TextEmotionOptions(encoder=f"transformers:{bert}", max_tokens=10, hidden=8)
    ).eval()
    ids = network.read([SKY, "red", "", " ".join(["red"] * 50)], [])
    assert ids.shape == (4, 10)
    assert ids[1].tolist()[3:] == [0] * 7  # [CLS] red [SEP], then padding
    assert (ids[3] > 0).all()
    assert ids[3, 0] == ids[0, 0]
    assert ids[3, -1] == ids[1, 2]
    assert torch.allclose(network(ids)[1], network(ids[1:2, :3])[0], atol=1e-6)
    assert not network(ids).isnan().any()


def test_what_cannot_be_read_is_said(bert: Path, tmp_path: Path) -> None:
    def make(place: Path | str, **more: Any) -> None:
        create_text_emotion(0, 3, TextEmotionOptions(encoder=f"transformers:{place}", **more))

    with pytest.raises(EncoderUnreachable, match=r"tokenizer.json\) and name the folder"):
        make(tmp_path / "missing")
    with pytest.raises(BadTrainingOption, match=r"max_tokens: .* cannot read 60 tokens at once"):
        make(bert)
    vit = ViTConfig(
        hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=32, image_size=32, patch_size=8
    )
    ViTModel(vit).save_pretrained(tmp_path / "vit")
    with pytest.raises(EncoderUnreachable, match=r"tokenizer of .* an encoder that reads images has none"):
        make(tmp_path / "vit")
    for file in ("tokenizer.json", "tokenizer_config.json"):
        (tmp_path / "vit" / file).write_bytes((bert / file).read_bytes())
    with pytest.raises(EncoderUnreachable, match="does not read texts"):
        make(tmp_path / "vit")


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"encoder": "small_conv"}, "encoder: got 'small_conv'; use 'lstm', 'transformer', or 'transformers:'"),
        ({"encoder": "transformer", "hidden": 30}, "attention_heads: got 4, which does not divide the width"),
        ({"lora_rank": 4}, "lora_rank: low-rank additions"),
        ({"encoder": "transformer", "freeze_encoder": True}, "freeze_encoder: 'transformer' starts from nothing"),
    ],
)
def test_options_that_do_not_fit_are_named(values: dict[str, Any], sentence: str) -> None:
    with pytest.raises(BadTrainingOption, match=sentence):
        parse_options("text_emotion", values)
