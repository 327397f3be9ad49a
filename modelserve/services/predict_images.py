"""A network's answers to stored images, in this process: for workers."""

from collections.abc import Sequence

from django.core.exceptions import SuspiciousFileOperation
from django.core.files.storage import default_storage

from modelserve.errors import PredictionImpossible
from modelserve.models import Network


def predict_images(network: Network, storage_names: Sequence[str]) -> list[dict[str, float]]:
    """{label id: share} for each image, in order; shares sum to 1. Raises PredictionImpossible naming the image."""
    # Torch takes seconds and hundreds of megabytes: only a worker that predicts imports it.
    from modelserve.predictor import PREDICTOR

    return PREDICTOR.load(network.weights_location).predict_images([_read(name) for name in storage_names])


def _read(name: str) -> bytes:
    try:
        with default_storage.open(name) as file:
            return bytes(file.read())
    except (FileNotFoundError, IsADirectoryError, SuspiciousFileOperation):
        raise PredictionImpossible(f"There is no stored image '{name}'. Nothing was predicted.") from None
