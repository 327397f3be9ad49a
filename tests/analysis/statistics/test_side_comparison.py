"""Everything of two sides: plain shares, agreement, and how well the difference of the shares is known."""

import numpy as np
import pytest
import statsmodels.api as sm

from analysis.statistics import krippendorff_alpha
from analysis.statistics.counts import count_labels
from analysis.statistics.side_comparison import compare_sides, everything_differences
from bench.group_intervals import draw


def test_differences_of_plain_shares_are_clustered_by_stimulus_and_person() -> None:
    random = np.random.default_rng(3)
    side, stimulus, person, label = draw(random, 60, 20, 4, 0.4, 0.2)
    stimulus = np.where(side == 1, stimulus + 30, stimulus)  # half of the images are shared
    kept = random.random(len(side)) < 0.7  # and numbers of answers differ
    side, stimulus, person, label = side[kept], stimulus[kept], person[kept], label[kept]
    found = everything_differences(side, stimulus, person, label, n_labels=5, margin=0.05)
    outcome, design = (label == 0).astype(float), sm.add_constant((side == 0).astype(float))
    variances = {}
    for name, groups in (("stimulus", stimulus), ("person", person), ("both", np.arange(len(label)))):
        options = {"groups": groups, "use_correction": False}
        fit = sm.OLS(outcome, design).fit(cov_type="cluster", cov_kwds=options)
        variances[name] = fit.bse[1] ** 2
    assert found[0].value == pytest.approx(fit.params[1], abs=1e-12)
    expected = variances["stimulus"] * 90 / 89 + (variances["person"] - variances["both"]) * 40 / 39
    assert found[0].standard_error == pytest.approx(np.sqrt(expected), rel=1e-9)


def test_the_interval_holds_the_truth_for_different_images_and_for_the_same_people() -> None:
    held = {"images": [], "people": []}
    for seed in range(120):
        random = np.random.default_rng(seed)
        side, stimulus, person, label = draw(random, 60, 25, 4, 0.3, 0.0)
        other_images = np.where(side == 1, stimulus + 60, stimulus)
        images = random.dirichlet(np.full(5, 0.8), 120)
        own = images[other_images]
        label = (random.random(len(side))[:, None] > own.cumsum(axis=1)).sum(axis=1).clip(0, 4)
        for name, people in (("images", person), ("people", person % 25)):
            found = everything_differences(side, other_images, people, label, n_labels=5, margin=0.05)
            held[name] += [each.low <= 0 <= each.high for each in found]
    assert 0.92 <= np.mean(held["images"]) <= 0.985
    assert 0.92 <= np.mean(held["people"]) <= 0.985


def test_agreement_of_both_sides_is_that_of_each_alone() -> None:
    side, stimulus, person, label = draw(np.random.default_rng(5), 40, 12, 4, 0.2, 0.4)
    keys = [f"picture {number}" for number in range(40)]
    found = compare_sides(
        side, stimulus, person, label, keys=keys, n_labels=5, polarities=None, margin=0.05, n_resamples=200
    )
    alpha = found["agreement"]["krippendorff_alpha"]
    for at, name in enumerate(("first", "second")):
        counts = count_labels(stimulus[side == at], label[side == at], 40, 5)
        expected = krippendorff_alpha(counts, keys=keys, n_resamples=200)
        assert alpha[name] == expected.as_dict()
    assert alpha["difference"]["value"] == pytest.approx(alpha["first"]["value"] - alpha["second"]["value"])
    assert alpha["difference"]["low"] < alpha["difference"]["value"] < alpha["difference"]["high"]
    assert found["agreement"]["positive_and_negative"]["difference"]["value"] is None
    assert found["shared"]["n_shared"] == 40
    assert (found["sides"][0]["n_responses"], found["n_people_on_both"]) == (160, 0)


def test_a_side_compared_with_itself_differs_in_nothing() -> None:
    _, stimulus, person, label = (each[:160] for each in draw(np.random.default_rng(5), 40, 12, 4, 0.2, 0.4))
    twice = [np.concatenate([each, each]) for each in (stimulus, person, label)]
    side = np.repeat([0, 1], 160)
    found = compare_sides(
        side, *twice, keys=list(map(str, range(40))), n_labels=5, polarities=None, margin=0.05, n_resamples=50
    )
    assert {row["value"] for row in found["labels"]} == {0.0}
    assert {row["verdict"] for row in found["labels"]} == {"cannot_tell"}
    assert found["agreement"]["krippendorff_alpha"]["difference"]["value"] == 0
    assert found["n_people_on_both"] == 12


def test_an_empty_side_is_said_to_be_empty() -> None:
    nothing = np.zeros(0, dtype=np.int64)
    found = compare_sides(
        nothing, nothing, nothing, nothing, keys=["a"], n_labels=2, polarities=None, margin=0.1, n_resamples=10
    )
    assert found["sides"][0] == {"n_responses": 0, "n_stimuli": 0, "n_people": 0, "responses_per_stimulus": None}
    assert found["labels"][0]["reason"]
    assert found["labels"][0]["value"] is None
