"""Speakers: a step at a time says what teacher forcing says, and every part of the loss learns."""

from pathlib import Path
from typing import Any

import pytest
import torch

from modelserve.errors import BadTrainingOption
from modelserve.networks.by_option import SPEAKERS
from modelserve.networks.speaker import END, START, UNTOLD, Speaker
from modelserve.options import SpeakerOptions, parse_options
from modelserve.word_vad import vad_of_words

N_WORDS, N_LABELS = 11, 3
SMALL: dict[str, Any] = {"side": 32, "hidden": 16, "embedding": 8, "attention": 8, "heads": 2, "max_tokens": 12}
OPTIONS: list[dict[str, Any]] = [
    {"decoder": "lstm"},
    {"decoder": "transformer"},
    {"decoder": "lstm", "vad_weight": 1.0, "vad_lexicon": "x"},
    {"decoder": "transformer", "vad_weight": 1.0, "vad_lexicon": "x", "contrastive_weight": 1.0},
    {"decoder": "lstm", "joint_label": True},
]


def speaker_of(**options: Any) -> Speaker:
    torch.manual_seed(7)
    chosen = SpeakerOptions(**(SMALL | options))
    speaker = SPEAKERS[chosen.decoder].create(N_WORDS, N_LABELS, chosen)
    speaker.vad.uniform_(-1, 1)
    return speaker


def a_batch(n: int = 4) -> tuple[tuple[torch.Tensor, torch.Tensor], torch.Tensor]:
    """n images with two texts each; the last image has one."""
    generator = torch.Generator().manual_seed(1)
    images = torch.randint(0, 256, (n, 32, 32, 3), generator=generator).to(torch.uint8)
    words = torch.zeros(n, 2, 12, dtype=torch.int32)
    words[:, :, 0] = START
    words[:, :, 1:5] = torch.randint(4, N_WORDS, (n, 2, 4), generator=generator).to(torch.int32)
    words[:, :, 5] = END
    labels = torch.randint(0, N_LABELS, (n, 2), generator=generator)
    words[-1, 1], labels[-1, 1] = 0, -1
    return (images, words), labels


@pytest.mark.parametrize("options", OPTIONS)
def test_a_step_at_a_time_says_what_the_whole_text_says(options: dict[str, Any]) -> None:
    speaker = speaker_of(**options).eval()
    (images, words), _ = a_batch()
    texts = words[:, 0, :6].long()
    with torch.no_grad():
        places = speaker.pixels.places(images)
        emotion = speaker.told_emotion(torch.tensor([0, 1, UNTOLD, 2]))
        told = speaker.tell(places, emotion, texts)
        state = speaker.begin(places, emotion)
        for number in range(texts.shape[1]):
            hidden, attention, state = speaker.step(state, texts[:, number])
            torch.testing.assert_close(hidden, told.hidden[:, number], atol=1e-5, rtol=1e-4)
            torch.testing.assert_close(attention, told.attention[:, number], atol=1e-5, rtol=1e-4)
            torch.testing.assert_close(attention.sum(dim=1), torch.ones(4))


@pytest.mark.parametrize("options", OPTIONS)
def test_every_weight_learns(options: dict[str, Any]) -> None:
    speaker = speaker_of(**options).train()
    inputs, labels = a_batch()
    speaker.loss(inputs, labels).backward()
    idle = [name for name, weight in speaker.named_parameters() if weight.grad is None]
    assert idle == []


def test_the_first_guess_is_how_often_people_use_a_word() -> None:
    speaker = speaker_of(decoder="lstm", joint_label=True)
    frequencies = torch.tensor([0.0, 0, 10, 0, 30, 20, 10, 10, 10, 5, 5])
    speaker.start_from(frequencies)
    torch.testing.assert_close(speaker.output.bias[4], torch.log(torch.tensor(0.3)))
    assert bool(speaker.output.bias[N_WORDS:].max() <= speaker.output.bias[:N_WORDS].min())


def test_padding_and_missing_texts_change_nothing() -> None:
    speaker = speaker_of(decoder="transformer").eval()
    (images, words), labels = a_batch()
    loss = speaker.loss((images, words), labels)
    wider = torch.nn.functional.pad(words, (0, 3))
    more = torch.cat([wider, torch.zeros(4, 1, 15, dtype=torch.int32)], dim=1)
    again = speaker.loss((images, more), torch.cat([labels, torch.full((4, 1), -1)], dim=1))
    torch.testing.assert_close(loss, again)


def test_a_frozen_eye_reads_places_that_were_kept_as_it_reads_pixels() -> None:
    speaker = speaker_of(decoder="lstm", freeze_encoder=True).eval()
    (images, words), labels = a_batch()
    places = speaker.pixels.places(images)
    torch.testing.assert_close(speaker.loss((images, words), labels), speaker.loss((places, words), labels))
    assert all(not weight.requires_grad for weight in speaker.pixels.encoder.parameters())
    assert not any(
        weight is own for _, group in speaker.parameter_groups() for weight in group
        for own in speaker.pixels.encoder.parameters()
    )  # fmt: skip


def test_who_names_the_emotion_pays_for_it_only_where_it_is_not_told() -> None:
    (images, words), labels = a_batch()
    asked, own = (speaker_of(decoder="lstm", joint_label=True, grounding=how).eval() for how in ("both", "none"))
    with torch.no_grad():
        told, n_told = asked.word_losses(images, words[:, 0].long(), labels[:, 0])
        alone, n_alone = own.word_losses(images, words[:, 0].long(), labels[:, 0])
    assert n_told.tolist() == n_alone.tolist() == [5, 5, 5, 5]  # four words and <eos>, never the label
    assert bool((alone > told).all())


def test_a_text_without_a_rated_word_says_nothing_of_valence() -> None:
    speaker = speaker_of(decoder="lstm", vad_weight=1.0, vad_lexicon="x", dropout=0.0, coverage=0.0)
    speaker.vad.zero_()
    speaker.vad[4] = torch.tensor([1.0, -1.0, 0.5])
    places = torch.randn(2, 4, speaker.pixels.encoder.n_place_features)
    hidden, image, emotions = torch.randn(2, 3, 16), torch.tensor([0, 1]), torch.tensor([0, 1])
    rated, unrated = torch.tensor([[4, 6, END]]), torch.tensor([[7, 8, END]])
    alone = speaker._heads(places, image[:1], hidden[:1], rated, emotions[:1])
    both = speaker._heads(places, image, hidden, torch.cat([rated, unrated]), emotions)
    torch.testing.assert_close(both, alone)
    assert float(speaker._heads(places, image[1:], hidden[1:], unrated, emotions[1:]).detach()) == 0


def test_held_out_texts_are_told_the_emotion_whoever_is_beside_them() -> None:
    speaker = speaker_of(decoder="transformer").eval()
    (images, words), labels = a_batch(12)
    with torch.no_grad():
        whole, n_words = speaker.weighed_loss((images, words), labels)
        parts = [speaker.weighed_loss((images[rows], words[rows]), labels[rows]) for rows in torch.arange(12).split(5)]
    assert float(n_words) == 23 * 5  # every image has two texts of four words and <eos>, the last has one
    together = sum(mean * n for mean, n in parts) / sum(n for _, n in parts)
    torch.testing.assert_close(torch.as_tensor(together), whole)


def test_words_are_rated_between_minus_one_and_one(tmp_path: Path) -> None:
    lexicon = tmp_path / "vad.csv"
    lexicon.write_text("word,valence,arousal,dominance\ncalm,8,2,5\nfury,2,8,6\nodd,5,5,4\n")
    table = vad_of_words(["<pad>", "calm", "fury", "unheard"], lexicon)
    assert table.tolist() == [[0, 0, 0], [1, -1, 0], [-1, 1, 1], [0, 0, 0]]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("word,valence\ncalm,8\n", "needed are word, valence, arousal, dominance"),
        ("word,valence,arousal,dominance\ncalm,high,2,5\n", "cannot be read"),
        ("word,valence,arousal,dominance\nother,1,2,5\n", "none of the 2 words"),
        ("", "has the columns \\(none\\)"),
    ],
)
def test_a_lexicon_that_does_not_fit_is_refused(content: str, sentence: str, tmp_path: Path) -> None:
    lexicon = tmp_path / "vad.csv"
    lexicon.write_text(content)
    with pytest.raises(BadTrainingOption, match=sentence):
        vad_of_words(["calm", "fury"], lexicon)
    with pytest.raises(BadTrainingOption, match="cannot be read"):
        vad_of_words(["calm"], tmp_path / "absent.csv")


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"decoder": "rnn"}, "decoder: got 'rnn'; use lstm or transformer"),
        ({"grounding": "yes"}, "grounding: got 'yes'; use none or always or both"),
        ({"decoder": "transformer", "hidden": 100, "heads": 3}, "heads: got 3, which does not divide"),
        ({"vad_weight": 1.0}, "the head needs a lexicon"),
        ({"joint_label": True, "grounding": "always"}, "it names the emotion itself"),
        ({"promote_by": "kl_divergence"}, "'kl_divergence' is unknown to speaker; known are word_loss"),
        ({"encoder": "network:"}, "encoder: got 'network:'"),
    ],
)
def test_options_that_do_not_go_together_are_refused(values: dict[str, Any], sentence: str) -> None:
    with pytest.raises(BadTrainingOption, match=sentence):
        parse_options("speaker", values)
