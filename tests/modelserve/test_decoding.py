"""Batched beam search writes what a search by hand, one image and one whole text at a time, writes."""

import itertools
from dataclasses import replace
from typing import Any

import pytest
import torch

from modelserve.decoding import Decoding, write
from modelserve.networks.speaker import END, PADDING, START, UNKNOWN, UNTOLD, Speaker
from tests.modelserve.networks.test_speakers import N_LABELS, N_WORDS, a_batch, speaker_of


def loud(speaker: Speaker) -> Speaker:
    """Fresh weights say nearly the same of every word; these have opinions."""
    with torch.no_grad():
        generator = torch.Generator().manual_seed(5)
        speaker.output.weight.copy_(3 * torch.randn(speaker.output.weight.shape, generator=generator))
    return speaker.eval()


def by_hand(
    speaker: Speaker, image: torch.Tensor, label: int, options: Decoding
) -> list[tuple[tuple[int, ...], float]]:
    """Finished texts with their log-probability, the best first: no batch, no cache, plain lists."""
    beams: list[tuple[list[int], float, float]] = [([START], 0.0, 0.0)]
    for number in range(options.max_words + 1):
        grown = []
        for words, score, log in beams:
            if words[-1] == END:
                grown.append((words, score, log))
                continue
            emotion = speaker.told_emotion(torch.tensor([label]))
            told = speaker.tell(speaker.pixels.places(image), emotion, torch.tensor([words]))
            logits = speaker.next_words(told.hidden)[0, -1]
            plain = logits.log_softmax(0)
            allowed = logits.clone()
            allowed[[PADDING, START, UNKNOWN]] = -torch.inf
            if number == 0:
                allowed[END] = -torch.inf
            for before, after in itertools.pairwise(words):
                if before == words[-1]:
                    allowed[after] = -torch.inf
            if number == options.max_words:
                allowed[:] = -torch.inf
                allowed[END] = 0
            ranked = (allowed / options.temperature).log_softmax(0)
            for word in range(len(ranked)):
                if ranked[word] > -torch.inf:
                    grown.append(([*words, word], score + float(ranked[word]), log + float(plain[word])))
        beams = sorted(grown, key=lambda beam: -beam[1])[: options.beam]
        if all(words[-1] == END for words, _, _ in beams):
            break
    return [(tuple(words[1:-1]), log) for words, _, log in beams]


@pytest.mark.parametrize("decoder", ["lstm", "transformer"])
@pytest.mark.parametrize("options", [Decoding(beam=4, max_words=8), Decoding(beam=1, temperature=1.0, max_words=5)])
def test_a_batch_writes_what_one_image_at_a_time_writes(decoder: str, options: Decoding) -> None:
    speaker = loud(speaker_of(decoder=decoder))
    (images, _), _ = a_batch()
    labels = torch.tensor([0, UNTOLD, 2, 1])
    found = write(speaker, images, labels, options=options, n=options.beam)
    with torch.no_grad():
        for row, texts in enumerate(found):
            expected = by_hand(speaker, images[row : row + 1], int(labels[row]), options)
            assert [text.words for text in texts] == [words for words, _ in expected]
            assert [text.log_probability for text in texts] == pytest.approx([log for _, log in expected], abs=1e-3)
            for text in texts:
                assert text.attention.shape == (len(text.words), 4)
                assert text.attention.sum(dim=1).tolist() == pytest.approx([1.0] * len(text.words), abs=1e-4)


def test_no_bigram_twice_no_unknown_word_and_never_an_empty_text() -> None:
    speaker = loud(speaker_of(decoder="lstm", max_tokens=40))
    (images, _), _ = a_batch()
    for options in (Decoding(beam=3, max_words=38), Decoding(beam=0, temperature=2.0, max_words=38)):
        for texts in write(speaker, images, options=options, n=3):
            for text in texts:
                pairs = list(zip(text.words[:-1], text.words[1:], strict=True))
                assert len(pairs) == len(set(pairs))
                assert text.words
                assert min(text.words) > UNKNOWN
    free = replace(Decoding(beam=3, max_words=38), no_repeated_bigram=False)
    assert write(speaker, images, options=free)[0][0].log_probability < 0


def test_drawing_by_chance_follows_its_seed_and_top_p() -> None:
    speaker = loud(speaker_of(decoder="transformer"))
    (images, _), _ = a_batch()
    chance = Decoding(beam=0, temperature=1.5, max_words=8)
    first, again, other = (
        [[text.words for text in texts] for texts in write(speaker, images, options=replace(chance, seed=seed), n=4)]
        for seed in (1, 1, 2)
    )
    assert first == again != other
    # So small a share leaves the likeliest word alone, which is what a beam of one takes.
    narrow = write(speaker, images, options=replace(chance, top_p=0.01))
    greedy = write(speaker, images, options=Decoding(beam=1, temperature=1.5, max_words=8))
    assert [texts[0].words for texts in narrow] == [texts[0].words for texts in greedy]


def test_a_speaker_that_names_the_emotion_is_given_it_or_chooses() -> None:
    speaker = loud(speaker_of(decoder="transformer", joint_label=True))
    (images, _), _ = a_batch()
    told = write(speaker, images, torch.tensor([0, 1, 2, UNTOLD]), options=Decoding(beam=3, max_words=6), n=3)
    assert [{text.label for text in texts} for texts in told[:3]] == [{0}, {1}, {2}]
    assert all(0 <= text.label < N_LABELS for text in told[3])
    assert all(max(text.words) < N_WORDS for texts in told for text in texts)


@pytest.mark.parametrize("wrong", [{"beam": 65}, {"temperature": 0.0}, {"top_p": 1.5}, {"max_words": 0}])
def test_a_wrong_option_of_decoding_is_named(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        write(speaker_of(), a_batch()[0][0], options=Decoding(**wrong))
