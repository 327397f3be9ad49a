"""The human ceiling beside a network's figures: where it can be said, and where not."""

import pytest

from analysis.network_metrics import human_ceilings, metric_rows
from analysis.statistics import AgreementSums

COUNTS = [[3, 1, 0], [0, 4, 0], [2, 1, 1], [0, 0, 4], [1, 3, 0]]


def estimates(counts: list[list[int]]) -> dict[str, dict[str, object]]:
    sums = AgreementSums.of_counts(counts, n_resamples=100)
    found = sums.estimates(label_names=["a", "b", "c"])
    return {name: estimate.as_dict() for name, estimate in found.items()}


def test_an_image_network_stands_beside_people() -> None:
    found = estimates(COUNTS)
    ceilings = human_ceilings(found, "image")
    assert ceilings["majority_accuracy"]["value"] == found["human_ceiling.accuracy_unique_half_or_more"]["value"]
    cross, entropy = found["human_ceiling.cross_entropy_nats"]["value"], found["mean_entropy_nats"]["value"]
    assert isinstance(cross, float)
    assert isinstance(entropy, float)
    assert ceilings["kl_divergence"]["value"] == pytest.approx(cross - entropy)
    assert ceilings["kl_divergence"]["value"] > 0
    own = {"value": 0.5, "low": 0.4, "high": 0.6, "n": 5}
    rows = metric_rows({"majority_accuracy": own, "polarity_accuracy": own}, ceilings=ceilings)
    assert rows[0].ceiling
    assert "to" in rows[0].ceiling_interval
    assert rows[1].ceiling == ""


def test_nobody_was_asked_to_tell_a_feeling_from_a_text() -> None:
    assert human_ceilings(estimates(COUNTS), "text") == {}


def test_means_over_other_images_are_not_subtracted() -> None:
    """An image with one answer has an entropy and no ceiling."""
    assert "kl_divergence" not in human_ceilings(estimates([*COUNTS, [1, 0, 0]]), "image")


def test_without_companions_there_is_no_ceiling() -> None:
    assert human_ceilings(estimates([[1, 0, 0], [0, 1, 0]]), "image") == {}
    assert human_ceilings({}, "image") == {}
