"""The edges: nothing, one annotator, one label, all agree, nobody agrees, ties, no polarity; and bad input."""

import numpy as np
import pytest
from statsmodels.stats.proportion import proportion_confint

from analysis.statistics import (
    AgreementSums,
    chance_corrected_convergence,
    count_labels,
    fleiss_kappa,
    krippendorff_alpha,
    majority_label_shares,
    majority_shares,
    mean_entropy_nats,
    mixed_polarity_share,
    modal_responses,
    pairwise_agreement,
    polarity_shares,
    positive_and_negative_share,
    stimulus_facts,
)


def test_without_responses_every_figure_says_what_it_needs() -> None:
    polarities = ["positive", "negative", "else"]
    estimates = AgreementSums(3, polarities).estimates()
    assert {estimate.value for estimate in estimates.values()} == {None}
    assert all(estimate.reason and estimate.low is None and estimate.n == 0 for estimate in estimates.values())
    assert estimates["krippendorff_alpha"].reason == "needs at least two responses on one stimulus"
    assert estimates["majority.half_or_more"].reason == "needs at least one response"


def test_an_empty_table_and_stimuli_without_responses_are_the_same_as_nothing() -> None:
    for counts in (np.zeros((0, 3), dtype=int), np.zeros((4, 3), dtype=int)):
        assert AgreementSums.of_counts(counts).to_bytes() == AgreementSums(3).to_bytes()


def test_one_annotator_gives_majorities_but_no_agreement() -> None:
    counts = [[1, 0], [0, 1], [1, 0]]
    for figure in (krippendorff_alpha, fleiss_kappa, pairwise_agreement):
        estimate = figure(counts)
        assert (estimate.value, estimate.n) == (None, 0)
        assert estimate.reason == "needs at least two responses on one stimulus"
    assert modal_responses(counts) is None
    assert mean_entropy_nats(counts).value == 0
    assert {estimate.value for estimate in majority_shares(counts).values()} == {1.0}


def test_one_label_only_leaves_chance_corrected_agreement_undefined() -> None:
    for counts in ([[3], [2]], [[3, 0], [3, 0]]):
        for figure in (krippendorff_alpha, fleiss_kappa):
            estimate = figure(counts)
            assert estimate.value is None
            assert estimate.reason is not None
            assert "same label" in estimate.reason
        assert pairwise_agreement(counts).value == 1


def test_all_agree_is_one() -> None:
    counts = [[3, 0, 0], [0, 3, 0], [0, 0, 3], [3, 0, 0]]
    assert krippendorff_alpha(counts).value == 1
    assert fleiss_kappa(counts).value == 1
    assert pairwise_agreement(counts).value == 1
    assert mean_entropy_nats(counts).value == 0


def test_nobody_agrees_is_below_zero() -> None:
    counts = [[1, 1, 1]] * 4
    # 12 values, 4 of each label: observed disagreement 1, expected 1 - 3 * (4/12) * (3/11)
    assert krippendorff_alpha(counts).value == pytest.approx(1 - 1 / (1 - 3 / 11))
    assert fleiss_kappa(counts).value == pytest.approx((0 - 1 / 3) / (1 - 1 / 3))
    assert pairwise_agreement(counts).value == 0
    assert mean_entropy_nats(counts).value == pytest.approx(np.log(3), abs=1e-9)


def test_kappa_takes_the_larger_number_of_responses_in_a_tie_and_says_so() -> None:
    counts = [[2, 0], [1, 1], [2, 1], [0, 3], [1, 0], [0, 1], [0, 1]]
    estimate = fleiss_kappa(counts)
    assert modal_responses(counts) == 3
    assert estimate.n == 2
    assert estimate.note is not None
    assert "2 stimuli with exactly 3 responses" in estimate.note
    assert estimate.value == fleiss_kappa([[2, 1], [0, 3]]).value


def test_a_single_stimulus_has_a_value_and_no_interval() -> None:
    estimate = krippendorff_alpha([[2, 1]])
    assert estimate.value == pytest.approx(0)
    assert (estimate.low, estimate.high, estimate.n) == (None, None, 1)


def test_no_resamples_means_no_interval() -> None:
    estimate = pairwise_agreement([[2, 1], [0, 3]], n_resamples=0)
    assert estimate.as_dict() == {
        "value": pytest.approx(2 / 3),
        "low": None,
        "high": None,
        "n": 2,
        "reason": None,
        "note": None,
    }


@pytest.mark.parametrize(
    ("row", "half", "unique_half", "strict", "unique"),
    [
        ([6, 0, 0, 0], True, True, True, True),
        ([4, 1, 1, 0], True, True, True, True),
        ([3, 2, 1, 0], True, True, False, True),
        ([3, 3, 0, 0], True, False, False, False),
        ([2, 1, 1, 1], False, False, False, True),
        ([2, 2, 1, 1], False, False, False, False),
        ([1, 1, 0, 0], True, False, False, False),
        ([0, 0, 0, 1], True, True, True, True),
        ([0, 0, 0, 0], False, False, False, False),
    ],
)
def test_the_four_majority_rules_differ_where_they_should(
    row: list[int], half: bool, unique_half: bool, strict: bool, unique: bool
) -> None:
    assert stimulus_facts(row).as_dict(0)["majority"] == {
        "half_or_more": half,
        "unique_half_or_more": unique_half,
        "strict_majority": strict,
        "unique_maximizer": unique,
    }


def test_majority_labels_are_shares_among_stimuli_with_a_majority() -> None:
    counts = [[3, 3, 0], [6, 0, 0], [0, 4, 2], [2, 2, 2], [0, 0, 0]]
    values = {rule: [e.value for e in labels] for rule, labels in majority_label_shares(counts).items()}
    assert values["half_or_more"] == pytest.approx([2 / 3, 2 / 3, 0])  # an even split counts for both labels
    assert values["unique_half_or_more"] == pytest.approx([1 / 2, 1 / 2, 0])
    shares = {rule: (estimate.value, estimate.n) for rule, estimate in majority_shares(counts).items()}
    assert shares["half_or_more"] == (0.75, 4)
    assert shares["strict_majority"] == (0.5, 4)
    nobody = majority_label_shares([[1, 1], [1, 1]])["strict_majority"][0]
    assert (nobody.value, nobody.reason) == (None, "no stimulus has a majority under this rule")


def test_min_responses_leaves_out_stimuli_that_are_hardly_answered() -> None:
    sums = AgreementSums.of_counts([[1, 0], [0, 1], [3, 2], [2, 3], [4, 1]])
    strict = sums.estimates(min_responses=5)["majority.strict_majority"]
    assert (strict.value, strict.n) == (1.0, 3)
    assert sums.stimuli_by_responses == {1: 2, 5: 3}


def test_polarity_figures_by_hand() -> None:
    polarities = ["positive", "positive", "negative", "else"]
    counts = [[1, 1, 0, 0], [1, 0, 1, 0], [0, 1, 0, 1], [0, 0, 1, 1], [0, 0, 0, 2]]
    assert positive_and_negative_share(counts, polarities).value == pytest.approx(1 / 5)
    assert mixed_polarity_share(counts, polarities).value == pytest.approx(3 / 5)
    shares = polarity_shares(counts, polarities)
    assert {name: estimate.value for name, estimate in shares.items()} == {
        "positive": 0.4,
        "negative": 0.2,
        "else": 0.4,
    }
    assert AgreementSums.of_counts(counts, polarities=polarities).polarity_totals == pytest.approx([4, 2, 4])


@pytest.mark.parametrize("polarities", [None, [None, None]])
def test_labels_without_polarity_say_so_and_keep_the_rest(polarities: list[None] | None) -> None:
    sums = AgreementSums.of_counts([[2, 1], [1, 2]], polarities=polarities)
    estimates = AgreementSums.from_bytes(sums.to_bytes()).estimates()
    for name in ("positive_and_negative", "mixed_polarity", "polarity_share.positive"):
        assert (estimates[name].value, estimates[name].reason) == (None, "the labels carry no polarity")
    assert estimates["pairwise_agreement"].value == pytest.approx(1 / 3)
    assert sums.polarity_totals is None
    assert stimulus_facts([2, 1], polarities).as_dict(0)["mixed_polarity"] is None


def test_facts_of_one_stimulus() -> None:
    facts = stimulus_facts([2, 0, 2, 1], ["positive", "positive", "negative", "else"])
    assert facts.as_dict(0) == {
        "n_responses": 5,
        "entropy_nats": pytest.approx(-(2 * 0.4 * np.log(0.4) + 0.2 * np.log(0.2))),
        # G(1) = -gamma - ln 2, G(2) = 2 + G(1)
        "entropy_grassberger_nats": pytest.approx(np.log(5) - (8 - 5 * (np.euler_gamma + np.log(2))) / 5),
        "pairwise_agreement": pytest.approx(4 / 20),
        "top_labels": [0, 2],
        "top_share": 0.4,
        "majority": {
            "half_or_more": False,
            "unique_half_or_more": False,
            "strict_majority": False,
            "unique_maximizer": False,
        },
        "polarity_counts": {"positive": 2, "negative": 2, "else": 1},
        "positive_and_negative": True,
        "mixed_polarity": True,
    }


def test_facts_of_a_stimulus_without_responses_are_none_not_nan() -> None:
    facts = stimulus_facts([[0, 0], [1, 0]]).as_dict(0)
    assert (facts["entropy_nats"], facts["pairwise_agreement"], facts["top_share"]) == (None, None, None)
    assert facts["top_labels"] == []


def test_count_labels_counts_and_refuses_what_is_out_of_range() -> None:
    assert count_labels([0, 0, 2], [1, 1, 0], 3, 2).tolist() == [[0, 2], [0, 0], [1, 0]]
    assert count_labels([], [], 2, 2).tolist() == [[0, 0], [0, 0]]
    with pytest.raises(ValueError, match="Response 1: label index 2 is not in 0 to 1"):
        count_labels([0, 0], [1, 2], 1, 2)
    with pytest.raises(ValueError, match="Response 0: stimulus index -1"):
        count_labels([-1], [0], 1, 2)
    with pytest.raises(ValueError, match="got 2 stimuli and 1 labels"):
        count_labels([0, 0], [0], 1, 1)


@pytest.mark.parametrize(
    ("counts", "message"),
    [
        ([1, 2], "two axes"),
        (np.zeros((3, 0)), "at least one label"),
        ([[1, 2], [0, -1]], "row 1, label 1 holds -1"),
        ([[1, 0.5]], "row 0, label 1 holds 0.5"),
    ],
)
def test_counts_that_are_no_counts_are_refused(counts: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        krippendorff_alpha(counts)  # type: ignore[arg-type]


def test_counts_with_missing_numbers_or_words_are_refused_without_a_warning() -> None:
    for counts, message in (
        ([[1, np.nan]], "row 0, label 1 holds nan"),
        ([[1, np.inf]], "row 0, label 1 holds inf"),
        ([["3", "2"]], "whole numbers from 0 up"),
        ([[1, None]], "row 0, label 1 holds nan"),
    ):
        with pytest.raises(ValueError, match=message):
            krippendorff_alpha(counts)


def test_indexes_are_not_cut_off_to_whole_numbers() -> None:
    with pytest.raises(ValueError, match=r"A label index is a whole number; entry 1 is 0\.9"):
        count_labels([0, 0], [0, 0.9], 1, 2)
    with pytest.raises(ValueError, match="A stimulus index is a whole number; entry 0 is nan"):
        count_labels([np.nan], [0], 1, 2)
    with pytest.raises(ValueError, match="A label index is a whole number"):
        count_labels([0], ["awe"], 1, 2)
    assert count_labels([0.0, 1.0], [True, False], 2, 2).tolist() == [[0, 1], [1, 0]]


def test_a_share_of_none_or_all_of_the_images_says_how_far_the_truth_may_be() -> None:
    """Equal to statsmodels' Clopper-Pearson interval; resampling would claim certainty from three images."""
    for n in (3, 40):
        estimates = AgreementSums.of_counts([[4, 0, 0]] * n, polarities=["positive", "negative", "else"]).estimates()
        for name, n_chosen in (
            ("label_share.0", n), ("label_share.1", 0), ("majority.strict_majority", n), ("mixed_polarity", 0),
            ("majority_label.strict_majority.2", 0), ("polarity_mix.positive", n), ("pairwise_agreement", n),
            ("human_ceiling.accuracy", n), ("human_ceiling.accuracy_strict_majority", n),
            ("polarity_share.negative", 0),
        ):  # fmt: skip
            estimate = estimates[name]
            assert (estimate.value, estimate.n) == (n_chosen / n, n), name
            expected = proportion_confint(n_chosen, n, method="beta")
            assert (estimate.low, estimate.high) == pytest.approx(expected, abs=1e-9), name
    alone = AgreementSums.of_counts([[4, 0]]).estimates()["label_share.1"]
    assert (alone.value, alone.low, alone.high) == (0, None, None)


def test_a_rare_label_that_was_not_seen_is_held_by_its_interval() -> None:
    """One image in 40 has it: a third of all studies of 40 images see none of it."""
    random, held = np.random.default_rng(5), 0
    for number in range(200):
        rare = random.random(40) < 1 / 40
        counts = np.where(rare[:, np.newaxis], [0, 3], [3, 0])
        found = AgreementSums.of_counts(counts, n_resamples=100, seed=number).estimates()["label_share.1"]
        held += found.low <= 1 / 40 <= found.high
    assert held / 200 >= 0.9


def test_a_curve_that_nobody_reaches_is_empty() -> None:
    assert chance_corrected_convergence([[2, 1], [3, 0]], 7) == {}


def test_polarities_must_be_complete_and_known() -> None:
    for polarities in (["positive", None], ["positive", "neutral"], ["positive"]):
        with pytest.raises(ValueError, match="Every one of the 2 labels needs a polarity"):
            AgreementSums(2, polarities)
