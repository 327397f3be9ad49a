"""Alpha of every level and AC1/AC2 against published examples and second implementations.

- Krippendorff (2011), section C: the table of 4 observers and 12 units; nominal .743, ordinal .815, interval .849,
  ratio .797.
- Gwet (2014), Handbook of Inter-Rater Reliability: the same table; AC1 .77544, alpha .74342, kappa .76117. The
  weighted AC2 (linear .85874, quadratic .91400, ordinal .89894) are what the package irrCAC 0.4.4 prints for it.
- the packages krippendorff 0.9.0 (ordinal, interval, ratio on random counts) and nltk 3.10.4 (MASI, alpha over sets).
"""

import csv
import json
from pathlib import Path

import krippendorff
import numpy as np
import pytest
from nltk.metrics import masi_distance as nltk_masi_distance
from nltk.metrics.agreement import AnnotationTask
from numpy.typing import NDArray

from analysis.statistics import fleiss_kappa, krippendorff_alpha, stimulus_facts, weighted_agreement
from analysis.statistics.distances import masi_distance
from analysis.statistics.figures import gwet_ac1
from analysis.statistics.resampling import resample_weights, stimulus_streams
from analysis.statistics.sums import AgreementSums
from analysis.statistics.weighted_agreement import (
    gwet_ac2,
    krippendorff_alpha_of,
    matrix_counts,
    rating_counts,
    set_counts,
)
from tests.analysis.statistics.conftest import CROWD_LABELS, data_sets, read_crowd_labels

_ = np.nan
TABLE = [
    [1, 2, 3, 3, 2, 1, 4, 1, 2, _, _, _],
    [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, _, 3],
    [_, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, _],
    [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, _],
]


@pytest.mark.parametrize(
    ("level", "published"), [("nominal", 0.743), ("ordinal", 0.815), ("interval", 0.849), ("ratio", 0.797)]
)
def test_alpha_equals_krippendorffs_example(level: str, published: float) -> None:
    counts, values = matrix_counts(TABLE)
    estimate = krippendorff_alpha_of(counts, values, level)
    assert estimate.value == pytest.approx(published, abs=0.0005)
    assert estimate.n == 11  # the twelfth unit has one value only
    assert estimate.low is not None
    assert estimate.low < estimate.value
    expected = krippendorff.alpha(reliability_data=np.array(TABLE), level_of_measurement=level)
    assert estimate.value == pytest.approx(expected, abs=1e-12)


def test_gwets_example() -> None:
    counts, values = matrix_counts(TABLE)
    sums = AgreementSums.of_counts(counts, n_resamples=0).grouped()
    assert gwet_ac1(sums).values[0, 0] == pytest.approx(0.77544, abs=5e-6)
    for weights, expected in (("identity", 0.77544), ("linear", 0.85874), ("quadratic", 0.914), ("ordinal", 0.89894)):
        assert gwet_ac2(counts, values, weights).value == pytest.approx(expected, abs=5e-6)


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("level", ["nominal", "ordinal", "interval", "ratio"])
def test_alpha_of_random_ratings_equals_the_krippendorff_package(seed: int, level: str) -> None:
    random = np.random.default_rng(seed)
    values = np.sort(random.choice(np.arange(1, 100), 6, replace=False)).tolist()
    counts = random.integers(0, 3, (40, 6))
    paired = counts[counts.sum(axis=1) > 1]
    expected = krippendorff.alpha(value_counts=paired, value_domain=values, level_of_measurement=level)
    assert krippendorff_alpha_of(counts, values, level, n_resamples=0).value == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("unit", [1e-200, 1.0, 1e200])
def test_alpha_of_numbers_does_not_depend_on_their_unit_or_on_where_they_begin(unit: float) -> None:
    counts = np.random.default_rng(9).integers(0, 3, (40, 4))
    values = [-3.0, -1.0, 0.0, 7.0]
    expected = krippendorff.alpha(
        value_counts=counts[counts.sum(axis=1) > 1], value_domain=values, level_of_measurement="interval"
    )
    ours = krippendorff_alpha_of(counts, [unit * value for value in values], "interval", n_resamples=0)
    assert ours.value == pytest.approx(expected, abs=1e-12)


def test_nominal_alpha_is_the_one_of_the_sums_with_the_same_resamples() -> None:
    counts = np.random.default_rng(4).integers(0, 4, (60, 3))
    ours, sums = krippendorff_alpha_of(counts, "abc", "nominal"), krippendorff_alpha(counts)
    assert (ours.value, ours.low, ours.high) == pytest.approx((sums.value, sums.low, sums.high), abs=1e-9)


def test_ordinal_resamples_equal_a_count_of_the_resampled_stimuli() -> None:
    counts = np.random.default_rng(8).integers(0, 3, (30, 4)) + np.array([1, 1, 0, 0])
    keys = [str(row) for row in range(30)]
    alphas = weighted_agreement._ordinal_alphas(counts.astype(float), counts.sum(axis=1).astype(float), keys, 20, 7)
    weights = resample_weights(stimulus_streams(keys, 7), 20)
    for resample in range(20):
        drawn = np.repeat(counts, weights[:, resample], axis=0)
        expected = krippendorff.alpha(value_counts=drawn, level_of_measurement="ordinal")
        assert alphas[1 + resample] == pytest.approx(expected, abs=1e-9)


def test_alpha_over_sets_equals_nltk() -> None:
    random = np.random.default_rng(5)
    labels = ["awe", "fear", "joy", "calm"]
    rows = []
    for stimulus in range(30):
        base = frozenset(random.choice(labels, random.integers(1, 4), replace=False).tolist())
        for annotator in range(int(random.integers(2, 5))):
            changed = base ^ frozenset(random.choice(labels, 1).tolist()) if random.random() < 0.5 else base
            rows.append((f"a{annotator}", stimulus, frozenset(changed)))
    expected = AnnotationTask(rows, distance=masi_distance).alpha()
    counts, values = set_counts([stimulus for _, stimulus, _ in rows], [labels for _, _, labels in rows], 30)
    assert krippendorff_alpha_of(counts, values, "sets").value == pytest.approx(expected, abs=1e-9)


def test_masi_distance_is_nltks_but_for_its_rounded_thirds() -> None:
    sets = [frozenset(letters) for letters in ("a", "ab", "abc", "bc", "cd", "d", "")]
    for first in sets:
        for second in sets:
            if first | second:
                assert masi_distance(first, second) == pytest.approx(nltk_masi_distance(first, second), abs=0.0034)
    assert masi_distance(frozenset(), frozenset()) == 0
    assert masi_distance(frozenset("ab"), frozenset("abc")) == pytest.approx(1 - 2 / 3 * 2 / 3)


def test_edges() -> None:
    for level in ("nominal", "ordinal", "interval", "ratio"):
        assert krippendorff_alpha_of([[0, 0]], [1, 2], level).reason == "needs at least two responses on one stimulus"
        assert krippendorff_alpha_of([[3, 0], [2, 0]], [1, 2], level).value is None  # one value only
        assert krippendorff_alpha_of([[3, 0], [0, 2]], [1, 2], level).value == pytest.approx(1)
        assert krippendorff_alpha_of([[1, 1]], [1, 2], level).value == pytest.approx(0)
    assert rating_counts([0, 0, 1], [np.nan, 2.5, 2.5], 2)[0].tolist() == [[1], [1]]
    assert rating_counts([], [], 2)[0].tolist() == [[0], [0]]
    assert gwet_ac2([[3, 0], [2, 0]], [1, 2], "identity").value == 1  # where alpha is not defined
    with pytest.raises(ValueError, match="Unknown level"):
        krippendorff_alpha_of([[1, 1]], [1, 2], "absolute")
    with pytest.raises(ValueError, match="from 0 up"):
        krippendorff_alpha_of([[1, 1]], [-1, 2], "ratio")
    with pytest.raises(ValueError, match="ascending"):
        krippendorff_alpha_of([[1, 1]], [2, 1], "interval")


def test_a_text_in_the_place_of_a_set_is_refused_and_a_missing_answer_left_out() -> None:
    with pytest.raises(ValueError, match="Response 1 is 'awe', not a set of labels"):
        set_counts([0, 0], [{"awe"}, "awe"], 1)
    with pytest.raises(ValueError, match="Each set needs a stimulus; got 1 and 2"):
        set_counts([0], [{"awe"}, {"fear"}], 1)
    counts, sets = set_counts([0, 0, 1, 1], [{"awe"}, None, {"awe"}, []], 2)
    assert (counts.tolist(), sets) == ([[0, 1], [1, 1]], [frozenset(), frozenset({"awe"})])


def test_grades_given_by_their_names_and_endless_ratings_are_refused_in_words() -> None:
    with pytest.raises(ValueError, match=r"Give grades that have names as their places, 0, 1, 2"):
        rating_counts([0, 0], ["low", "high"], 1)
    with pytest.raises(ValueError, match=r"Give grades that have names as their places, 0, 1, 2"):
        matrix_counts([["low", "high"]])
    with pytest.raises(ValueError, match="Rating 1 is not finite"):
        rating_counts([0, 0], [1, np.inf], 1)


def test_keys_that_do_not_fit_the_stimuli_are_refused() -> None:
    """With fewer of them, stimuli would silently be left out of the value itself."""
    counts = [[2, 1], [0, 3], [3, 0]]
    with pytest.raises(ValueError, match="3 stimuli need as many keys; got 2"):
        gwet_ac2(counts, [1, 2], keys=["a", "b"])
    for n_resamples in (0, 10):
        with pytest.raises(ValueError, match="3 stimuli need as many keys; got 4"):
            krippendorff_alpha_of(counts, [1, 2], "nominal", keys=list("abcd"), n_resamples=n_resamples)


def _folder(name: str) -> Path:
    folder = CROWD_LABELS.parent / name
    if not folder.is_dir():
        pytest.skip(f"no {name} at {CROWD_LABELS.parent}; COMMONGROUND_TEST_DATA may name that folder")
    return folder


def _table(path: Path, columns: list[str]) -> NDArray[np.float64]:
    with path.open(newline="") as rows:
        return np.array([[float(row[column]) for column in columns] for row in csv.DictReader(rows)])


@pytest.mark.parametrize("dimension", ["V", "A", "D"])
def test_emobank_equals_its_reference(dimension: str) -> None:
    folder = _folder("emobank-ratings")
    reference = json.loads((folder / "reference.json").read_text())
    with (folder / "individual_reader_ratings.csv").open(newline="") as rows:
        ratings = [(row["id"], float(row[dimension])) for row in csv.DictReader(rows)]
    texts = {text: index for index, text in enumerate(dict.fromkeys(text for text, _ in ratings))}
    counts, values = rating_counts([texts[text] for text, _ in ratings], [value for _, value in ratings], len(texts))
    expected = reference[dimension]
    assert len(ratings) == reference["rows"]
    assert values == expected["values"]
    totals, sizes = counts @ np.array(values), counts.sum(axis=1)
    assert totals.sum() / sizes.sum() == pytest.approx(expected["mean"], abs=1e-6)
    spreads = np.sqrt((counts @ np.array(values) ** 2 - totals**2 / sizes) / (sizes - 1))
    assert spreads.mean() == pytest.approx(expected["mean_of_item_sd_ddof1"], abs=1e-6)
    assert len(texts) == reference["items"]
    for level in ("interval", "ordinal"):
        estimate = krippendorff_alpha_of(counts, values, level, n_resamples=100)
        assert estimate.value == pytest.approx(expected[f"krippendorff_alpha_{level}"], abs=1e-6)
        assert estimate.low < estimate.value < estimate.high


@pytest.mark.parametrize(
    ("folder", "file"),
    [("crema-d-votes", "votes_face.csv"), ("crema-d-votes", "votes_voice.csv"), ("ferplus-votes", "votes.csv")],
)
def test_votes_equal_their_reference(folder: str, file: str) -> None:
    path = _folder(folder)
    reference = json.loads((path / "reference.json").read_text())
    expected = reference.get(file, reference)
    counts = _table(path / file, expected["classes"]).astype(int)
    estimates = AgreementSums.of_counts(counts, n_resamples=0).estimates(label_names=expected["classes"])
    assert len(counts) == expected["items"]
    assert counts.sum() == expected["votes"]
    assert estimates["krippendorff_alpha"].value == pytest.approx(expected["krippendorff_alpha_nominal"], abs=1e-6)
    fleiss = expected["fleiss_kappa_items_with_modal_count"]
    assert fleiss_kappa(counts, n_resamples=0).value == pytest.approx(fleiss["value"], abs=1e-6)
    assert estimates["fleiss_kappa"].n == fleiss["items"]
    assert estimates["pairwise_agreement"].value == pytest.approx(expected["mean_pairwise_agreement"], abs=1e-6)
    assert estimates["mean_entropy_nats"].value == pytest.approx(expected["mean_entropy_nats"], abs=1e-6)
    n_items = expected["items"]
    for rule, key in (("half_or_more", "ge_0.5"), ("strict_majority", "gt_0.5")):
        share = estimates[f"majority.{rule}"].value
        assert share == pytest.approx(expected[f"items_top_share_{key}"] / n_items)
    shares = counts / counts.sum(axis=1, keepdims=True)
    assert shares.mean(axis=0).tolist() == pytest.approx(expected["mean_distribution"], abs=1e-6)
    facts = stimulus_facts(counts)
    assert facts.entropy_nats.mean() / np.log(2) == pytest.approx(expected["mean_entropy_bits"], abs=1e-6)
    assert int((facts.top_share == 1).sum()) == expected["items_unanimous"]
    assert int((facts.top_share >= 2 / 3 - 1e-12).sum()) == expected["items_top_share_ge_2_3"]
    assert int((facts.top_share >= 0.75).sum()) == expected["items_top_share_ge_0.75"]
    assert int((facts.is_top.sum(axis=1) > 1).sum()) == expected["items_with_tied_top_label"]
    assert estimates["majority.unique_maximizer"].value == pytest.approx(
        1 - expected["items_with_tied_top_label"] / n_items
    )


@pytest.mark.parametrize(("file", "in_the_abstract"), [("votes_face.csv", 0.574), ("votes_voice.csv", 0.400)])
def test_votes_on_the_intended_emotion_equal_the_readme(file: str, in_the_abstract: float) -> None:
    """What the actor was asked to show, as votes and as majorities with ties shared and ties taken as wrong."""
    path = _folder("crema-d-votes")
    expected = json.loads((path / "reference.json").read_text())[file]
    counts = _table(path / file, expected["classes"]).astype(int)
    with (path / file).open(newline="") as rows:
        intended = [expected["classes"].index(row["intended"]) for row in csv.DictReader(rows)]
    row = np.arange(len(counts))
    sums = AgreementSums.of_counts(counts, n_resamples=0)
    facts = stimulus_facts(counts)
    chosen = counts[row, intended]
    pooled = chosen.sum() / sums.label_totals.sum()
    assert pooled == pytest.approx(expected["pooled_share_of_votes_equal_to_intended"], abs=1e-6)
    assert round(pooled, 3) == in_the_abstract
    mean = (chosen / facts.n_responses).mean()
    assert mean == pytest.approx(expected["mean_over_items_of_share_equal_to_intended"], abs=1e-6)
    hit, n_top = facts.is_top[row, intended], facts.is_top.sum(axis=1)
    assert (hit / n_top).mean() == pytest.approx(expected["majority_equals_intended_ties_shared"], abs=1e-6)
    assert (hit & (n_top == 1)).mean() == pytest.approx(expected["majority_equals_intended_ties_wrong"], abs=1e-6)


def test_grades_of_every_data_set_equal_the_reference() -> None:
    """Alpha over the labels as ordered grades and as numbers, wherever the reference has it."""
    _folder("crowd-labels")
    checked = []
    for name in data_sets():
        data = read_crowd_labels(name)
        expected = data.reference["agreement"]
        for level in ("ordinal", "interval"):
            if f"krippendorff_alpha_{level}" in expected:
                values = [int(label) for label in data.labels]
                ours = krippendorff_alpha_of(data.counts, values, level, n_resamples=0).value
                assert ours == pytest.approx(expected[f"krippendorff_alpha_{level}"], abs=1e-6), (name, level)
                checked.append(name)
    assert "web_relevance" in checked
