"""Whether numbers have one top or several: the dip, the distance to the nearest distribution with one top.

Source: Hartigan and Hartigan (1985), The Dip Test of Unimodality; Hartigan (1985), Algorithm AS 217. The chance of a
dip this large with one top is that under the uniform distribution, which of all with one top dips most easily.
"""

from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

N_DRAWS = 999
#: The dip times the root of n hardly depends on n from here on, so larger samples are compared with this size.
LARGEST_DRAWN = 200


def dip(values: ArrayLike) -> float:
    """From 1/(2n), one top, to 1/4, two heaps of equal size. Raises ValueError without numbers."""
    x, times = np.unique(np.asarray(values, dtype=np.float64), return_counts=True)
    if not x.size:
        raise ValueError("A dip needs at least one number; got none. Nothing was computed.")
    n = times.sum()
    if x.size == 1:
        return 0.5 / float(n)
    after = np.cumsum(times) / n
    before = after - times / n
    largest = 1.0 / float(n)
    first, last = 0, x.size - 1
    while True:
        here = slice(first, last + 1)
        low_touch = first + _hull(x[here], before[here], convex=True)
        high_touch = first + _hull(x[here], after[here], convex=False)
        low = np.interp(x[here], x[low_touch], before[low_touch])
        high = np.interp(x[here], x[high_touch], after[high_touch])
        apart = high - low
        at_low, at_high = apart[low_touch - first], apart[high_touch - first]
        if at_low.max() >= at_high.max():
            left = int(low_touch[int(np.argmax(at_low))])
            right = int(high_touch[high_touch >= left][0])
            widest = float(at_low.max())
        else:
            right = int(high_touch[len(at_high) - 1 - int(np.argmax(at_high[::-1]))])
            left = int(low_touch[low_touch <= right][-1])
            widest = float(at_high.max())
        if widest <= largest:
            return largest / 2
        # not at the two ends themselves: a distribution with one top may leap there, as equal numbers make it do
        left_off = float((after[first:left] - low[: left - first]).max(initial=0.0))
        right_off = float((high[right - first + 1 :] - before[right + 1 : last + 1]).max(initial=0.0))
        largest = max(largest, left_off, right_off)
        if (left, right) == (first, last) or right - left < 1:
            return largest / 2
        first, last = left, right


def dip_p(values: ArrayLike, seed: int = 0) -> float:
    """The chance of a dip at least this large where there is one top."""
    numbers = np.asarray(values, dtype=np.float64)
    drawn = _drawn(min(int(numbers.size), LARGEST_DRAWN), seed)
    reached = (drawn >= dip(numbers) * np.sqrt(numbers.size)).sum()
    return float((1 + reached) / (1 + drawn.size))


@lru_cache(maxsize=256)
def _drawn(n: int, seed: int) -> Floats:
    random = np.random.default_rng([seed, n])
    drawn: Floats = np.array([dip(random.random(n)) for _ in range(N_DRAWS)]) * np.sqrt(n)
    return drawn


def _hull(x: Floats, y: Floats, *, convex: bool) -> NDArray[np.intp]:
    """Where the largest convex function below the points (or the smallest concave one above) touches them."""
    sign = 1.0 if convex else -1.0
    xs, ys = x.tolist(), (sign * y).tolist()
    kept: list[int] = []
    for at in range(len(xs)):
        while len(kept) >= 2:
            a, b = kept[-2], kept[-1]
            if (ys[b] - ys[a]) * (xs[at] - xs[b]) >= (ys[at] - ys[b]) * (xs[b] - xs[a]):
                kept.pop()
            else:
                break
        kept.append(at)
    return np.array(kept, dtype=np.intp)
