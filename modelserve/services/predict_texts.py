"""A network's answers to texts, in this process: for workers."""

from collections.abc import Sequence

from modelserve.models import Network


def predict_texts(network: Network, texts: Sequence[str]) -> list[dict[str, float]]:
    """{label id: share} for each text, in order; shares sum to 1. Raises PredictionImpossible naming the text."""
    # Torch takes seconds and hundreds of megabytes: only a worker that predicts imports it.
    from modelserve.predictor import PREDICTOR

    return PREDICTOR.load(network.weights_location).predict_texts(list(texts))
