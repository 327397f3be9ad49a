"""One grouping serves all; shares of single stimuli have Jeffreys' intervals."""

import numpy as np
import pytest
from scipy.stats import beta, binom
from statsmodels.stats.proportion import proportion_confint

from analysis.statistics import AgreementSums, count_labels
from analysis.statistics.dirichlet import share_intervals, stimulus_shares
from analysis.statistics.groups import label_counts_of_groups, majority_label_of_stimuli, sums_by_group


def table() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    random = np.random.default_rng(2)
    stimuli = np.repeat(np.arange(30), 5)
    return stimuli, random.integers(0, 3, 150), random.integers(-1, 3, 150)


def test_a_group_has_the_figures_of_its_responses_alone() -> None:
    stimuli, labels, groups = table()
    found = sums_by_group(groups, stimuli, labels, n_groups=4, n_stimuli=30, n_labels=3, n_resamples=50, seed=1)
    assert sorted(found) == [0, 1, 2]  # nobody is in group 3
    for group, sums in found.items():
        member = groups == group
        counts = count_labels(stimuli[member], labels[member], 30, 3)
        assert sums.estimates() == AgreementSums.of_counts(counts, n_resamples=50, seed=1).estimates()


def test_one_group_for_all_is_the_study_and_sources_add_up_to_it() -> None:
    stimuli, labels, _ = table()
    shape = {"n_stimuli": 30, "n_labels": 3, "n_resamples": 20}
    whole = sums_by_group(np.zeros(150, dtype=int), stimuli, labels, n_groups=1, **shape)[0]
    sources = sums_by_group(stimuli % 2, stimuli, labels, n_groups=2, **shape)
    assert sources[0].merge(sources[1]).to_bytes() == whole.to_bytes()


def test_emotions_are_the_majority_labels() -> None:
    counts = [[3, 1, 0], [2, 2, 0], [1, 1, 1], [0, 0, 0], [0, 2, 3]]
    assert majority_label_of_stimuli(counts).tolist() == [0, -1, -1, -1, 2]
    assert majority_label_of_stimuli(counts, "half_or_more").tolist() == [0, -1, -1, -1, 2]
    with pytest.raises(ValueError, match="Unknown majority rule"):
        majority_label_of_stimuli(counts, "plurality")


def test_counts_of_annotators() -> None:
    assert label_counts_of_groups([0, 2, 2, -1], [1, 0, 1, 1], 3, 2).tolist() == [[0, 1], [0, 0], [1, 1]]


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="not in -1 to 0"):
        sums_by_group([1], [0], [0], n_groups=1, n_stimuli=1, n_labels=1)
    with pytest.raises(ValueError, match="needs a group"):
        sums_by_group([0], [0, 0], [0, 0], n_groups=1, n_stimuli=1, n_labels=1)
    with pytest.raises(ValueError, match="stimulus index"):
        sums_by_group([0], [5], [0], n_groups=1, n_stimuli=1, n_labels=1)


def test_two_labels_have_jeffreys_interval_as_statsmodels_has_it() -> None:
    low, high = share_intervals([[2, 4], [1, 5]])
    for row, count in enumerate((2, 1)):
        expected = proportion_confint(count, 6, method="jeffreys")
        assert (low[row, 0], high[row, 0]) == pytest.approx(expected, abs=1e-9)


def test_each_of_several_labels_has_the_interval_of_itself_and_all_others() -> None:
    low, high = share_intervals([[3, 2, 1, 0]])
    assert low[0, 1] == pytest.approx(beta.ppf(0.025, 2.5, 4.5))
    assert high[0, 1] == pytest.approx(beta.ppf(0.975, 2.5, 4.5))
    assert low[0, 3] == 0
    assert high[0, 3] == pytest.approx(beta.ppf(0.975, 0.5, 6.5))


@pytest.mark.parametrize("n_labels", [2, 9, 28])
def test_the_interval_of_a_share_holds_it_whatever_it_is_and_however_many_labels_there_are(n_labels: int) -> None:
    """Exactly, over all outcomes (SciPy's binomial); the share that was seen is inside, too."""
    for n in (3, 6, 10, 20, 60):
        seen = np.arange(n + 1)
        counts = np.zeros((n + 1, n_labels), dtype=int)
        counts[:, 0], counts[:, 1] = seen, n - seen
        low, high = (ends[:, 0] for ends in share_intervals(counts))
        assert ((low <= seen / n) & (seen / n <= high)).all()
        for share in (0.02, 0.1, 0.2, 0.3, 0.5, 0.7, 0.8, 0.9, 0.98):
            held = binom.pmf(seen, n, share)[(low <= share) & (share <= high)].sum()
            assert held >= 0.92, (n, share)


def test_edges_of_single_stimuli() -> None:
    assert [share.value for share in stimulus_shares([0, 0])] == [None, None]
    everybody = stimulus_shares([6, 0])
    assert (everybody[0].value, everybody[0].high, everybody[0].n) == (1, 1, 6)
    assert (everybody[1].value, everybody[1].low) == (0, 0)
    assert stimulus_shares([3])[0].low == 1
    low, high = share_intervals(np.zeros((0, 3), dtype=int))
    assert low.shape == high.shape == (0, 3)


@pytest.mark.parametrize("clearness", [0.05, 0.5, 5.0])
def test_single_stimulus_intervals_cover_the_shares_of_clear_and_of_mixed_stimuli(clearness: float) -> None:
    """Of the label that is largest in truth, the one that is read: of nine labels, one or all alike."""
    random = np.random.default_rng(6)
    shares = random.dirichlet([clearness] * 9, 4000)
    low, high = share_intervals(random.multinomial(12, shares))
    row, top = np.arange(4000), shares.argmax(axis=1)
    held = (low[row, top] <= shares[row, top]) & (shares[row, top] <= high[row, top])
    assert held.mean() >= 0.935
    assert np.mean((low <= shares) & (shares <= high)) >= 0.935
