"""How far traces over time agree: in shape, level and spread, and by how much one follows the other late."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from analysis.statistics.estimate import Estimate
from analysis.statistics.resampling import DEFAULT_SEED, N_RESAMPLES, interval_of, resampled_sums

NO_TRACES = "needs a stimulus with two traces that overlap and are not both constant"


def concordance(first: ArrayLike, second: ArrayLike) -> float | None:
    """Lin's concordance of two traces: 1 = the same, 0 = unrelated, below 0 = opposed. None if both are constant.

    first, second: the same moments, (n_moments,); moments where one is nan are left out.
    Source: Lin (1989), A Concordance Correlation Coefficient to Evaluate Reproducibility, eq. 2.
    Raises ValueError if they differ in length.
    """
    a, b = np.asarray(first, dtype=np.float64).reshape(-1), np.asarray(second, dtype=np.float64).reshape(-1)
    if len(a) != len(b):
        raise ValueError(f"Two traces need the same moments; got {len(a)} and {len(b)}. Nothing was computed.")
    known = ~(np.isnan(a) | np.isnan(b))
    a, b = a[known], b[known]
    if len(a) < 2:
        return None
    # compared, not subtracted: rounding would leave a spread in a row of 0.1
    if np.ptp(a) == 0 and np.ptp(b) == 0:
        return None
    below = a.var() + b.var() + (a.mean() - b.mean()) ** 2
    return float(2 * ((a - a.mean()) * (b - b.mean())).mean() / below)


@dataclass(frozen=True)
class TraceConcordance:
    """value: the best concordance of two traces; lag: by how many moments the second follows the first then."""

    value: float
    lag: int


def trace_concordance(first: ArrayLike, second: ArrayLike, most_lag: int = 0) -> TraceConcordance | None:
    """Concordance of two traces, where one may follow the other by up to `most_lag` moments.

    With a lag the moments that only one has are left out. Of equal values the smallest lag is given. None where no lag
    gives a concordance.
    """
    a, b = np.asarray(first, dtype=np.float64).reshape(-1), np.asarray(second, dtype=np.float64).reshape(-1)
    best: TraceConcordance | None = None
    for lag in sorted(range(-most_lag, most_lag + 1), key=abs):
        size = min(len(a), len(b)) - abs(lag)
        if size < 2:
            continue
        early, late = (a[:size], b[lag : lag + size]) if lag >= 0 else (a[-lag : -lag + size], b[:size])
        value = concordance(early, late)
        if value is not None and (best is None or value > best.value + 1e-12):
            best = TraceConcordance(value, lag)
    return best


def mean_trace_concordance(
    traces_of_stimuli: Sequence[Sequence[ArrayLike]],
    most_lag: int = 0,
    *,
    keys: Sequence[str] | None = None,
    n_resamples: int = N_RESAMPLES,
    seed: int = DEFAULT_SEED,
) -> Estimate:
    """Mean over stimuli of the mean concordance of all pairs of people's traces, -1 to 1.

    traces_of_stimuli: per stimulus a list of traces, (n_moments,) each at the same rate.
    """
    means, names = [], []
    for row, traces in enumerate(traces_of_stimuli):
        found = [
            pair.value
            for place, trace in enumerate(traces)
            for other in traces[place + 1 :]
            if (pair := trace_concordance(trace, other, most_lag)) is not None
        ]
        if found:
            means.append(float(np.mean(found)))
            names.append(str(row) if keys is None else keys[row])
    if not means:
        return Estimate(None, None, None, 0, reason=NO_TRACES)
    totals: NDArray[np.float64] = resampled_sums(
        np.column_stack([np.ones(len(means)), means]), names, n_resamples, seed
    )
    values = np.divide(totals[:, 1], totals[:, 0], out=np.full(len(totals), np.nan), where=totals[:, 0] > 0)
    interval = interval_of(float(values[0]), values[1:], len(means))
    low, high = (None, None) if interval is None else interval
    return Estimate(float(values[0]), low, high, len(means))
