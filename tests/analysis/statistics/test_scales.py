"""Numbers, ranks, comparisons, regions and traces against published tables and second implementations.

- Shrout and Fleiss (1979), table 2 and 4: six targets, four judges; ICC(1,1) .17, (2,1) .29, (3,1) .71, (1,4) .44,
  (2,4) .62, (3,4) .91; intervals: those that R's psych::ICC prints for it.
- Kendall's W of m people and n things is (1 + (m - 1) x mean Spearman's rho of all pairs) / m (scipy.stats.spearmanr),
  and with ties, too, the chi-square of scipy.stats.friedmanchisquare / (m (n - 1)).
- Bradley-Terry: Agresti (2013), Categorical Data Analysis, 3rd ed., sec. 11.6: baseball 1987, and a logistic regression
  by statsmodels.
- Lin (1989): the concordance of x and a x + b from its formula in Pearson's r, spread and level.
"""

from itertools import combinations

import numpy as np
import pytest
import statsmodels.api as sm
from scipy.stats import f, friedmanchisquare, spearmanr

from analysis.statistics.scales import (
    ICC_FORMS,
    box_mask,
    bradley_terry,
    concordance,
    consensus_mask,
    intraclass_correlation,
    kendall_w,
    mean_region_overlap,
    mean_trace_concordance,
    region_overlap,
    trace_concordance,
)

JUDGES = [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]]
SHROUT_AND_FLEISS = {
    "1,1": (0.17, -0.13, 0.72),
    "2,1": (0.29, 0.02, 0.76),
    "3,1": (0.71, 0.34, 0.95),
    "1,k": (0.44, -0.88, 0.91),
    "2,k": (0.62, 0.07, 0.93),
    "3,k": (0.91, 0.68, 0.99),
}


@pytest.mark.parametrize("form", list(ICC_FORMS))
def test_icc_equals_shrout_and_fleiss(form: str) -> None:
    estimate = intraclass_correlation(JUDGES, form)
    assert (estimate.value, estimate.low, estimate.high) == pytest.approx(SHROUT_AND_FLEISS[form], abs=0.0051)
    assert estimate.n == 6


def test_icc_edges() -> None:
    assert intraclass_correlation([[1, 2]], "1,1").value is None
    assert intraclass_correlation([[3, 3], [3, 3]], "2,1").value is None
    for form in ICC_FORMS:
        assert intraclass_correlation([[1, 1], [2, 2], [5, 5]], form).value == pytest.approx(1)
    missing = [[1, 2, np.nan], [3, 3, 4], [5, 6, 5]]
    assert intraclass_correlation(missing, "1,1").n == 3
    assert intraclass_correlation(missing, "2,1").n == 2
    with pytest.raises(ValueError, match="Unknown form"):
        intraclass_correlation(JUDGES, "4,1")
    with pytest.raises(ValueError, match="must be finite"):
        intraclass_correlation([[1, np.inf], [2, 3]])


def test_raters_who_differ_by_their_level_alone_do_not_make_a_sure_icc() -> None:
    """McGraw and Wong (1996), table 7, written out for an error of 0: F with n - 1 and k - 1 degrees of freedom."""
    table = np.arange(8.0)[:, np.newaxis] + [0.0, 1.0, 4.0]
    n, k = table.shape
    rows = k * table.mean(axis=1).var(ddof=1)
    columns = n * table.mean(axis=0).var(ddof=1)
    one = intraclass_correlation(table, "2,1")
    assert one.value == pytest.approx(rows / (rows + k * columns / n))
    assert one.low == pytest.approx(n * rows / (f.ppf(0.975, n - 1, k - 1) * k * columns + n * rows))
    upper = f.ppf(0.975, k - 1, n - 1)
    assert one.high == pytest.approx(n * upper * rows / (k * columns + n * upper * rows))
    assert intraclass_correlation(table, "3,1").value == pytest.approx(1)


def test_means_of_stimuli_that_differ_less_than_by_chance_have_an_interval_below_minus_one() -> None:
    """Shrout and Fleiss (1979): ICC(1,k) = 1 - 1 / F, its ends 1 - 1 / (F / F.975) and 1 - 1 / (F x F.975')."""
    random = np.random.default_rng(8)
    table = random.normal(size=(12, 4))
    table -= 0.8 * table.mean(axis=1, keepdims=True)
    n, k = table.shape
    ratio = k * table.mean(axis=1).var(ddof=1) / table.var(axis=1, ddof=1).mean()
    found = intraclass_correlation(table, "1,k")
    assert found.value == pytest.approx(1 - 1 / ratio)
    assert found.value < -1
    assert found.low == pytest.approx(1 - f.ppf(0.975, n - 1, n * (k - 1)) / ratio)
    assert found.high == pytest.approx(1 - 1 / (ratio * f.ppf(0.975, n * (k - 1), n - 1)))


def test_icc_of_stimuli_with_the_same_mean_or_of_equal_ratings() -> None:
    same = [[1.0, 3.0], [3.0, 1.0], [1.0, 3.0]]
    single, averaged = intraclass_correlation(same, "1,1"), intraclass_correlation(same, "1,k")
    assert (single.value, single.low, single.high) == (-1, None, None)
    assert averaged.value is None
    assert averaged.reason is not None
    level = intraclass_correlation([[1.0, 2.0, 3.0]] * 4, "2,1")
    assert (level.value, level.low, level.high) == (0, None, None)
    for form in ICC_FORMS:  # 0.1 has no exact number in the machine, and its mean is another one
        assert intraclass_correlation(np.full((5, 3), 0.1), form).value is None


def test_icc_interval_covers() -> None:
    random = np.random.default_rng(3)
    covered = 0
    for _ in range(400):
        table = random.normal(0, 1, (60, 1)) + random.normal(0, 1, (60, 4))
        estimate = intraclass_correlation(table, "1,1")
        assert estimate.low is not None
        assert estimate.high is not None
        covered += estimate.low <= 0.5 <= estimate.high
    assert 0.925 <= covered / 400 <= 0.975


@pytest.mark.parametrize("seed", range(5))
def test_kendalls_w_equals_spearman_and_friedman(seed: int) -> None:
    random = np.random.default_rng(seed)
    scores = random.integers(0, 6, (5, 8)).astype(float)
    untied = random.permuted(np.tile(np.arange(8.0), (5, 1)), axis=1)
    assert kendall_w(untied).value == pytest.approx(friedmanchisquare(*untied.T).statistic / (5 * 7), abs=1e-9)
    assert kendall_w(scores).value == pytest.approx(friedmanchisquare(*scores.T).statistic / (5 * 7), abs=1e-9)
    mean_rho = np.mean([spearmanr(a, b).statistic for a, b in combinations(untied, 2)])
    assert kendall_w(untied).value == pytest.approx((1 + 4 * mean_rho) / 5, abs=1e-9)


@pytest.mark.parametrize(("n_people", "common"), [(10, 0.5), (20, 0.0), (20, 0.5), (40, 0.25)])
def test_kendalls_w_interval_holds_its_expectation(n_people: int, common: float) -> None:
    """W's expectation with so many people, from 1,500 draws. Where people have nothing in common it holds it nearly
    always (a degenerate statistic); pairs of copies of one person would move the whole interval away from it."""
    random = np.random.default_rng(7)

    def draw() -> np.ndarray:
        return np.sqrt(common) * liked + np.sqrt(1 - common) * random.normal(size=(n_people, 8))

    liked = random.normal(size=8)
    expected = np.mean([kendall_w(draw(), n_resamples=0).value for _ in range(1500)])
    held = 0
    for number in range(300):
        found = kendall_w(draw(), n_resamples=200, seed=number)
        held += found.low <= expected <= found.high
    assert 0.9 <= held / 300 <= (0.99 if common else 1)


def test_kendalls_w_edges() -> None:
    assert kendall_w([[1, 2, 3]]).value is None
    assert kendall_w([[1, 1], [1, 1]]).value is None
    assert kendall_w([[1, 2, 3], [1, 2, 3]]).value == pytest.approx(1)
    assert kendall_w([[1, 2, 3], [3, 2, 1]]).value == pytest.approx(0)
    assert kendall_w([[1, 2, 3], [1, 2, 3], [np.nan, 1, 2]]).n == 2


#: Milwaukee, Detroit, Toronto, New York, Boston, Cleveland, Baltimore: wins of the row over the column, 1987.
BASEBALL = [
    [0, 7, 9, 7, 7, 9, 11],
    [6, 0, 7, 5, 11, 9, 9],
    [4, 6, 0, 7, 7, 8, 12],
    [6, 8, 6, 0, 6, 7, 10],
    [6, 2, 6, 7, 0, 7, 12],
    [4, 4, 5, 6, 6, 0, 6],
    [2, 4, 1, 3, 1, 7, 0],
]


def test_bradley_terry_equals_agresti_and_a_logistic_regression() -> None:
    fit = bradley_terry(BASEBALL)
    strengths = np.array([estimate.value for estimate in fit.strengths])
    # as printed, relative to Baltimore
    assert strengths - strengths[6] == pytest.approx([1.581, 1.436, 1.294, 1.248, 1.108, 0.684, 0], abs=0.001)
    rows, outcome = [], []
    for i, j in combinations(range(7), 2):
        row = np.zeros(7)
        row[i], row[j] = 1, -1
        rows.append(row[:6])
        outcome.append([BASEBALL[i][j], BASEBALL[j][i]])
    regression = sm.GLM(np.array(outcome), np.array(rows), family=sm.families.Binomial()).fit()
    assert strengths[:6] - strengths[6] == pytest.approx(regression.params, abs=1e-6)
    # the spread of strengths with mean 0, from the regression's covariance
    centre = np.vstack([np.eye(6), np.zeros(6)]) - 1 / 7
    error = np.sqrt(np.diagonal(centre @ regression.cov_params() @ centre.T))
    widths = [(estimate.high - estimate.low) / 2 / 1.959964 for estimate in fit.strengths]
    assert widths == pytest.approx(error.tolist(), abs=1e-5)


def test_bradley_terry_of_a_ladder_that_is_nearly_never_lost_equals_its_closed_form() -> None:
    """Each thing met its neighbours only, so each step is the logit of its own wins, however long the ladder is."""
    for n_wins, n_losses in ((999, 1), (3, 1), (10**6, 2)):
        wins = np.diag(np.full(11, float(n_wins)), 1) + np.diag(np.full(11, float(n_losses)), -1)
        strengths = [estimate.value for estimate in bradley_terry(wins).strengths]
        assert -np.diff(strengths) == pytest.approx(np.log(n_wins / n_losses), abs=1e-6)
        first = bradley_terry(wins).strengths[0]
        # the error of a step is that of a logit, and steps are independent
        step = 1 / n_wins + 1 / n_losses
        share = np.arange(1, 12) / 12  # of each step in the first one's distance from the mean
        assert (first.high - first.low) / 2 / 1.959964 == pytest.approx(np.sqrt((share**2).sum() * step), rel=1e-4)


def test_bradley_terry_refuses_what_is_no_number() -> None:
    for nothing in (np.nan, np.inf, -1):
        with pytest.raises(ValueError, match="numbers from 0 up"):
            bradley_terry([[0, nothing], [2, 0]])


def test_bradley_terry_says_when_it_cannot_tell() -> None:
    fit = bradley_terry([[0, 3, 1], [0, 0, 2], [0, 1, 0]])  # the first never lost
    assert not fit.connected
    assert fit.strengths[0].value is None
    assert fit.components[1] == fit.components[2] != fit.components[0]
    assert bradley_terry([[0, 0], [0, 0]]).strengths[0].reason is not None
    assert bradley_terry([[0, 2], [2, 0]]).strengths[0].value == pytest.approx(0)
    with pytest.raises(ValueError, match="zeros on its diagonal"):
        bradley_terry([[1, 0], [0, 0]])


def test_regions() -> None:
    masks = [box_mask((0, 0, 4, 4), 10, 10), box_mask((2, 0, 6, 4), 10, 10), box_mask((0, 0, 4, 4), 10, 10)]
    overlap = region_overlap(masks)
    assert overlap[0] == pytest.approx([1, 8 / 24, 1])
    assert consensus_mask(masks).sum() == 16
    assert consensus_mask(masks[:2]).sum() == 8  # half is not a majority
    estimate = mean_region_overlap([masks, masks[:1], np.array([masks[0], masks[0]])])
    assert estimate.value == pytest.approx(((8 / 24 + 1 + 8 / 24) / 3 + 1) / 2)
    assert estimate.n == 2
    assert mean_region_overlap([masks[:1]]).value is None
    empty = np.zeros((2, 3, 3))
    assert region_overlap(empty).tolist() == [[1, 1], [1, 1]]


def test_concordance_of_traces() -> None:
    random = np.random.default_rng(1)
    first = np.cumsum(random.normal(size=300))
    second = 0.8 * first + 1 + random.normal(size=300)
    r = np.corrcoef(first, second)[0, 1]
    spread, level = second.std() / first.std(), (first.mean() - second.mean()) ** 2 / (first.std() * second.std())
    assert concordance(first, second) == pytest.approx(2 * r / (spread + 1 / spread + level))
    assert concordance(first, first) == 1
    assert concordance([1, 1], [1, 1]) is None
    assert concordance([0.1] * 3, [0.1] * 3) is None  # whose variance is not quite 0 in the machine
    assert concordance([0.1] * 3, [0.4] * 3) is None
    assert concordance([0.1] * 3, [0.1, 0.2, 0.3]) == pytest.approx(0, abs=1e-12)
    assert concordance([1, 2, np.nan], [2, 1, 5]) == pytest.approx(-1)
    late = np.concatenate([random.normal(size=4), first[:-4]])
    found = trace_concordance(first, late, most_lag=10)
    assert found is not None
    assert (found.lag, found.value) == (4, pytest.approx(1))
    back = trace_concordance(late, first, most_lag=10)
    assert back is not None
    assert back.lag == -4
    estimate = mean_trace_concordance([[first, late], [first, first]], most_lag=10)
    assert (estimate.value, estimate.n) == (pytest.approx(1), 2)
    assert mean_trace_concordance([[first]]).value is None


def test_bradley_terry_by_clusters_holds_the_truth_where_comparisons_of_one_image_are_alike() -> None:
    """Of each image one text is better, whoever judges; the plain interval takes its eight judges for independent."""
    random, n_held, n_plain, n_runs = np.random.default_rng(4), 0, 0, 150
    for _ in range(n_runs):
        chance = 1 / (1 + np.exp(-random.normal(0, 1.5, 40)))  # on average none is better
        won = random.binomial(8, chance)
        by_image = np.zeros((40, 2, 2))
        by_image[:, 0, 1], by_image[:, 1, 0] = won, 8 - won
        clustered = bradley_terry(by_image.sum(axis=0), by_cluster=by_image).strengths[0]
        plain = bradley_terry(by_image.sum(axis=0)).strengths[0]
        assert clustered.value == plain.value
        n_held += clustered.low <= 0 <= clustered.high
        n_plain += plain.low <= 0 <= plain.high
    assert n_held / n_runs >= 0.9
    assert n_plain / n_runs < 0.8


def test_bradley_terry_by_images_and_people_holds_the_truth_where_people_differ() -> None:
    """Each of twelve people likes one of the two better, on whatever image; by images alone that is not seen."""
    random, n_held, n_images_only, n_runs = np.random.default_rng(8), 0, 0, 150
    for _ in range(n_runs):
        chance = 1 / (1 + np.exp(-random.normal(0, 1.5, 12)))  # on average none is better
        first = random.random((12, 40)) < chance[:, None]  # everybody judges every image
        won = np.zeros((12, 40, 2, 2))
        won[..., 0, 1], won[..., 1, 0] = first, ~first
        by_image, by_person, wins = won.sum(axis=0), won.sum(axis=1), won.sum(axis=(0, 1))
        crossed = (by_person, won.reshape(-1, 2, 2))
        both = bradley_terry(wins, by_cluster=by_image, crossed_with=crossed).strengths[0]
        images = bradley_terry(wins, by_cluster=by_image).strengths[0]
        assert both.value == images.value
        n_held += both.low <= 0 <= both.high
        n_images_only += images.low <= 0 <= images.high
    assert n_held / n_runs >= 0.9
    assert n_images_only / n_runs < 0.6


def test_bradley_terry_by_one_person_alone_has_no_interval() -> None:
    won = np.array([[[0, 1.0], [0, 0]], [[0, 0], [1.0, 0]], [[0, 1.0], [0, 0]]])
    fitted = bradley_terry(won.sum(axis=0), by_cluster=won, crossed_with=(won.sum(axis=0, keepdims=True), won))
    assert (fitted.strengths[0].low, fitted.connected) == (None, True)


def test_bradley_terry_by_clusters_of_one_comparison_is_about_the_plain_one() -> None:
    random = np.random.default_rng(5)
    by_comparison = np.zeros((600, 2, 2))
    first = random.random(600) < 0.6
    by_comparison[first, 0, 1], by_comparison[~first, 1, 0] = 1, 1
    wins = by_comparison.sum(axis=0)
    clustered, plain = bradley_terry(wins, by_cluster=by_comparison), bradley_terry(wins)
    assert clustered.strengths[0].low == pytest.approx(plain.strengths[0].low, abs=2e-3)
    one = bradley_terry(wins, by_cluster=wins[np.newaxis]).strengths[0]
    assert (one.low, one.high) == (None, None)
    with pytest.raises(ValueError, match="do not sum"):
        bradley_terry(wins, by_cluster=by_comparison[:5])
