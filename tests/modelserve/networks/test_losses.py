"""The losses equal their formulas."""

import math

import pytest
import torch

from modelserve.networks.image_emotion import ImageEmotion
from modelserve.networks.text_emotion import TextEmotion
from modelserve.options import ImageEmotionOptions, TextEmotionOptions


def test_the_image_loss_is_the_divergence_of_the_network_from_people_averaged_over_the_batch() -> None:
    torch.manual_seed(1)
    network = ImageEmotion.create(3, ImageEmotionOptions(side=32)).eval()
    images = torch.randint(0, 256, (4, 32, 32, 3), dtype=torch.uint8)
    shares = torch.tensor([[0.5, 0.5, 0.0], [1.0, 0.0, 0.0], [0.2, 0.3, 0.5], [0.0, 0.25, 0.75]])
    predicted = network(images).exp().tolist()
    by_hand = [
        sum(p * math.log(p / q) for p, q in zip(people, answer, strict=True) if p > 0)
        for people, answer in zip(shares.tolist(), predicted, strict=True)
    ]
    assert float(network.loss(images, shares).detach()) == pytest.approx(sum(by_hand) / 4, abs=1e-6)


def test_the_text_loss_is_minus_the_log_of_the_chosen_label() -> None:
    torch.manual_seed(1)
    network = TextEmotion(10, 3, TextEmotionOptions(embedding=8, hidden=8)).eval()
    words = torch.tensor([[1, 4, 5, 2, 0], [1, 9, 2, 0, 0]])
    chosen = torch.tensor([[0.0, 1.0, 0.0], [1.0, 0.0, 0.0]])
    predicted = network(words).exp().tolist()
    by_hand = -(math.log(predicted[0][1]) + math.log(predicted[1][0])) / 2
    assert float(network.loss(words, chosen).detach()) == pytest.approx(by_hand, abs=1e-6)


def test_padding_changes_no_answer() -> None:
    torch.manual_seed(1)
    network = TextEmotion(10, 3, TextEmotionOptions(embedding=8, hidden=8)).eval()
    alone = network(torch.tensor([[1, 4, 2]]))
    beside_a_long_one = network(torch.tensor([[1, 4, 2, 0, 0, 0], [1, 4, 5, 6, 7, 2]]))[:1]
    assert torch.allclose(alone, beside_a_long_one, atol=1e-6)


def test_answers_do_not_depend_on_who_is_in_the_batch() -> None:
    torch.manual_seed(1)
    network = ImageEmotion.create(3, ImageEmotionOptions(side=32)).eval()
    images = torch.randint(0, 256, (4, 32, 32, 3), dtype=torch.uint8)
    assert torch.allclose(network(images)[:1], network(images[:1]), atol=1e-6)


def test_an_untrained_network_starts_from_the_overall_distribution() -> None:
    torch.manual_seed(1)
    network = ImageEmotion.create(3, ImageEmotionOptions(side=32)).eval()
    network.start_from(torch.tensor([0.7, 0.2, 0.1]))
    answers = network(torch.randint(0, 256, (4, 32, 32, 3), dtype=torch.uint8)).exp()
    assert torch.allclose(answers, torch.tensor([[0.7, 0.2, 0.1]]), atol=0.1)
