"""Source: the metrics beside this file; here they are put together for one number that a network gives stimuli."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from modelserve.evaluation.concordance_correlation import concordance_correlation
from modelserve.evaluation.mean_absolute_error import mean_absolute_error
from modelserve.evaluation.pearson_correlation import known, pearson_correlation
from modelserve.evaluation.reliability import (
    highest_concordance,
    highest_pearson,
    lowest_absolute_error,
    reliability,
)
from modelserve.evaluation.resampling import Array, Resampling
from modelserve.evaluation.spearman_correlation import spearman_correlation

RATING_METRICS = ("pearson", "spearman", "concordance", "mean_absolute_error")


def rate_ratings(
    people: Array,
    predicted: Array,
    *,
    usual: float,
    error_variance: Array,
    stimuli: NDArray[np.int64],
    seed: int = 0,
) -> dict[str, Any]:
    """One number per row, people's beside a network's; rows where people's is nan are left out.

    people, predicted, error_variance: (n,), the last nan where unknown; usual: the training stimuli's mean, what to
    beat. Returns each metric as {value, low, high, n}; `baseline`, of the answer `usual` everywhere; `reliability` of
    people's means and `ceiling`, the most that any network can reach on them, both over the rows that tell and empty
    where none does.
    """
    rows = ~np.isnan(people)
    resampling = Resampling(stimuli[rows], seed)
    people, predicted = people[rows], predicted[rows]
    found: dict[str, Any] = {
        "n_stimuli": len(np.unique(stimuli[rows])),
        "pearson": pearson_correlation(people, predicted, resampling).as_json(),
        "spearman": spearman_correlation(people, predicted, resampling).as_json(),
        "concordance": concordance_correlation(people, predicted, resampling).as_json(),
        "mean_absolute_error": mean_absolute_error(people, predicted, resampling).as_json(),
        "baseline": {
            "mean_absolute_error": mean_absolute_error(people, np.full(len(people), usual), resampling).as_json()
        },
        "reliability": {},
        "ceiling": {},
    }
    error_variance = error_variance[rows]
    tell = ~np.isnan(error_variance)
    if tell.sum() < 2:
        return found
    told, errors, of_told = people[tell], error_variance[tell], resampling.of(tell)
    found["reliability"] = known(reliability(told, errors, of_told)).as_json()
    found["ceiling"] = {
        "pearson": known(highest_pearson(told, errors, of_told)).as_json(),
        "concordance": known(highest_concordance(told, errors, of_told)).as_json(),
        "mean_absolute_error": lowest_absolute_error(errors, of_told).as_json(),
    }
    return found
