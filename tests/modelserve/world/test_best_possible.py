"""What the best possible network would reach agrees with what simulating it gives."""

import numpy as np
import pytest

from modelserve.evaluation.kl_divergence import kl_divergence_per_row
from modelserve.world import World
from modelserve.world.best_possible import (
    best_accuracy,
    best_listener_hits,
    divergence,
    divergence_gap,
    divergence_of_answers,
    image_distributions,
    text_distributions,
)

N = 400


@pytest.fixture(scope="module")
def world():
    return World()


@pytest.fixture(scope="module")
def true(world):
    return image_distributions(world, range(N))


def test_the_gap_is_nothing_for_the_truth_and_one_for_the_average(true):
    average = true.mean(axis=0)
    assert divergence_gap(true, true, average) == pytest.approx(0)
    assert divergence_gap(true, np.tile(average, (N, 1)), average) == pytest.approx(1)
    half = 0.5 * true + 0.5 * average
    assert 0.05 < divergence_gap(true, half, average) < 0.5
    same = np.tile(average, (3, 1))
    assert np.isnan(divergence_gap(same, same, average))


def test_divergence_knows_zeros():
    true, predicted = np.array([[1.0, 0.0], [0.5, 0.5]]), np.array([[0.5, 0.5], [1.0, 0.0]])
    assert divergence(true, predicted).tolist() == [pytest.approx(np.log(2)), np.inf]


def test_the_divergence_of_a_few_answers_equals_its_simulation(true):
    random = np.random.default_rng(0)
    for n_responses in (1, 6):
        drawn = np.stack([random.multinomial(n_responses, row, size=200) for row in true[:50]])  # (50, 200, K)
        simulated = np.mean(
            [kl_divergence_per_row(drawn[:, place].astype(float), true[:50]) for place in range(200)], axis=0
        )
        assert divergence_of_answers(true[:50], n_responses).mean() == pytest.approx(simulated.mean(), rel=0.03)


def test_the_best_guess_is_right_as_often_as_expected(world, true):
    right = [
        response.label == world.labels[true[index].argmax()]
        for index in range(N)
        for response in world.responses(index, 4)
    ]
    expected = best_accuracy(true)
    assert np.mean(right) == pytest.approx(expected.value, abs=0.04)
    assert 0 < expected.standard_error < 0.02


def test_reading_the_text_is_better_than_seeing_the_image(world, true):
    answers = [world.responses(index, 1)[0] for index in range(N)]
    by_text = text_distributions(world, [answer.text for answer in answers])
    assert by_text.sum(axis=1) == pytest.approx(np.ones(N))
    assert best_accuracy(by_text).value > best_accuracy(true).value
    with pytest.raises(ValueError, match="Text 0"):
        text_distributions(world, ["a text of somebody else"])


def test_the_best_listener_nearly_always_finds_the_image(world):
    random = np.random.default_rng(1)
    own = list(range(100))
    texts = [world.responses(index, 1)[0].text for index in own]
    others = (np.array(own)[:, None] + random.integers(1, 900, size=(100, 10))) % 1000
    hits = best_listener_hits(world, texts, own, others)
    assert hits.min() >= 0
    assert hits.mean() > 0.85
    strange = best_listener_hits(world, ["nothing of the grammar"], [0], others[:1])
    assert strange[0] == pytest.approx(1 / 11)
