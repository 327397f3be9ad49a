"""Every metric equals its formula, written out by hand on fixed values."""

import math

import numpy as np
import pytest

from modelserve.evaluation.calibration_error import calibration_error
from modelserve.evaluation.confusion import confusion
from modelserve.evaluation.kl_divergence import kl_divergence, kl_divergence_per_row
from modelserve.evaluation.majority import unique_strong_majority
from modelserve.evaluation.majority_accuracy import majority_accuracy
from modelserve.evaluation.per_class_recall import per_class_recall
from modelserve.evaluation.polarity_accuracy import polarity_accuracy
from modelserve.evaluation.report import evaluate, is_better
from modelserve.evaluation.resampling import Resampling

# labels: two positive, one negative, one neither
POLARITIES = [1, 1, -1, 0]
COUNTS = np.array(
    [
        [4, 1, 1, 0],  # majority 0
        [3, 3, 0, 0],  # a tie: none
        [0, 1, 5, 0],  # majority 2
        [2, 1, 1, 1],  # below half: none
        [0, 0, 1, 5],  # majority 3
        [1, 5, 0, 0],  # majority 1
    ],
    dtype=float,
)
PREDICTED = np.array(
    [
        [0.6, 0.2, 0.1, 0.1],  # right
        [0.4, 0.4, 0.1, 0.1],
        [0.5, 0.1, 0.3, 0.1],  # wrong, and of the other sign
        [0.25, 0.25, 0.25, 0.25],
        [0.1, 0.1, 0.1, 0.7],  # right
        [0.7, 0.2, 0.05, 0.05],  # wrong, but of the same sign
    ]
)
EVERY_ROW = Resampling(np.arange(6))


def test_the_divergence_is_the_sum_over_labels_of_p_log_p_over_q() -> None:
    by_hand = []
    for counts, predicted in zip(COUNTS, PREDICTED, strict=True):
        shares = [count / sum(counts) for count in counts]
        by_hand.append(sum(p * math.log(p / q) for p, q in zip(shares, predicted, strict=True) if p > 0))
    assert kl_divergence_per_row(COUNTS, PREDICTED) == pytest.approx(by_hand, abs=1e-12)
    estimate = kl_divergence(COUNTS, PREDICTED, EVERY_ROW)
    assert estimate.value == pytest.approx(sum(by_hand) / 6, abs=1e-12)
    assert estimate.n == 6


def test_the_divergence_is_zero_where_the_network_answers_as_people_did() -> None:
    assert kl_divergence(COUNTS, COUNTS / COUNTS.sum(axis=1, keepdims=True), EVERY_ROW).value == pytest.approx(0)


def test_an_emotion_called_impossible_costs_much_but_not_everything() -> None:
    estimate = kl_divergence(np.array([[1.0, 0.0]]), np.array([[0.0, 1.0]]), Resampling(np.arange(1)))
    assert estimate.value == pytest.approx(-math.log(1e-8))


def test_a_majority_is_at_least_half_and_stands_alone() -> None:
    assert unique_strong_majority(COUNTS).tolist() == [0, -1, 2, -1, 3, 1]
    assert unique_strong_majority(np.array([[2.0, 1.0, 1.0], [0.0, 0.0, 0.0]])).tolist() == [0, -1]


def test_accuracy_counts_only_stimuli_with_a_majority() -> None:
    estimate = majority_accuracy(COUNTS, PREDICTED, EVERY_ROW)
    assert (estimate.value, estimate.n) == (0.5, 4)  # rows 0 and 4 of 0, 2, 4, 5


def test_polarity_leaves_out_what_is_neither() -> None:
    estimate = polarity_accuracy(COUNTS, PREDICTED, POLARITIES, EVERY_ROW)
    # rows 0, 2, 5: positive against negative probability .8/.1, .6/.3, .9/.05; people: positive, negative, positive
    assert (estimate.value, estimate.n) == (pytest.approx(2 / 3), 3)


def test_the_confusion_matrix_has_people_in_its_rows() -> None:
    table = confusion(COUNTS, PREDICTED, EVERY_ROW)
    assert table.counts.tolist() == [[1, 0, 0, 0], [1, 0, 0, 0], [1, 0, 0, 0], [0, 0, 0, 1]]
    assert table.n == 4
    assert table.shares[2].tolist() == [1, 0, 0, 0]
    assert table.low is not None
    assert table.low[2].tolist() == [1, 0, 0, 0]


def test_recall_is_the_diagonal_of_the_confusion_matrix() -> None:
    recalls = per_class_recall(COUNTS, PREDICTED, EVERY_ROW)
    assert [(recall.value, recall.n) for recall in recalls] == [(1, 1), (0, 1), (0, 1), (1, 1)]
    nobody = per_class_recall(COUNTS[:2], PREDICTED[:2], Resampling(np.arange(2)))[3]
    assert (nobody.value, nobody.low, nobody.n) == (None, None, 0)


def test_the_calibration_error_weighs_bins_by_their_size() -> None:
    # confidences .6 right, .5 wrong, .7 right, .7 wrong; bins of 1/15: .6 -> 9th (border), .5 -> 8th, .7 -> 11th (two)
    by_hand = 1 / 4 * abs(1 - 0.6) + 1 / 4 * abs(0 - 0.5) + 2 / 4 * abs(0.5 - 0.7)
    assert calibration_error(COUNTS, PREDICTED, EVERY_ROW).value == pytest.approx(by_hand, abs=1e-12)


def test_intervals_contain_the_value_and_narrow_as_stimuli_are_added() -> None:
    random = np.random.default_rng(3)
    widths = []
    for n in (40, 640):
        counts = random.multinomial(6, [0.7, 0.1, 0.1, 0.1], size=n).astype(float)
        predicted = random.dirichlet([2, 1, 1, 1], size=n)
        estimate = majority_accuracy(counts, predicted, Resampling(np.arange(n)))
        assert estimate.value is not None
        assert estimate.low is not None
        assert estimate.high is not None
        assert estimate.low < estimate.value < estimate.high
        widths.append(estimate.high - estimate.low)
    assert widths[1] < widths[0] / 2  # a sixteenth of the variance: about a quarter of the width


def test_the_interval_of_a_mean_agrees_with_the_normal_one() -> None:
    right = np.tile([1.0, 0.0, 1.0, 1.0, 0.0], 80)
    counts = np.tile([[1.0, 0.0]], (400, 1))
    estimate = majority_accuracy(counts, np.stack([right, 1 - right], axis=1), Resampling(np.arange(400)))
    half = 1.96 * math.sqrt(0.6 * 0.4 / 400)
    assert estimate.low == pytest.approx(0.6 - half, abs=0.01)
    assert estimate.high == pytest.approx(0.6 + half, abs=0.01)


def test_answers_to_one_stimulus_are_resampled_together() -> None:
    # 20 stimuli, 30 identical rows each: treating rows as independent would give an interval 5 times too narrow.
    right = np.repeat(np.tile([1.0, 0.0], 10), 30)
    counts = np.tile([[1.0, 0.0]], (600, 1))
    predicted = np.stack([right, 1 - right], axis=1)
    by_stimulus = majority_accuracy(counts, predicted, Resampling(np.repeat(np.arange(20), 30)))
    by_row = majority_accuracy(counts, predicted, Resampling(np.arange(600)))
    assert by_stimulus.high is not None
    assert by_stimulus.low is not None
    assert by_row.high is not None
    assert by_row.low is not None
    assert by_stimulus.high - by_stimulus.low > 4 * (by_row.high - by_row.low)


def test_no_test_stimuli_give_no_numbers_and_say_so() -> None:
    nothing = evaluate(
        np.zeros((0, 4)), np.zeros((0, 4)), stimuli=np.zeros(0, np.int64), label_ids="abcd", polarities=POLARITIES
    )
    assert nothing["n_stimuli"] == 0
    assert nothing["kl_divergence"] == {"value": None, "low": None, "high": None, "n": 0}
    assert nothing["confusion"]["counts"] == [[0] * 4] * 4


def test_one_stimulus_gives_a_number_without_an_interval() -> None:
    estimate = kl_divergence(COUNTS[:1], PREDICTED[:1], Resampling(np.arange(1)))
    assert estimate.value is not None
    assert (estimate.low, estimate.high) == (None, None)


def test_better_means_smaller_or_larger_as_the_metric_says_and_never_a_tie() -> None:
    def of(value: float | None) -> dict[str, dict[str, float | None]]:
        return {"kl_divergence": {"value": value}, "majority_accuracy": {"value": value}}

    assert is_better("kl_divergence", of(0.1), of(0.2))
    assert not is_better("majority_accuracy", of(0.1), of(0.2))
    assert is_better("majority_accuracy", of(0.3), of(0.2))
    assert not is_better("kl_divergence", of(0.2), of(0.2))
    assert not is_better("kl_divergence", of(0.2), of(None))
