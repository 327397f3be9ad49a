"""Bradley-Terry: the strength of each thing from comparisons of two at a time."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from analysis.statistics.estimate import Estimate

Z = 1.959963984540054
MOST_STEPS = 200
TOLERANCE = 1e-8  # of the last step; it is taken all the same, and leaves an error of about its square
LONGEST_STEP = 5.0
NO_REST = "the search for the most likely strengths did not come to an end"
NOT_CONNECTED = (
    "some things never lost, or never won, against all others together, so how far apart they are cannot be told"
)


@dataclass(frozen=True)
class BradleyTerry:
    """strengths: per thing, the logarithm of its strength, mean 0; a difference d means a chance of 1 / (1 + exp(-d)).

    connected: whether each thing can be reached from each by a chain of wins. If not, no strength is given.
    components: which things hang together by wins in both directions, (n_things,).
    """

    strengths: tuple[Estimate, ...]
    connected: bool
    components: NDArray[np.int64]
    n_steps: int


def bradley_terry(
    wins: ArrayLike, *, by_cluster: ArrayLike | None = None, crossed_with: tuple[ArrayLike, ArrayLike] | None = None
) -> BradleyTerry:
    """Fits strengths to comparisons.

    wins: (n_things, n_things), wins[i, j] = how often i was preferred to j; a tie counts half for both. The diagonal
        must be 0. n of each estimate is the number of comparisons the thing was in.
    by_cluster: (n_clusters, n_things, n_things), the same wins apart by what belongs together (an image, say); they sum
        to `wins`. The 95 % interval then is Student's with the errors that know of it, whatever else the comparisons of
        one cluster share; None with fewer than two clusters. Without it the normal one from the information matrix,
        right where all comparisons are independent.
    crossed_with: the wins apart by a second kind of cluster (who judged, say), and by both kinds at once, of the same
        form as by_cluster. The errors then know of both: the variance is that by the first plus that by the second
        minus that by both, and never less than the larger of the first two.
    Source: Bradley and Terry (1952), Rank Analysis of Incomplete Block Designs; the condition of connectedness: Hunter
        (2004), MM Algorithms for Generalized Bradley-Terry Models, sec. 2. Fitted by Newton's steps, each halved until
        the likelihood grows: Hunter's steps come to a rest far from the top where some things nearly always win.
        Clusters: Liang and Zeger (1986), Longitudinal Data Analysis Using Generalized Linear Models, eq. 8; two kinds:
        Cameron, Gelbach and Miller (2011), Robust Inference With Multiway Clustering, eq. 2.11.
    Raises ValueError if the table is not square, holds what is no number from 0 up, or compares a thing with itself.
    """
    table = np.asarray(wins, dtype=np.float64)
    is_square = table.ndim == 2 and table.shape[0] == table.shape[1]
    if not is_square or not (np.isfinite(table) & (table >= 0)).all() or np.diagonal(table).any():
        raise ValueError(
            "Wins need a square table of numbers from 0 up with zeros on its diagonal; "
            f"got shape {table.shape}. Nothing was computed."
        )
    n_things = len(table)
    met = table + table.T
    compared = met.sum(axis=1)
    components = _strong_components(table > 0)
    if n_things < 2 or len(np.unique(components)) > 1:
        nothing = tuple(Estimate(None, None, None, round(float(n)), reason=NOT_CONNECTED) for n in compared)
        return BradleyTerry(nothing, False, components, 0)
    scores, steps = _most_likely(table)
    if steps == MOST_STEPS:
        nothing = tuple(Estimate(None, None, None, round(float(n)), reason=NO_REST) for n in compared)
        return BradleyTerry(nothing, True, components, steps)
    chance = _chances(scores)
    information = _information(met, chance)
    # strengths are known up to a constant; with mean 0 their covariance is the pseudo-inverse
    covariance: NDArray[np.float64] = np.asarray(np.linalg.pinv(information), dtype=np.float64)
    reach, note = Z, "interval from the information"
    variance = np.diagonal(covariance)
    if by_cluster is not None:
        variance, reach = _clustered(covariance, chance, by_cluster, table)
        note = "interval by clusters"
        if crossed_with is not None:
            second, second_reach = _clustered(covariance, chance, crossed_with[0], table)
            together, _ = _clustered(covariance, chance, crossed_with[1], table)
            variance = np.maximum(np.maximum(variance, second), variance + second - together)
            reach = max(reach, second_reach)
    error = np.sqrt(np.maximum(variance, 0)) * reach
    strengths = tuple(
        Estimate(float(s), float(s - e), float(s + e), round(float(n)), note=note)
        if np.isfinite(e)
        else Estimate(float(s), None, None, round(float(n)), note="fewer than two clusters")
        for s, e, n in zip(scores, error, compared, strict=True)
    )
    return BradleyTerry(strengths, True, components, steps)


def _most_likely(table: NDArray[np.float64]) -> tuple[NDArray[np.float64], int]:
    """The strengths, mean 0, and after how many steps; MOST_STEPS where they did not come to rest."""
    met, won = table + table.T, table.sum(axis=1)
    n_things = len(table)

    def likelihood(scores: NDArray[np.float64]) -> float:
        return -float((table * np.logaddexp(0, scores[np.newaxis, :] - scores[:, np.newaxis])).sum())

    scores = np.zeros(n_things)
    for steps in range(1, MOST_STEPS):
        chance = _chances(scores)
        # one more where nothing is known, the constant, makes the information invertible and changes no step
        information = _information(met, chance) + 1 / n_things
        step = np.linalg.solve(information, won - (met * chance).sum(axis=1))
        # whoever leaps beyond some e-folds leaps too far
        step *= min(1.0, LONGEST_STEP / max(float(np.abs(step).max()), 1e-300))
        before = likelihood(scores)
        for _ in range(50):
            new = scores + step
            if likelihood(new) >= before - 1e-12 * abs(before):
                break
            step /= 2
        scores = new - new.mean()
        moved = float(np.abs(step).max())
        if moved < TOLERANCE:
            return scores, steps
    # with very many comparisons rounding alone may keep it moving a little
    return scores, MOST_STEPS if moved > 1e-5 else steps


def _chances(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """(n_things, n_things) that the row's thing wins."""
    from scipy.special import expit  # here: SciPy is slow to load, and few need it

    return np.asarray(expit(scores[:, np.newaxis] - scores[np.newaxis, :]), dtype=np.float64)


def _information(met: NDArray[np.float64], chance: NDArray[np.float64]) -> NDArray[np.float64]:
    information = -met * chance * chance.T
    np.fill_diagonal(information, 0)
    np.fill_diagonal(information, -information.sum(axis=1))
    return information


def _clustered(
    covariance: NDArray[np.float64],
    chance: NDArray[np.float64],
    clusters: ArrayLike,
    table: NDArray[np.float64],
) -> tuple[NDArray[np.float64], float]:
    """(n_things,) the variances from each cluster's score, and how many errors an interval reaches."""
    by_cluster = np.asarray(clusters, dtype=np.float64)
    if by_cluster.shape[1:] != table.shape or not np.allclose(by_cluster.sum(axis=0), table):
        raise ValueError(f"The clusters' wins do not sum to {table.tolist()}. Nothing was computed.")
    from scipy.special import stdtrit

    met = by_cluster + by_cluster.transpose(0, 2, 1)
    scores = by_cluster.sum(axis=2) - (met * chance).sum(axis=2)  # (n_clusters, n_things)
    n = int((met.sum(axis=(1, 2)) > 0).sum())
    if n < 2:
        return np.full(len(table), np.nan), 1.0
    robust = covariance @ (scores.T @ scores * n / (n - 1)) @ covariance
    return np.diagonal(robust), float(stdtrit(n - 1, 0.975))


def _strong_components(beats: NDArray[np.bool_]) -> NDArray[np.int64]:
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import connected_components

    _, component = connected_components(csr_array(beats), directed=True, connection="strong")
    return np.asarray(component, dtype=np.int64)
