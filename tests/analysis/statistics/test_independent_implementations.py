"""Random data: our figures equal the installed krippendorff and statsmodels packages, and SciPy's entropy, to 1e-9."""

import krippendorff
import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import entropy
from statsmodels.stats.inter_rater import fleiss_kappa as statsmodels_fleiss_kappa

from analysis.statistics import (
    AgreementSums,
    entropy_nats,
    figures,
    fleiss_kappa,
    krippendorff_alpha,
    label_shares,
    mean_entropy_nats,
    modal_responses,
    pairwise_agreement,
)
from analysis.statistics.resampling import resample_weights, stimulus_streams

SEEDS = range(20)


def random_counts(seed: int) -> NDArray[np.int64]:
    """Between 5 and 200 stimuli, 2 to 12 labels, 0 to 9 responses each, opinions of varying unity."""
    random = np.random.default_rng(seed)
    n_stimuli, n_labels = int(random.integers(5, 200)), int(random.integers(2, 13))
    opinions = random.dirichlet(np.full(n_labels, random.uniform(0.1, 2)), n_stimuli)
    sizes = random.integers(0, 10, n_stimuli)
    return np.array([random.multinomial(n, opinion) for n, opinion in zip(sizes, opinions, strict=True)])


@pytest.mark.parametrize("seed", SEEDS)
def test_alpha_equals_the_krippendorff_package(seed: int) -> None:
    counts = random_counts(seed)
    paired = counts[counts.sum(axis=1) > 1]
    expected = krippendorff.alpha(value_counts=paired, level_of_measurement="nominal")
    ours = krippendorff_alpha(counts, n_resamples=0)
    assert ours.value == pytest.approx(expected, abs=1e-9)
    assert ours.n == len(paired)


@pytest.mark.parametrize("seed", SEEDS)
def test_kappa_equals_statsmodels(seed: int) -> None:
    counts = random_counts(seed)
    table = counts[counts.sum(axis=1) == modal_responses(counts)]
    assert fleiss_kappa(counts, n_resamples=0).value == pytest.approx(statsmodels_fleiss_kappa(table), abs=1e-9)


@pytest.mark.parametrize("seed", SEEDS)
def test_entropy_equals_scipy(seed: int) -> None:
    counts = random_counts(seed)
    answered = counts[counts.sum(axis=1) > 0]
    expected = entropy(answered, axis=1)
    assert entropy_nats(answered) == pytest.approx(expected, abs=1e-12)
    assert mean_entropy_nats(counts, n_resamples=0).value == pytest.approx(expected.mean(), abs=1e-9)


@pytest.mark.parametrize("seed", SEEDS)
def test_pairwise_agreement_equals_going_through_all_pairs(seed: int) -> None:
    counts = random_counts(seed)
    shares = []
    for row in counts:
        chosen = np.repeat(np.arange(len(row)), row)
        pairs = [a == b for i, a in enumerate(chosen) for b in chosen[i + 1 :]]
        if pairs:
            shares.append(np.mean(pairs))
    ours = pairwise_agreement(counts, n_resamples=0)
    assert ours.value == pytest.approx(np.mean(shares), abs=1e-12)
    assert ours.n == len(shares)


def test_every_resample_equals_a_count_of_the_resampled_stimuli() -> None:
    """Each resample, written out stimulus by stimulus, gives krippendorff's alpha and the plain shares."""
    counts = random_counts(3)
    keys = [f"stimulus {row}" for row in range(len(counts))]
    sums = AgreementSums.of_counts(counts, keys=keys, n_resamples=30, seed=7).grouped()
    weights = resample_weights(stimulus_streams(keys, 7), 30)
    for resample in range(30):
        drawn = np.repeat(counts, weights[:, resample], axis=0)
        paired = drawn[drawn.sum(axis=1) > 1]
        expected = krippendorff.alpha(value_counts=paired, level_of_measurement="nominal")
        assert figures.krippendorff_alpha(sums).values[1 + resample, 0] == pytest.approx(expected, abs=1e-9)
        assert figures.label_shares(sums).values[1 + resample] == pytest.approx(
            drawn.sum(axis=0) / drawn.sum(), abs=1e-12
        )


def test_label_shares_are_shares_of_responses() -> None:
    counts = random_counts(5)
    ours = [estimate.value for estimate in label_shares(counts, n_resamples=0)]
    assert ours == pytest.approx((counts.sum(axis=0) / counts.sum()).tolist(), abs=1e-12)
