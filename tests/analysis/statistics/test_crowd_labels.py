"""Real labels: our figures equal those of krippendorff 0.9.0, statsmodels 0.15.0 and crowd-kit 1.4.2 to 1e-6."""

from __future__ import annotations

from typing import TYPE_CHECKING

import krippendorff
import numpy as np
import pytest

from analysis.statistics import AgreementSums, modal_responses, stimulus_facts
from tests.analysis.statistics.conftest import CROWD_LABELS, data_sets

if TYPE_CHECKING:
    from tests.analysis.statistics.conftest import CrowdLabels

TOLERANCE = 1e-6


def test_agreement_equals_the_reference(crowd_labels: CrowdLabels) -> None:
    data = crowd_labels
    expected = data.reference["agreement"]
    fleiss = expected["fleiss_kappa_items_with_modal_count"]

    estimates = AgreementSums.of_counts(data.counts, keys=data.items, n_resamples=100).estimates()

    ours = {
        "krippendorff_alpha": expected["krippendorff_alpha_nominal"],
        "fleiss_kappa": fleiss["value"],
        "pairwise_agreement": expected["mean_pairwise_agreement_items_ge2"],
        "mean_entropy_nats": expected["mean_entropy_nats"],
    }
    for statistic, value in ours.items():
        estimate = estimates[statistic]
        assert estimate.value == pytest.approx(value, abs=TOLERANCE), statistic
        assert estimate.low is not None
        assert estimate.high is not None
        assert estimate.low < estimate.value < estimate.high
    assert estimates["fleiss_kappa"].n == fleiss["items"]
    assert modal_responses(data.counts) == fleiss["labels_per_item"]


def test_every_data_set_is_there_with_its_reference() -> None:
    """So that a data set without values to equal cannot go by unseen."""
    if not CROWD_LABELS.is_dir():
        pytest.skip(f"the crowd labels are not at {CROWD_LABELS}; COMMONGROUND_TEST_DATA may name their parent folder")
    folders = {path.name for path in CROWD_LABELS.iterdir() if (path / "labels.csv").is_file()}
    assert folders == set(data_sets())
    assert len(folders) == 12


def test_totals_and_tops_equal_the_reference(crowd_labels: CrowdLabels) -> None:
    data = crowd_labels
    expected = data.reference["agreement"]
    sums = AgreementSums.of_counts(data.counts, keys=data.items, n_resamples=0)
    facts = stimulus_facts(data.counts)
    n_items = data.reference["items"]

    assert dict(zip(data.labels, sums.label_totals.tolist(), strict=True)) == expected["label_totals"]
    assert sums.n_stimuli == n_items
    assert sums.n_responses == data.reference["labels"]
    assert int((facts.top_share == 1).sum()) == expected["items_unanimous"]
    assert int((facts.top_share >= 2 / 3 - 1e-12).sum()) == expected["items_top_share_ge_2_3"]
    assert int((facts.top_share >= 0.75).sum()) == expected["items_top_share_ge_0.75"]
    assert int((facts.is_top.sum(axis=1) > 1).sum()) == expected["items_with_tied_top_label"]

    majority = {key: estimate.value for key, estimate in sums.estimates().items() if key.startswith("majority.")}
    assert majority["majority.half_or_more"] == pytest.approx(expected["items_top_share_ge_0.5"] / n_items)
    assert majority["majority.strict_majority"] == pytest.approx(expected["items_top_share_gt_0.5"] / n_items)
    assert majority["majority.unique_maximizer"] == pytest.approx(1 - expected["items_with_tied_top_label"] / n_items)


def test_poisson_interval_is_close_to_an_ordinary_bootstrap(face_sentiment: CrowdLabels) -> None:
    """Ends within a tenth of the interval's width; the other side draws stimuli and calls krippendorff's own alpha."""
    data = face_sentiment
    random = np.random.default_rng(20230611)
    n_stimuli = len(data.counts)
    alphas = [
        krippendorff.alpha(
            value_counts=data.counts[random.integers(0, n_stimuli, n_stimuli)], level_of_measurement="nominal"
        )
        for _ in range(1000)
    ]
    low, high = np.quantile(alphas, [0.025, 0.975])

    ours = AgreementSums.of_counts(data.counts, keys=data.items).estimates()["krippendorff_alpha"]

    assert ours.low == pytest.approx(low, abs=0.1 * (high - low))
    assert ours.high == pytest.approx(high, abs=0.1 * (high - low))
