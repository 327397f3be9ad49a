"""Listeners: from scratch and CLIP, their loss by hand, and that they are saved and read."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch

from modelserve.errors import EncoderUnreachable
from modelserve.networks.clip_listener import ClipListener
from modelserve.networks.listener import Listener, association, listening_loss
from modelserve.networks.saved import SavedNetwork, load_network, save_network
from modelserve.networks.show_attend_tell import ShowAttendTell
from modelserve.options import ListenerOptions, SpeakerOptions
from tests.modelserve.tiny_world import LABEL_SET

WORDS = ["<pad>", "<sos>", "<eos>", "<unk>", "the", "blue", "sky"]


@pytest.mark.parametrize("reader", ["lstm", "transformer"])
def test_points_have_length_one_and_padding_changes_nothing(reader: str) -> None:
    torch.manual_seed(3)
    listener = Listener.create(7, ListenerOptions(reader=reader, side=32, width=32, max_tokens=9), 2).eval()
    words = listener.read(["the blue sky", "the", "unheard of"], WORDS)
    assert words.shape == (3, 9)
    with torch.no_grad():
        points = listener.embed_texts(words)
        torch.testing.assert_close(points.norm(dim=1), torch.ones(3))
        torch.testing.assert_close(listener.embed_texts(words[1:2]), points[1:2], atol=1e-5, rtol=1e-4)
        seen = listener.embed_images(torch.zeros(2, 32, 32, 3, dtype=torch.uint8))
        torch.testing.assert_close(seen.norm(dim=1), torch.ones(2))


def test_the_loss_is_the_mean_of_both_directions() -> None:
    seen = torch.nn.functional.normalize(torch.tensor([[1.0, 0.0], [0.6, 0.8]]), dim=1)
    told = torch.nn.functional.normalize(torch.tensor([[1.0, 0.1], [0.9, 0.3], [0.0, 1.0]]), dim=1)
    image, scale = torch.tensor([0, 0, 1]), torch.tensor(5.0)
    logits = 5.0 * told @ seen.T
    to_image = -torch.stack([logits[n].log_softmax(0)[image[n]] for n in range(3)]).mean()
    first, second = logits.T[0].log_softmax(0), logits.T[1].log_softmax(0)
    to_text = -((first[0] + first[1]) / 2 + second[2]) / 2
    torch.testing.assert_close(listening_loss(seen, told, image, scale), (to_image + to_text) / 2)


def test_the_loss_is_computed_in_full_digits_where_the_rest_has_half_of_them() -> None:
    generator = torch.Generator().manual_seed(1)
    seen, told = (torch.nn.functional.normalize(torch.randn(8, 16, generator=generator), dim=1) for _ in range(2))
    scale, image = torch.tensor(100.0), torch.arange(8)
    expected = listening_loss(seen, told, image, scale)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        torch.testing.assert_close(listening_loss(seen, told, image, scale), expected)


@pytest.mark.parametrize(("encoder", "factor"), [("small_conv", 1.0), ("small_vit", 1.0), ("network:", 0.2)])
def test_an_eye_from_scratch_learns_as_fast_as_the_rest(encoder: str, factor: float, tmp_path: Path) -> None:
    sizes: dict[str, Any] = {"side": 32}
    if encoder == "network:":
        first = Listener.create(7, ListenerOptions(side=32, width=16), 2)
        save_network(tmp_path, SavedNetwork("listener", first, LABEL_SET, WORDS))
        encoder = f"network:{tmp_path}"
    listener = Listener.create(7, ListenerOptions(encoder=encoder, width=16, **sizes), 2)
    speaker = ShowAttendTell.create(7, 3, SpeakerOptions(encoder=encoder, hidden=16, embedding=8, **sizes))
    for network in (listener, speaker):
        groups = network.parameter_groups()
        assert [group for group, _ in groups] == [factor, 1.0]
        assert sum(len(weights) for _, weights in groups) == len(list(network.parameters()))


def test_association_is_a_probability_among_the_bank() -> None:
    similarity, with_bank = torch.tensor([2.0, 0.0]), torch.tensor([[0.0, 1.0], [3.0, 3.0]])
    shares = association(similarity, with_bank).exp()
    expected = [2.718281828**2 / (2.718281828**2 + 1 + 2.718281828), 1 / (1 + 2 * 2.718281828**3)]
    torch.testing.assert_close(shares, torch.tensor(expected))


def tiny_clip(folder: Path) -> Path:
    """A CLIP of the transformers library with fresh weights and a tokenizer of five words, as from a hub."""
    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    from transformers import CLIPConfig, CLIPModel, PreTrainedTokenizerFast

    torch.manual_seed(0)
    vocabulary = {"<start>": 0, "<end>": 1, "the": 2, "blue": 3, "sky": 4, "red": 5}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="the"))  # no password
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<start> $A <end>", special_tokens=[("<start>", 0), ("<end>", 1)]
    )
    sizes = {"hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2}
    config = CLIPConfig(
        text_config={**sizes, "vocab_size": 6, "max_position_embeddings": 8, "bos_token_id": 0, "eos_token_id": 1},
        vision_config={**sizes, "image_size": 32, "patch_size": 16},
        projection_dim=8,
    )
    CLIPModel(config).save_pretrained(folder)
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, bos_token="<start>", eos_token="<end>").save_pretrained(folder)
    return folder


def test_clip_answers_as_transformers_does_and_is_saved_whole(tmp_path: Path) -> None:
    from transformers import CLIPModel

    folder = tiny_clip(tmp_path / "clip")
    options = ListenerOptions(clip=f"transformers:{folder}")
    listener = ClipListener.create(options, 2).eval()
    texts = ["the blue sky", "red", "the red sky the blue sky the red sky"]  # the last is longer than it reads
    words = listener.read(texts, [])
    images = torch.randint(0, 256, (2, 32, 32, 3), generator=torch.Generator().manual_seed(0)).to(torch.uint8)
    theirs: Any = CLIPModel.from_pretrained(folder).eval()
    with torch.no_grad():
        told, seen = listener.embed_texts(words), listener.embed_images(images)
        ids = [torch.tensor([0, 2, 3, 4, 1]), torch.tensor([0, 5, 1])]
        for row, numbers in enumerate(ids):
            pooled = theirs.text_model(input_ids=numbers.unsqueeze(0)).last_hidden_state[:, -1]
            expected = torch.nn.functional.normalize(theirs.text_projection(pooled), dim=1)[0]
            torch.testing.assert_close(told[row], expected, atol=1e-5, rtol=1e-4)
        pixels = (images.permute(0, 3, 1, 2) / 255 - listener.mean) / listener.std
        pooled = theirs.vision_model(pixel_values=pixels).pooler_output
        expected = torch.nn.functional.normalize(theirs.visual_projection(pooled), dim=1)
        torch.testing.assert_close(seen, expected, atol=1e-5, rtol=1e-4)
        save_network(tmp_path / "saved", SavedNetwork("listener", listener, LABEL_SET, []))
        again = load_network(tmp_path / "saved").network
        torch.testing.assert_close(again.embed_texts(again.read(texts, [])), told)
    assert listener.parameter_groups() == [(1.0, [])]


def test_a_tokenizer_that_pads_and_cuts_changes_nothing(tmp_path: Path) -> None:
    """As some CLIPs are published: every text as long as the longest that can be read."""
    folder = tiny_clip(tmp_path / "clip")
    plain = ClipListener.create(ListenerOptions(clip=f"transformers:{folder}"), 2).eval()
    rules = json.loads((folder / "tokenizer.json").read_text())
    strategy = {"strategy": {"Fixed": 8}, "direction": "Right", "pad_to_multiple_of": None, "pad_id": 1}
    rules["padding"] = strategy | {"pad_type_id": 0, "pad_token": "<end>"}
    rules["truncation"] = {"direction": "Right", "max_length": 4, "strategy": "LongestFirst", "stride": 0}
    (folder / "tokenizer.json").write_text(json.dumps(rules))
    padded = ClipListener.create(ListenerOptions(clip=f"transformers:{folder}"), 2).eval()
    texts = ["the blue sky", "red", "the red sky the blue"]
    assert torch.equal(padded.read(texts, []), plain.read(texts, []))
    assert plain.read([], []).shape == (0, 1)  # a study without test stimuli


def test_a_clips_towers_learn_by_additions(tmp_path: Path) -> None:
    folder = tiny_clip(tmp_path / "clip")
    options = ListenerOptions(clip=f"transformers:{folder}", lora_rank=2)
    listener = ClipListener.create(options, 2)
    names = [name for name, weight in listener.named_parameters() if weight.requires_grad]
    assert {name.split(".")[1] for name in names if name != "log_scale"} == {"vision_model", "text_model"}
    assert all(name.endswith((".0.down", ".0.up")) for name in names if name != "log_scale")
    plain = ClipListener.create(ListenerOptions(clip=f"transformers:{folder}"), 2).eval()
    images = torch.randint(0, 256, (2, 32, 32, 3), generator=torch.Generator().manual_seed(0)).to(torch.uint8)
    words = listener.read(["the blue sky", "red"], [])
    with torch.no_grad():
        torch.testing.assert_close(listener.eval().embed_images(images), plain.embed_images(images))
    ((_, learning),) = listener.train().parameter_groups()
    step = torch.optim.SGD(learning, lr=0.5)
    listener.loss((images, words.unsqueeze(1)), torch.zeros(2, 1, dtype=torch.int64)).backward()
    step.step()
    with torch.no_grad():
        assert not torch.equal(listener.eval().embed_images(images), plain.embed_images(images))
        save_network(tmp_path / "saved", SavedNetwork("listener", listener, LABEL_SET, []))
        again = load_network(tmp_path / "saved").network
        torch.testing.assert_close(again.embed_texts(words), listener.embed_texts(words))


def test_a_clip_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(EncoderUnreachable, match="Nothing was trained"):
        ClipListener.create(ListenerOptions(clip=f"transformers:{tmp_path / 'absent'}"), 2)
