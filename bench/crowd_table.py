"""A table of responses of the size and shape of Affection's, from a seed: for measurements, never for findings.

526,749 responses of 6,283 annotators to 85,007 stimuli with nine labels. Every stimulus has six responses and 16,707
of them a seventh; how much people do is heavy-tailed (log-normal); a person is right with a chance of her own, Beta(4,
2), and wrong evenly over the other labels. The same numbers as the table on which others were measured (same recipe,
order of draws and seed), so that figures can be compared; `FINGERPRINT` says so.
"""

import hashlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

N_RESPONSES, N_STIMULI, N_ANNOTATORS, N_LABELS = 526_749, 85_007, 6_283, 9
SEED = 20230618
POLARITIES = ("positive",) * 4 + ("negative",) * 4 + ("else",)
LABEL_SHARES = (0.14, 0.11, 0.27, 0.11, 0.02, 0.05, 0.06, 0.09, 0.15)
#: blake2b (8 bytes) of stimuli, annotators, labels and truth as little-endian int64, one after the other.
FINGERPRINT = "066229badb6e983b"


@dataclass(frozen=True)
class CrowdTable:
    """One entry per response in stimulus, annotator and label; truth: the label each stimulus was made with."""

    stimulus: NDArray[np.int64]
    annotator: NDArray[np.int64]
    label: NDArray[np.int64]
    truth: NDArray[np.int64]

    def fingerprint(self) -> str:
        """Of the whole table; see FINGERPRINT."""
        digest = hashlib.blake2b(digest_size=8)
        for array in (self.stimulus, self.annotator, self.label, self.truth):
            digest.update(np.ascontiguousarray(array, dtype="<i8").tobytes())
        return digest.hexdigest()


def crowd_table(
    n_responses: int = N_RESPONSES, n_stimuli: int = N_STIMULI, n_annotators: int = N_ANNOTATORS
) -> CrowdTable:
    """The table, or a smaller one of its kind; the same on every machine with NumPy's default generator.

    Raises ValueError where a stimulus would need more responses than there are annotators.
    """
    random = np.random.default_rng(SEED)
    each, n_more = divmod(n_responses, n_stimuli)
    if each + bool(n_more) > n_annotators:
        raise ValueError(f"{n_responses} responses to {n_stimuli} stimuli need more than {n_annotators} annotators.")
    one_more = random.choice(n_stimuli, n_more, replace=False)
    stimulus = np.sort(np.concatenate([np.repeat(np.arange(n_stimuli), each), one_more]), kind="stable")
    diligence = random.lognormal(0, 1.3, n_annotators)
    annotator = random.choice(n_annotators, n_responses, p=diligence / diligence.sum())
    while len(again := _repeated(stimulus, annotator, n_annotators)):  # nobody is asked twice about the same stimulus
        annotator[again] = random.integers(0, n_annotators, len(again))
    idle = np.setdiff1d(np.arange(n_annotators), annotator)
    if len(idle):
        annotator[random.choice(n_responses, len(idle), replace=False)] = idle
    shares = np.array(LABEL_SHARES)
    truth = random.choice(N_LABELS, n_stimuli, p=shares / shares.sum())
    skill = random.beta(4, 2, n_annotators)
    right = random.random(n_responses) < skill[annotator]
    other = (truth[stimulus] + random.integers(1, N_LABELS, n_responses)) % N_LABELS
    label = np.where(right, truth[stimulus], other)
    order = random.permutation(n_responses)
    return CrowdTable(stimulus[order], annotator[order], label[order], truth)


def _repeated(stimulus: NDArray[np.int64], annotator: NDArray[np.int64], n_annotators: int) -> NDArray[np.int64]:
    """Positions of responses whose annotator and stimulus came before, ascending."""
    _, first = np.unique(stimulus * n_annotators + annotator, return_index=True)
    is_first = np.zeros(len(stimulus), dtype=bool)
    is_first[first] = True
    return np.flatnonzero(~is_first)
