"""Source: Vedantam et al. (2015), CIDEr; the variant CIDEr-D of the COCO caption toolkit, sigma 6, times 10."""

from collections import Counter

import numpy as np

from modelserve.evaluation.captions import LONGEST_NGRAM, Captions
from modelserve.evaluation.resampling import Array, Estimate, estimate, weighted_mean

SIGMA = 6.0
Ngrams = Counter[tuple[str, ...]]


def cider(captions: Captions, seed: int = 0) -> Estimate:
    """Mean over captions, 0 to 10. How telling a run of words is, is counted once, from all references.

    The references of an image count once however many captions it has. Affection advises against CIDEr: what people
    write about one image differs too much.
    """
    return estimate(weighted_mean(cider_scores(captions)), captions.resampling(seed))


def cider_scores(captions: Captions) -> Array:
    """(n,) CIDEr-D of each caption; 0 throughout where there is one image only, since then nothing is telling."""
    documents: dict[int, set[tuple[str, ...]]] = {}
    for image, references in zip(captions.images.tolist(), captions.reference_ngrams, strict=True):
        if image not in documents:
            documents[image] = set().union(*references)
    frequency: Counter[tuple[str, ...]] = Counter()
    for document in documents.values():
        frequency.update(document)
    log_documents = np.log(max(len(documents), 1))
    telling = {run: log_documents - np.log(max(1, times)) for run, times in frequency.items()}

    vectors: dict[int, _Vector] = {}

    def vector_of(counts: Ngrams) -> "_Vector":
        if id(counts) not in vectors:
            vectors[id(counts)] = _Vector(counts, telling, log_documents)
        return vectors[id(counts)]

    scores = np.zeros(len(captions))
    for row, (found, references) in enumerate(zip(captions.candidate_ngrams, captions.reference_ngrams, strict=True)):
        candidate = vector_of(found)
        total = sum(_similarity(candidate, vector_of(reference)) for reference in references)
        scores[row] = 10.0 * total / (LONGEST_NGRAM * max(len(references), 1))
    return scores


class _Vector:
    """A text's n-grams, weighted by how telling they are, with its norms per n and its length."""

    def __init__(self, counts: Ngrams, telling: dict[tuple[str, ...], float], unknown: float) -> None:
        self.weights = {run: times * telling.get(run, unknown) for run, times in counts.items()}
        squares = np.zeros(LONGEST_NGRAM)
        for run, weight in self.weights.items():
            squares[len(run) - 1] += weight**2
        self.norms = np.sqrt(squares)
        # The toolkit takes the number of pairs of words as the length; equal but for texts of no word.
        self.length = sum(times for run, times in counts.items() if len(run) == 2)


def _similarity(candidate: _Vector, reference: _Vector) -> float:
    """Sum over n of the clipped cosine, dampened where the lengths differ."""
    products = np.zeros(LONGEST_NGRAM)
    for run, weight in candidate.weights.items():
        other = reference.weights.get(run, 0.0)
        products[len(run) - 1] += min(weight, other) * other
    norms = candidate.norms * reference.norms
    cosines = np.divide(products, norms, out=products, where=norms != 0)
    return float(cosines.sum() * np.exp(-((candidate.length - reference.length) ** 2) / (2 * SIGMA**2)))
