"""Source: Willmott and Matsuura (2005), Advantages of the mean absolute error over the root mean square error."""

import numpy as np

from modelserve.evaluation.resampling import Array, Estimate, Resampling, estimate, weighted_mean


def mean_absolute_error(people: Array, predicted: Array, resampling: Resampling) -> Estimate:
    """How far a predicted number is from people's, mean over rows, in the unit of the scale; smaller is better."""
    return estimate(weighted_mean(np.abs(predicted - people)), resampling)
