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
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

#: Resamples behind each interval: its ends then scatter by a few percent of its width.
N_RESAMPLES = 1000
#: The seed of a study whose researcher did not choose one.
DEFAULT_SEED = 20221004
#: No weight is larger (Poisson(1) is above this once in a million draws, below the resolution of 16 bits).
MAX_WEIGHT = 8

_STEPS = 1 << 16


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
