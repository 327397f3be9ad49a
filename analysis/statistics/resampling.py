"""The Poisson bootstrap over stimuli: how often each stimulus is in each resample.

An ordinary bootstrap draws as many stimuli as there are; how often one is drawn then depends on all others. Here each
stimulus is drawn a Poisson(1) number of times, independently of the rest, as a fixed function of (seed, key). A sum
over a resample can therefore follow a change: whoever adds, removes or replaces a stimulus knows its weights without
having kept them, and two machines that never met agree on them.

Source: Oza and Russell (2001), Online Bagging and Boosting; Chamandy, Muralidharan, Najmi and Naidu (2012),
Estimating Uncertainty for Massive Data Streams.
"""

import hashlib
import math
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from statistics import NormalDist
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from analysis.statistics.estimate import INTERVAL
from analysis.statistics.in_order import in_order

#: Resamples behind each interval: its ends then scatter by a few percent of its width.
N_RESAMPLES = 1000
#: The seed of a study whose researcher did not choose one.
DEFAULT_SEED = 20221004
#: No weight is larger (Poisson(1) is above this once in a million draws, below the resolution of 16 bits).
MAX_WEIGHT = 8

#: Stimuli weighed at once: few enough that their weights stay near the processor (8 MB with 1000 resamples).
CHUNK = 1024

_Result = TypeVar("_Result")
_STEPS = 1 << 16
_NORMAL = NormalDist()


def _poisson_table() -> NDArray[np.uint8]:
    """The Poisson(1) weight of each 16-bit uniform number: the inverse distribution function as a table, (65536,)."""
    cumulative, term, thresholds = 0.0, math.exp(-1), []
    for weight in range(MAX_WEIGHT):
        cumulative += term
        term /= weight + 1
        thresholds.append(round(_STEPS * cumulative))
    return np.searchsorted(np.array(thresholds), np.arange(_STEPS), side="right").astype(np.uint8)


_WEIGHT_OF_UNIFORM = _poisson_table()


def stimulus_streams(keys: Sequence[str], seed: int) -> NDArray[np.uint64]:
    """The start of each stimulus's stream of random bits, a hash of (seed, key): (n_stimuli,).

    Raises ValueError if the seed is negative or does not fit into 16 bytes.
    """
    if not 0 <= seed < 1 << 128:
        raise ValueError(f"The seed must be from 0 to 2^128 - 1; got {seed}. Nothing was computed.")
    salt = seed.to_bytes(16, "little")
    digests = b"".join(hashlib.blake2b(key.encode(), digest_size=8, salt=salt).digest() for key in keys)
    return np.frombuffer(digests, dtype="<u8").astype(np.uint64)


def resample_weights(streams: NDArray[np.uint64], n_resamples: int = N_RESAMPLES) -> NDArray[np.uint8]:
    """How often each stimulus is in each resample: (n_stimuli, n_resamples), 0 to MAX_WEIGHT, Poisson(1).

    streams: from `stimulus_streams`. Fewer resamples are the first columns of more.
    Each 64-bit word of a counter-based generator gives four 16-bit uniform numbers. 16 bits round the probabilities by
    less than 1e-5, the same for all stimuli, far below what a thousand resamples can show.
    Source of the generator: Steele, Lea and Flood (2014), Fast Splittable Pseudorandom Number Generators (SplitMix64).
    """
    n_words = -(-n_resamples // 4)
    steps = np.arange(1, n_words + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    words = streams[:, np.newaxis] + steps[np.newaxis, :]  # (n_stimuli, n_words), wraps around at 2^64 as it should
    shifted = np.empty_like(words)
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        np.right_shift(words, np.uint64(shift), out=shifted)
        np.bitwise_xor(words, shifted, out=words)
        np.multiply(words, np.uint64(factor), out=words)
    np.right_shift(words, np.uint64(31), out=shifted)
    np.bitwise_xor(words, shifted, out=words)
    # little-endian on every machine, so that the four numbers come in the same order everywhere
    uniforms = words.astype("<u8", copy=False).view("<u2")
    weights: NDArray[np.uint8] = _WEIGHT_OF_UNIFORM[uniforms[:, :n_resamples]]
    return weights


def over_chunks(
    work: Callable[[slice, NDArray[np.float64]], _Result], keys: Sequence[str], n_resamples: int, seed: int
) -> Iterator[_Result]:
    """work(which rows, how often each is in the data (once) and in each resample), chunk by chunk, in their order.

    The second argument has the shape (rows, 1 + n_resamples).
    """

    def weighed(start: int) -> _Result:
        rows = slice(start, min(start + CHUNK, len(keys)))
        weights = np.ones((rows.stop - start, 1 + n_resamples))
        weights[:, 1:] = resample_weights(stimulus_streams(keys[rows], seed), n_resamples)
        return work(rows, weights)

    return in_order(weighed, range(0, len(keys), CHUNK))


def resampled_sums(
    rows: NDArray[np.float64] | NDArray[np.int64], keys: Sequence[str] | None, n_resamples: int, seed: int
) -> NDArray[np.float64]:
    """Each column summed over the stimuli, for the data and for each resample: (1 + n_resamples, n_columns).

    rows: what each stimulus adds, (n_stimuli, n_columns). Without keys the row numbers serve as keys.
    For statistics that are computed from a frozen table; those that follow a change use whole numbers, see `sums.py`.
    Raises ValueError where there are more or fewer keys than stimuli.
    """
    if keys is not None and len(keys) != len(rows):
        raise ValueError(f"{len(rows)} stimuli need as many keys; got {len(keys)}. Nothing was computed.")
    if n_resamples == 0:
        return np.asarray(rows.sum(axis=0)[np.newaxis], dtype=np.float64)
    names = row_keys(len(rows)) if keys is None else keys
    totals = np.zeros((1 + n_resamples, rows.shape[1]))
    # added in the order of the chunks, as sums of fractions depend on it
    for part in over_chunks(lambda chunk, weights: weights.T @ rows[chunk], names, n_resamples, seed):
        totals += part
    return totals


def row_keys(n_stimuli: int) -> list[str]:
    """The row numbers as keys, for tables whose stimuli have none."""
    return [str(row) for row in range(n_stimuli)]


def interval_of(value: float, resamples: NDArray[np.float64], n: int) -> tuple[float, float] | None:
    """The 95 % interval of a figure from its resamples (nan where not defined): bias-corrected and widened.

    n: number of stimuli (or whatever was drawn) behind the figure. Plain percentiles are too narrow by
        sqrt((n - 1) / n) and by the normal instead of the t distribution, and off-centre where the resamples are
        (alpha's are lower than alpha): with 50 stimuli they hold the truth 92 to 94 times in a hundred. Both are put
        right by asking for other percentiles, so that 95 % intervals hold it 93 to 97 times from 50 stimuli on, and
        some 93 times with 20. A share of few cases (a label chosen at fewer than ten stimuli) is held less often, by
        this and by every other bootstrap.
    None where fewer than two stimuli, or where fewer than half of the resamples are defined.
    Source: Efron and Tibshirani (1993), An Introduction to the Bootstrap, sec. 14.3 (bias-corrected percentiles);
        Hesterberg (2015), What Teachers Should Know About the Bootstrap, sec. 5.3 (expanded percentiles).
    """
    ranked = np.sort(resamples)  # nan comes last
    n_defined = int(np.searchsorted(ranked, np.inf, side="right"))
    if n < 2 or n_defined == 0 or 2 * n_defined < len(ranked):
        return None
    below = int(np.searchsorted(ranked, value, side="left") + np.searchsorted(ranked, value, side="right"))
    edge = 1 / (2 * n_defined)
    shift = 2 * _NORMAL.inv_cdf(min(max(min(below, 2 * n_defined) * edge, edge), 1 - edge))
    reach = math.sqrt(n / (n - 1)) * _t_quantile(n - 1)
    low = _percentile(ranked, n_defined, _NORMAL.cdf(shift - reach))
    high = _percentile(ranked, n_defined, _NORMAL.cdf(shift + reach))
    return min(low, value), max(high, value)


def interval_at_the_edge(value: float, n: int) -> tuple[float, float]:
    """The 95 % interval of a mean of numbers from 0 to 1 that were all 0, or all 1, at n stimuli; n from 2.

    There each resample says the same, and a resampled interval would claim certainty from two stimuli as from two
    thousand. A true mean of m gives n ones with a chance of at most m^n, so every m down to 0.025^(1/n) stays possible;
    for 0 the same from the other side.
    Source: Clopper and Pearson (1934), The Use of Confidence or Fiducial Limits, at 0 and n successes; Hanley and
        Lippman-Hand (1983), If Nothing Goes Wrong, Is Everything All Right?
    """
    least = float(((1 - INTERVAL) / 2) ** (1 / n))
    return (least, 1.0) if value > 0.5 else (0.0, 1 - least)


def _percentile(ranked: NDArray[np.float64], n_defined: int, share: float) -> float:
    """Between the ranked numbers, as NumPy's quantile does it, without its cost per call."""
    place = share * (n_defined - 1)
    left = int(place)
    right = min(left + 1, n_defined - 1)
    return float(ranked[left] + (place - left) * (ranked[right] - ranked[left]))


@lru_cache(maxsize=1024)
def _t_quantile(degrees: int) -> float:
    """Below it lie 97.5 % of Student's t distribution."""
    # imported here: SciPy takes longer to load than all of this package, and pages that only read need none of it
    from scipy.special import stdtrit

    return float(stdtrit(degrees, (1 + INTERVAL) / 2))
