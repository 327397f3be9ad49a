"""How sure a network is, set right by one number: temperature scaling.

Source: Guo, Pleiss, Sun and Weinberger (2017), On Calibration of Modern Neural Networks, section 4.2; here the stimuli
that validate have a distribution of answers each, so the cross-entropy is to that.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax

LEAST, MOST = 0.05, 20.0


def fitted_temperature(logits: NDArray[np.float64], shares: NDArray[np.float64]) -> float:
    """The temperature, 0.05 to 20, by which logits (n, K) are to be divided to come nearest to people's shares (n, K).

    Above 1: the network was surer than it may be. The likeliest label stays. 1 where there is no row.
    """
    if not len(logits):
        return 1.0

    def cross_entropy(log_temperature: float) -> float:
        return float(-(shares * log_softmax(logits / np.exp(log_temperature), axis=1)).sum(axis=1).mean())

    found = minimize_scalar(cross_entropy, bounds=(np.log(LEAST), np.log(MOST)), method="bounded")
    # a flat valley, as where the network says the same of everything, leaves the answers as they are
    return float(np.exp(found.x)) if found.fun < cross_entropy(0.0) else 1.0
